"""Axial CT slices in HU from any file: readers (one file a format), window and geometry."""

from distiliqa.ct.crop_or_pad import crop_or_pad
from distiliqa.ct.geometry import Geometry
from distiliqa.ct.header_facts import Acquisition, Identification
from distiliqa.ct.index import CTWarning, index_ct, read_ct
from distiliqa.ct.listing import CTIndex, Problem
from distiliqa.ct.slice_info import CTSlice, SliceInfo
from distiliqa.ct.window import SOFT_TISSUE, Window

__all__ = [
    "SOFT_TISSUE",
    "Acquisition",
    "CTIndex",
    "CTSlice",
    "CTWarning",
    "Geometry",
    "Identification",
    "Problem",
    "SliceInfo",
    "Window",
    "crop_or_pad",
    "index_ct",
    "read_ct",
]
