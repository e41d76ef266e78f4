"""Programs that the shipped model was made with, see training/compact/notes.md."""
