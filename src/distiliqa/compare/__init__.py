"""Two scored inputs of the same places, compared slice by slice."""
