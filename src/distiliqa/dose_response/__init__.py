"""How the quality of a series falls with its dose."""
