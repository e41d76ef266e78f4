"""Reconstructions or denoisers of the same slices, ranked by score and full-reference metrics."""
