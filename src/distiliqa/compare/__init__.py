"""Two scorings of the same places, compared slice by slice."""
