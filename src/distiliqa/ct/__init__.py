"""What a CT image is: readers (one file a format), HU, window and geometry."""

import distiliqa.ct.dicom.pydicom_import  # noqa: F401
from distiliqa.ct.crop_or_pad import crop_or_pad
from distiliqa.ct.geometry import Geometry
from distiliqa.ct.index import index_ct
from distiliqa.ct.listing import CTIndex, Problem
from distiliqa.ct.reader import CTWarning, read_ct
from distiliqa.ct.slice_info import Acquisition, CTSlice, SliceInfo
from distiliqa.ct.window import SOFT_TISSUE, Window

__all__ = [
    "SOFT_TISSUE",
    "Acquisition",
    "CTIndex",
    "CTSlice",
    "CTWarning",
    "Geometry",
    "Problem",
    "SliceInfo",
    "Window",
    "crop_or_pad",
    "index_ct",
    "read_ct",
]
