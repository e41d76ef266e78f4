"""One axial CT slice: the facts of it, found once in its header, and its pixels when asked for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from distiliqa.ct.geometry import Geometry
from distiliqa.ct.source import Source
from distiliqa.errors import CTReadError
from distiliqa.files import FileStamp, file_stamp

_CHANGED = "the file has changed since its header was read: score it again"

# What decoding gives: HU in the standard view, (rows, columns), and notes for who reads the score.
Pixels = tuple[NDArray[np.float32], tuple[str, ...]]


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


@dataclass(frozen=True, slots=True)
class SliceInfo:
    """The facts of one slice, made when its file is indexed, and how to read its pixels.

    It holds no pixels, can be sent to another process, and prints no patient ID.

    Attributes
    ----------
    path : str
        The file by the name that results give it; ``archive.zip/member`` for a member of a zip.
        Empty for a slice of an array.
    frame : int
        0-based index of the slice inside its file; 0 for a single-slice file.
    series : str
        The series instance UID, or the file or folder that stands for a series.
    position_mm : float or None
        Position along the slice normal, which points to the head, mm.
    spacing_mm : tuple[float, float] or None
        (between rows, between columns) in the standard view, mm.
    shape : tuple[int, int] or None
        (rows, columns) in the standard view; None where only the pixels show it.
    sop_uid, series_uid : str or None
        DICOM SOP and series instance UID.
    patient_id : str or None
        DICOM Patient ID; used to group patients, never written to a result.
    acquisition : Acquisition
        What is known of the acquisition.
    regions : tuple[str, ...]
        Body regions that the header names, see `distiliqa.ct.dicom.region`; empty for none.
    warnings : tuple[str, ...]
        What a reader of the score should know of the header, one short sentence each.
    geometry : Geometry or None
        Where the slice lies in the patient, as it is stored; None where the file does not say.
    source : Source or None
        The bytes of the file; None for a slice of an array.
    data_file : Path or None
        The file of the pixels, where the header has none of its own.
    stamp : FileStamp or None
        State of the files when they were indexed; None where they are not on disk.
    """

    path: str = ""
    frame: int = 0
    series: str = ""
    position_mm: float | None = None
    spacing_mm: tuple[float, float] | None = None
    shape: tuple[int, int] | None = None
    sop_uid: str | None = field(default=None, repr=False)
    series_uid: str | None = field(default=None, repr=False)
    patient_id: str | None = field(default=None, repr=False)
    acquisition: Acquisition = field(default_factory=Acquisition)
    regions: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    geometry: Geometry | None = field(default=None, repr=False, compare=False)
    source: Source | None = field(default=None, repr=False, compare=False)
    data_file: Path | None = field(default=None, repr=False, compare=False)
    stamp: FileStamp | None = field(default=None, repr=False, compare=False)
    decode: Callable[[Source], Pixels] | None = field(default=None, repr=False, compare=False)

    @property
    def file(self) -> Path | None:
        """The file on disk that holds it, of a member of an archive the archive; None for none."""
        return None if self.source is None else self.source.holder

    @property
    def file_name(self) -> str:
        """`file` by the name that results give it."""
        is_member = self.path.startswith(f"{self.file}/")
        return str(self.file) if is_member else self.path

    @property
    def has_changed(self) -> bool:
        """Whether its file is another than when it was indexed, or gone."""
        return self.stamp is not None and self._stamp_now() != self.stamp

    def stamped(self) -> SliceInfo:
        """The same slice with the present state of its files."""
        return replace(self, stamp=self._stamp_now())

    def named(self, path: str) -> SliceInfo:
        """The same slice of the same bytes, by another name in results and errors."""
        source = None if self.source is None else replace(self.source, name=path)
        return replace(self, path=path, source=source)

    def check_unchanged(self) -> None:
        """Raise `CTReadError` where the file has changed or gone: its facts hold no more."""
        if self.has_changed:
            gone = self.file is not None and not self.file.exists()
            problem = "is not there any more" if gone else "has changed since it was indexed"
            raise CTReadError(problem, path=self.path, remedy="score it again")

    def read(self) -> CTSlice:
        """Decode the pixels. Threads may call it at the same time.

        A file that has changed since it was indexed gives a warning of the slice.

        Raises
        ------
        CTReadError
            The pixels cannot be decoded or are not finite, the file has gone, or the slice is of an
            array, which is not kept.
        """
        if self.decode is None or self.source is None:
            raise CTReadError(
                "the pixels of an array are not kept", path=self.path or None, remedy="give a file"
            )
        hu, notes = self.decode(self.source)
        own = [note for note in notes if note not in self.warnings]
        own += [_CHANGED] if self.has_changed else []
        return CTSlice(hu, self, (*self.warnings, *own))

    def _stamp_now(self) -> FileStamp | None:
        return file_stamp(*(path for path in (self.file, self.data_file) if path is not None))


@dataclass(frozen=True, eq=False)
class CTSlice:
    """One axial slice in Hounsfield units, turned to the standard view.

    Attributes
    ----------
    hu : ndarray of float32
        (rows, columns), HU. Rows run from anterior to posterior, columns from the patient's right
        to left, if the file states the orientation; else as stored.
    info : SliceInfo
        What is known of it. ``path``, ``frame``, ``series``, ``position_mm``, ``spacing_mm``,
        ``sop_uid``, ``series_uid``, ``patient_id``, ``acquisition`` and ``regions`` are its own.
    warnings : tuple[str, ...]
        What a reader of the score should know, one short sentence each.
    """

    hu: NDArray[np.float32]
    info: SliceInfo = field(default_factory=SliceInfo)
    warnings: tuple[str, ...] = ()

    @property
    def shape(self) -> tuple[int, ...]:
        """(rows, columns) of the pixels."""
        return self.hu.shape

    @property
    def path(self) -> str:  # noqa: D102
        return self.info.path

    @property
    def frame(self) -> int:  # noqa: D102
        return self.info.frame

    @property
    def series(self) -> str:  # noqa: D102
        return self.info.series

    @property
    def position_mm(self) -> float | None:  # noqa: D102
        return self.info.position_mm

    @property
    def spacing_mm(self) -> tuple[float, float] | None:  # noqa: D102
        return self.info.spacing_mm

    @property
    def sop_uid(self) -> str | None:  # noqa: D102
        return self.info.sop_uid

    @property
    def series_uid(self) -> str | None:  # noqa: D102
        return self.info.series_uid

    @property
    def patient_id(self) -> str | None:  # noqa: D102
        return self.info.patient_id

    @property
    def acquisition(self) -> Acquisition:  # noqa: D102
        return self.info.acquisition

    @property
    def regions(self) -> tuple[str, ...]:  # noqa: D102
        return self.info.regions
