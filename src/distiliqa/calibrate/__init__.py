"""Calibration of a model to the readers of a site: a monotone map of its score."""
