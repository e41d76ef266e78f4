"""Compare slices with the slices of a reference series at the same place."""

from __future__ import annotations

import math
from collections.abc import Iterable
from pathlib import Path

from distiliqa.ct import CTSlice, SliceInfo, Window, index_ct
from distiliqa.ct.volumes.detached import sha256_of
from distiliqa.errors import DistiliqaError
from distiliqa.metrics.gmsd import gmsd
from distiliqa.metrics.psnr import psnr
from distiliqa.metrics.ssim import ssim
from distiliqa.metrics.vif import vif
from distiliqa.scoring.inputs import problem_of
from distiliqa.scoring.matching import (
    ONE_PATIENT_ID,
    Names,
    Places,
    are_of_two_patients,
    unlike_geometry,
)
from distiliqa.scoring.prepare import check_hu
from distiliqa.scoring.read_ahead import in_order
from distiliqa.scoring.slice_score import Comparison


class Reference:
    """The slices of a reference series, to compare others with.

    Parameters
    ----------
    path : str or Path
        Anything `distiliqa.index_ct` finds CT in.

    Attributes
    ----------
    sha256 : dict[str, str]
        SHA-256 of each file of the reference compared with so far, by path, in reading order.

    Raises
    ------
    DistiliqaError
        There is no CT under ``path``, or it is not one series.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = str(path)
        self._digests: dict[str, str] = {}
        self._slices = slices = index_ct(path).slices
        if (count := len({info.series for info in slices if info.position_mm is not None})) > 1:
            raise DistiliqaError(
                f"holds {count} series", path=path, remedy="give one series as the reference"
            )
        self._places, self._names = Places(slices, path), Names(slices)

    @property
    def sha256(self) -> dict[str, str]:  # noqa: D102
        return in_order(self._digests, self._slices)

    def require_match(self, slices: Iterable[SliceInfo]) -> None:
        """Raise `DistiliqaError` where not one of ``slices`` has its place in the reference."""
        if all(self._find(info) is None for info in slices):
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
        info = self._find(ct)
        if info is None:
            at = "at this position" if self._has_position(ct) else "of this name"
            return Comparison(), f"not compared: no reference slice {at}"
        if are_of_two_patients((ct, info)):
            return Comparison(), f"not compared: the reference is another patient; {ONE_PATIENT_ID}"
        try:
            self._hash(info)
            return compared(ct, info.read(), window), None
        except Exception as error:  # a reference slice that fails does not cost the score
            return Comparison(), f"not compared: {problem_of(error, info.path).reason}"

    def _find(self, one: SliceInfo | CTSlice) -> SliceInfo | None:
        """The slice at the same place; that of the same name where positions are unknown."""
        return (self._places if self._has_position(one) else self._names).find(one)

    def _has_position(self, one: SliceInfo | CTSlice) -> bool:
        return one.position_mm is not None and self._places.known

    def _hash(self, info: SliceInfo) -> None:
        if info.file is not None and info.file_name not in self._digests:
            self._digests[info.file_name] = sha256_of(info.file)


def compared(ct: CTSlice, reference: CTSlice, window: Window) -> Comparison:
    """Compare a slice with its reference.

    Raises
    ------
    ValueError
        The two are not images of one geometry.
    """
    if unlike := unlike_geometry(ct, reference):
        raise ValueError(f"the reference has {unlike}")
    pair = ct.hu, check_hu(reference.hu)
    ratio = psnr(*pair, window)
    return Comparison(
        reference=reference.path,
        ssim=ssim(*pair, window),
        psnr=ratio if math.isfinite(ratio) else None,
        vif=vif(*pair, window),
        gmsd=gmsd(*pair, window),
    )
