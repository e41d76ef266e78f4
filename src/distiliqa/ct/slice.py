"""One axial CT slice and what is known of how it was acquired."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Acquisition:
    """The acquisition facts a physicist compares; None where the file does not say.

    Names and units follow DICOM PS3.3, C.8.2.1 (CT Image Module).
    """

    kvp: float | None = None  # kV, (0018,0060)
    tube_current_ma: float | None = None  # mA, (0018,1151)
    exposure_mas: float | None = None  # mAs, (0018,1152)
    ctdivol_mgy: float | None = None  # mGy, (0018,9345)
    kernel: str | None = None  # (0018,1210)
    slice_thickness_mm: float | None = None  # (0018,0050)
    body_part: str | None = None  # (0018,0015)
    manufacturer: str | None = None  # (0008,0070)
    scanner: str | None = None  # (0008,1090)


@dataclass(frozen=True, eq=False)
class CTSlice:
    """One axial slice in Hounsfield units, turned to the standard view.

    Attributes
    ----------
    hu : ndarray of float32
        (rows, columns), HU. Rows run from anterior to posterior, columns from the patient's right
        to left, if the file states the orientation; else as stored.
    path : str
        The file it came from; ``archive.zip/member`` for a member of a zip.
    frame : int
        0-based index of the slice inside its file; 0 for a single-slice file.
    series : str
        The series instance UID, or the file or folder that stands for a series.
    spacing_mm : tuple[float, float] or None
        (between rows, between columns), mm.
    position_mm : float or None
        Position along the slice normal, which points to the head, mm.
    sop_uid, series_uid : str or None
        DICOM SOP and series instance UID.
    patient_id : str or None
        DICOM Patient ID; used to group patients, never written to a result.
    acquisition : Acquisition
        What is known of the acquisition.
    warnings : tuple[str, ...]
        What a reader of the score should know, one short sentence each.
    regions : tuple[str, ...]
        Body regions that the header names, see `distiliqa.ct.dicom.region`; empty for none.
    """

    hu: NDArray[np.float32]
    path: str
    frame: int = 0
    series: str = ""
    spacing_mm: tuple[float, float] | None = None
    position_mm: float | None = None
    sop_uid: str | None = None
    series_uid: str | None = None
    patient_id: str | None = field(default=None, repr=False)
    acquisition: Acquisition = field(default_factory=Acquisition)
    warnings: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()
