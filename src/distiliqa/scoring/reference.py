"""The reference of a scan: which of its slices shows the same place, and how alike the two are."""

from __future__ import annotations

import math
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable
from itertools import pairwise
from pathlib import Path

import numpy as np

from distiliqa.ct import CTSlice, SliceRef, Window, index_ct
from distiliqa.errors import DistiliqaError
from distiliqa.files import sha256
from distiliqa.metrics import gmsd, psnr, ssim, vif
from distiliqa.scoring.inputs import problem_of
from distiliqa.scoring.prepare import check_hu
from distiliqa.scoring.reader import file_of
from distiliqa.scoring.result import Comparison

MOST_MM = 2.5  # half of the thickest usual slice: a series with gaps is not matched across them
SAME_MM = 1e-3


class Reference:
    """The slices of a reference series, to compare others with.

    Parameters
    ----------
    path : anything `distiliqa.index_ct` finds CT in.

    Attributes
    ----------
    sha256 : SHA-256 of each file of the reference compared with so far, by path.

    Raises
    ------
    DistiliqaError : there is no CT under ``path``, or it is not one series.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = str(path)
        self.sha256: dict[str, str] = {}
        slices = index_ct(path).slices
        placed = [(ref.position_mm, ref) for ref in slices if ref.position_mm is not None]
        if (count := len({ref.series for _, ref in placed})) > 1:
            raise DistiliqaError(
                f"holds {count} series", path=path, remedy="give one series as the reference"
            )
        self._placed = sorted(placed, key=lambda each: each[0])
        gaps = [after - before for (before, _), (after, _) in pairwise(self._placed)]
        if min(gaps, default=1.0) < SAME_MM:
            raise DistiliqaError(
                "holds several slices at one position", path=path, remedy="give one volume"
            )
        self._reach_mm = min([gap / 2 for gap in gaps] + [MOST_MM])
        names = Counter(map(_name, slices))
        self._named = {_name(ref): ref for ref in slices if names[_name(ref)] == 1}

    def require_match(self, slices: Iterable[SliceRef]) -> None:
        """Raise `DistiliqaError` where not one of ``slices`` has its place in the reference."""
        if all(self._find(ref) is None for ref in slices):
            raise DistiliqaError(
                "no slice of it has the position or file name of an input",
                path=self.path,
                remedy="give the reference of the same scan",
            )

    def compare(self, ct: CTSlice, window: Window) -> tuple[Comparison, str | None]:
        """Compare a slice with that of the reference at its place, through ``window``.

        Returns
        -------
        The comparison, and why it is empty if it is.
        """
        ref = self._find(ct)
        if ref is None:
            at = "at this position" if self._has_position(ct) else "of this name"
            return Comparison(), f"not compared: no reference slice {at}"
        try:
            self._hash(ref)
            return _compared(ct, ref.load(), window), None
        except Exception as error:  # whatever is wrong with a reference slice, the score stands
            return Comparison(), f"not compared: {problem_of(error, ref.path).reason}"

    def _find(self, one: SliceRef | CTSlice) -> SliceRef | None:
        """The nearest slice within half a slice spacing; by name where positions are unknown."""
        if not self._has_position(one) or one.position_mm is None:
            return self._named.get(_name(one))
        at = bisect_left(self._placed, one.position_mm, key=lambda each: each[0])
        near = self._placed[max(at - 1, 0) : at + 1]
        distance, ref = min(
            ((abs(position - one.position_mm), ref) for position, ref in near),
            key=lambda each: each[0],
        )
        return ref if distance <= self._reach_mm else None

    def _has_position(self, one: SliceRef | CTSlice) -> bool:
        return one.position_mm is not None and bool(self._placed)

    def _hash(self, ref: SliceRef) -> None:
        file = file_of(ref.path)
        if str(file) not in self.sha256:
            self.sha256[str(file)] = sha256(file)


def _name(one: SliceRef | CTSlice) -> tuple[str, int]:
    return Path(one.path).name, one.frame


def _compared(ct: CTSlice, reference: CTSlice, window: Window) -> Comparison:
    """Raises `ValueError` where the two are not images of one geometry."""
    size, wanted = ct.hu.shape, reference.hu.shape
    if size != wanted:
        raise ValueError(f"the reference has {_sides(wanted)} pixels, not {_sides(size)}")
    pixel, other = ct.spacing_mm, reference.spacing_mm
    if pixel and other and not np.allclose(pixel, other, rtol=1e-3, atol=0):
        raise ValueError(f"the reference has pixels of {_sides(other)} mm, not {_sides(pixel)}")
    pair = ct.hu, check_hu(reference.hu)
    ratio = psnr(*pair, window)
    return Comparison(
        reference=reference.path,
        ssim=ssim(*pair, window),
        psnr=ratio if math.isfinite(ratio) else None,
        vif=vif(*pair, window),
        gmsd=gmsd(*pair, window),
    )


def _sides(sides: Iterable[float]) -> str:
    return " x ".join(f"{side:g}" for side in sides)
