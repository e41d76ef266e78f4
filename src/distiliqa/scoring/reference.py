"""The reference of a scan: which of its slices shows the same place, and how alike the two are."""

from __future__ import annotations

import math
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from distiliqa.ct import CTSlice, SliceRef, Window, index_ct
from distiliqa.errors import DistiliqaError
from distiliqa.files import sha256
from distiliqa.metrics import gmsd, psnr, ssim, vif
from distiliqa.scoring.inputs import problem_of
from distiliqa.scoring.places import Places
from distiliqa.scoring.prepare import check_hu
from distiliqa.scoring.reader import file_of
from distiliqa.scoring.result import Comparison


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
        if (count := len({ref.series for ref in slices if ref.position_mm is not None})) > 1:
            raise DistiliqaError(
                f"holds {count} series", path=path, remedy="give one series as the reference"
            )
        self._places = Places(slices, path)

    def require_match(self, slices: Iterable[SliceRef]) -> None:
        """Raise `DistiliqaError` where not one of ``slices`` has its place in the reference."""
        if all(self._places.find(ref) is None for ref in slices):
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
        ref = self._places.find(ct)
        if ref is None:
            placed = ct.position_mm is not None and self._places.has_positions
            at = "at this position" if placed else "of this name"
            return Comparison(), f"not compared: no reference slice {at}"
        try:
            self._hash(ref)
            return _compared(ct, ref.load(), window), None
        except Exception as error:  # whatever is wrong with a reference slice, the score stands
            return Comparison(), f"not compared: {problem_of(error, ref.path).reason}"

    def _hash(self, ref: SliceRef) -> None:
        file = file_of(ref.path)
        if str(file) not in self.sha256:
            self.sha256[str(file)] = sha256(file)


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
