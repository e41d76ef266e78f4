"""What a path holds: the slices that can be read, and what could not be and why."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from itertools import chain
from typing import NamedTuple

from distiliqa.ct.geometry import Geometry
from distiliqa.ct.slice import CTSlice


class Problem(NamedTuple):
    """A file that gives no slice, and why: ``reason`` is one line and does not name the path."""

    path: str
    reason: str


@dataclass(frozen=True, slots=True)
class SliceRef:
    """A slice that was found but not decoded.

    Attributes
    ----------
    path, frame, series, position_mm : as in `CTSlice`.
    load : decodes the pixels; raises `CTReadError`. Threads may call it at the same time.
    geometry : where it lies in the patient; None where the file does not tell.
    sop_uid : as in `CTSlice`; tells copies of a file.
    patient_id : as in `CTSlice`; tells patients apart, and is never written to a result.
    """

    path: str
    frame: int
    series: str
    position_mm: float | None
    load: Callable[[], CTSlice] = field(repr=False, compare=False)
    geometry: Geometry | None = field(default=None, repr=False, compare=False)
    sop_uid: str | None = None
    patient_id: str | None = field(default=None, repr=False)


@dataclass(frozen=True)
class CTIndex:
    """The slices under a path, in reading order, and the files that give none.

    Attributes
    ----------
    slices : series in order of first appearance, slices by position along the normal.
    failed : files that claim to be CT and cannot be read.
    left_out : readable files that are no axial CT image: localizers, MR, reports, copies.
    """

    slices: tuple[SliceRef, ...] = ()
    failed: tuple[Problem, ...] = ()
    left_out: tuple[Problem, ...] = ()

    @staticmethod
    def joined(parts: Iterable[CTIndex]) -> CTIndex:
        """One index of all ``parts``, in their order."""
        parts = tuple(parts)
        return CTIndex(
            tuple(chain.from_iterable(part.slices for part in parts)),
            tuple(chain.from_iterable(part.failed for part in parts)),
            tuple(chain.from_iterable(part.left_out for part in parts)),
        )
