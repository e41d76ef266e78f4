"""Codes of the measurements: those of DICOM where it has one, else of a private scheme."""

from __future__ import annotations

from pydicom.sr.coding import Code

SCHEME = "99DISTILIQA"  # a private scheme begins with 99 (PS3.16, 8)

IMAGE_QUALITY_RATING = Code("111029", "DCM", "Image Quality Rating")
CT_OF_ANY_BODY_REGION = Code("25045-6", "LN", "CT unspecified body region")
NO_UNITS = Code("1", "UCUM", "no units")
HOUNSFIELD_UNIT = Code("[hnsf'U]", "UCUM", "Hounsfield unit")
MEAN = Code("373098007", "SCT", "Mean")
YES, NO = Code("373066001", "SCT", "Yes"), Code("373067005", "SCT", "No")

MODEL_SCORE = Code("score", SCHEME, "Image quality score on the scale of the model")
INTERVAL_LOW = Code("interval-low", SCHEME, "Lower end of the prediction interval")
INTERVAL_HIGH = Code("interval-high", SCHEME, "Upper end of the prediction interval")
GLOBAL_NOISE_LEVEL = Code("noise-level", SCHEME, "Global Noise Level")
SLICES = Code("slices", SCHEME, "Number of slices scored")
SLICES_OUT_OF_DOMAIN = Code("slices-outside", SCHEME, "Number of slices out of domain")
OUT_OF_DOMAIN = Code("outside", SCHEME, "Out of domain, unlike the training images")
