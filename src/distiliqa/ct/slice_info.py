"""One axial CT slice: its facts, read once from the header, and its pixels, read on demand."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from distiliqa.ct.geometry import Geometry
from distiliqa.ct.header_facts import Acquisition, Gantry, Identification
from distiliqa.ct.source import Source
from distiliqa.errors import CTReadError, DistiliqaError
from distiliqa.files import FileStamp, file_stamp

_CHANGED = "the file has changed since its header was read: score it again"

# A decoded slice: HU in the standard view, (rows, columns), and warnings.
Pixels = tuple[NDArray[np.float32], tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class SliceInfo:
    """Facts of one slice, made when its file is indexed. `read` decodes its pixels.

    It holds no pixels, can be sent to another process, and prints no patient ID.

    Attributes
    ----------
    path : str
        Name of the file in results; ``archive.zip/member`` for a member of an archive. Empty for a
        slice of an array.
    frame : int
        0-based index of the slice inside its file; 0 for a single-slice file.
    series : str
        Series instance UID; without one the file or folder that makes the series.
    position_mm : float or None
        Position along the slice normal, mm. The normal points to the head.
    spacing_mm : tuple[float, float] or None
        (between rows, between columns) in the standard view, mm.
    shape : tuple[int, int] or None
        (rows, columns) in the standard view; None where the header does not state it.
    sop_uid, series_uid : str or None
        DICOM SOP and series instance UID.
    patient_id : str or None
        DICOM Patient ID; used to group patients, never written to a result.
    acquisition : Acquisition
        Acquisition facts, such as tube voltage and kernel.
    gantry : Gantry
        Axis and tilt of the gantry.
    identification : Identification
        Date, description, station and the like; shown only where the user asks to identify.
    study_uid : str or None
        DICOM study instance UID.
    event_uids : tuple[str, ...]
        UIDs of the irradiation events that the slice was made from (0008,3010); empty for none.
    regions : tuple[str, ...]
        Body regions that the header names, see `distiliqa.ct.dicom.region`; empty for none.
    warnings : tuple[str, ...]
        Warnings on the header, one short sentence each.
    geometry : Geometry or None
        Position of the stored pixels in the patient; None where the file does not state it.
    tilt_degrees : float
        Angle of the plane or of the gantry to the plane across the body, the larger of the two; 0
        where neither is stated.
    step_mm : float or None
        Distance to the next plane of a volume, mm; None for a slice that is none of a volume.
    source : Source or None
        The bytes of the file; None for a slice of an array.
    data_file : Path or None
        The file of the pixels, where the header is in another file.
    stamp : FileStamp or None
        State of the files when they were indexed; None where they are not on disk.
    decode : callable or None
        Takes ``source`` and gives HU and warnings; None for a slice of an array.
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
    gantry: Gantry = field(default_factory=Gantry)
    identification: Identification = field(default_factory=Identification, repr=False)
    study_uid: str | None = field(default=None, repr=False)
    event_uids: tuple[str, ...] = field(default=(), repr=False)
    regions: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    geometry: Geometry | None = field(default=None, repr=False, compare=False)
    tilt_degrees: float = 0.0
    step_mm: float | None = None
    source: Source | None = field(default=None, repr=False, compare=False)
    data_file: Path | None = field(default=None, repr=False, compare=False)
    stamp: FileStamp | None = field(default=None, repr=False, compare=False)
    decode: Callable[[Source], Pixels] | None = field(default=None, repr=False, compare=False)

    @property
    def file(self) -> Path | None:
        """The file on disk, or the archive that holds it; None for a slice of an array."""
        return None if self.source is None else self.source.holder

    @property
    def file_name(self) -> str:
        """The name of `file` in results."""
        is_member = self.path.startswith(f"{self.file}/")
        return str(self.file) if is_member else self.path

    @property
    def has_changed(self) -> bool:
        """Whether its file has changed since it was indexed, or is missing."""
        return self.stamp is not None and self._stamp_now() != self.stamp

    def stamped(self) -> SliceInfo:
        """Copy it with the present state of its files."""
        return replace(self, stamp=self._stamp_now())

    def named(self, path: str) -> SliceInfo:
        """Copy it with another name in results and errors."""
        source = None if self.source is None else replace(self.source, name=path)
        return replace(self, path=path, source=source)

    def check_unchanged(self) -> None:
        """Raise `CTReadError` where the file is missing or has changed since it was indexed."""
        if self.has_changed:
            gone = self.file is not None and not self.file.exists()
            problem = "is not there any more" if gone else "has changed since it was indexed"
            raise CTReadError(problem, path=self.path, remedy="score it again")

    def read(self) -> CTSlice:
        """Decode the pixels. Threads may call it at the same time.

        Returns
        -------
        CTSlice
            The slice. It has a warning where the file has changed since it was indexed.

        Raises
        ------
        CTReadError
            The file is missing or cannot be read, the pixels cannot be decoded or are not finite,
            or the slice is of an array, whose pixels are not kept.
        """
        if self.decode is None or self.source is None:
            raise CTReadError(
                "the pixels of an array are not kept", path=self.path or None, remedy="give a file"
            )
        with _reported(self.path):
            hu, notes = self.decode(self.source)
        own = [note for note in notes if note not in self.warnings]
        own += [_CHANGED] if self.has_changed else []
        return CTSlice(hu, self, (*self.warnings, *own))

    def _stamp_now(self) -> FileStamp | None:
        return file_stamp(*(path for path in (self.file, self.data_file) if path is not None))


@contextmanager
def _reported(path: str) -> Iterator[None]:
    """Turn errors of a file that changed after indexing into a `CTReadError`.

    It may be gone, out of reach, a pipe by now, or of another length. Callers then go on with the
    other slices.
    """
    try:
        yield
    except CTReadError:
        raise
    except (OSError, ValueError, EOFError, DistiliqaError) as error:
        reason = getattr(error, "strerror", None) or getattr(error, "problem", None) or error
        raise CTReadError(
            f"the pixels cannot be read ({reason})",
            path=path,
            remedy="check that the file is still there, and its permissions",
        ) from error


@dataclass(frozen=True, eq=False)
class CTSlice:
    """One axial slice in Hounsfield units, turned to the standard view.

    Attributes
    ----------
    hu : ndarray of float32
        (rows, columns), HU. Rows run from anterior to posterior, columns from the patient's right
        to left. As stored where the file states no orientation.
    info : SliceInfo
        Facts of the slice. Its ``path``, ``frame``, ``series``, ``position_mm``, ``spacing_mm``,
        ``sop_uid``, ``series_uid``, ``patient_id``, ``acquisition`` and ``regions`` are also
        attributes of the slice.
    warnings : tuple[str, ...]
        Warnings on the header and the pixels, one short sentence each.
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
