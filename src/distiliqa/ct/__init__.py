"""Axial CT slices in HU from any file: readers (one file a format), window and geometry."""

from distiliqa.ct.crop_or_pad import crop_or_pad
from distiliqa.ct.dicom.dose_report import read_dose_report
from distiliqa.ct.dose_events import DoseEvent, DoseReport
from distiliqa.ct.geometry import Geometry
from distiliqa.ct.header_facts import Acquisition, Gantry, Identification
from distiliqa.ct.index import CTWarning, index_ct, read_ct
from distiliqa.ct.listing import CTIndex, Problem
from distiliqa.ct.series_dose import SeriesDose, join_doses
from distiliqa.ct.slice_info import CTSlice, SliceInfo
from distiliqa.ct.window import SOFT_TISSUE, Window

__all__ = [
    "SOFT_TISSUE",
    "Acquisition",
    "CTIndex",
    "CTSlice",
    "CTWarning",
    "DoseEvent",
    "DoseReport",
    "Gantry",
    "Geometry",
    "Identification",
    "Problem",
    "SeriesDose",
    "SliceInfo",
    "Window",
    "crop_or_pad",
    "index_ct",
    "join_doses",
    "read_ct",
    "read_dose_report",
]
