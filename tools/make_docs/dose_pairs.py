"""Pairs of doses, and the quarter dose that is simulated from their full dose.

Their own quarter doses are simulations too, by the Mayo Clinic: noise was added to the projections
of the same scan, so that both doses share the noise of the full one.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from distiliqa.ct import CTSlice, index_ct
from distiliqa.ct.dicom.derive import read_stored
from distiliqa.simulate.acquisition import Acquisition, acquisition_of
from distiliqa.simulate.lower_doses import FullDose
from distiliqa.simulate.noise_draws import noise_seed

DOSE = 0.25


@dataclass(frozen=True)
class DosePair:
    """A slice at full and at quarter dose; pixels as stored, (rows, columns), HU."""

    name: str
    kernel: str
    slice_: CTSlice
    full: NDArray[np.float32]
    mayo: NDArray[np.float32]
    spacing_mm: float

    def made(self, *, named: bool = True) -> Acquisition:
        """The acquisition of the full dose, as found with or without the name of its kernel."""
        header = self.slice_.acquisition
        return acquisition_of(
            self.full, self.spacing_mm, header if named else replace(header, kernel=None)
        )

    def simulated(self, made: Acquisition, seed: int = 0) -> NDArray[np.float32]:
        """The quarter dose as ``distiliqa dose-response`` simulates it, HU."""
        noise = noise_seed(seed, self.slice_.sop_uid)
        return np.rint(FullDose.of(self.full, self.spacing_mm, made, noise).at(DOSE))


def dose_pairs(data: Path) -> Iterator[DosePair]:
    """Yield the pairs below ``data``, soft kernel first."""
    for path in sorted((data / "ct-dev/dose_pairs").glob("*/*/full/*")):
        source, full = read_stored(path)
        _, mayo = read_stored(path.parents[1] / "quarter" / path.name)
        slice_ = index_ct(str(path)).slices[0].read()
        spacing = float(source.PixelSpacing[0])
        yield DosePair(path.stem, path.parts[-3], slice_, full, mayo, spacing)
