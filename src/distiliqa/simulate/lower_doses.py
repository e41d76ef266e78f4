"""Lower doses of one slice, as ``distiliqa simulate`` makes them, with NumPy alone.

As in the files of ``distiliqa simulate``, stored pixels are changed and rounded, and the noise is
drawn from a seed and the UID of the image.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pydicom import dcmread
from pydicom.errors import InvalidDicomError

from distiliqa.cores import cores
from distiliqa.ct import CTSlice, SliceInfo
from distiliqa.ct.dicom.derive import read_stored
from distiliqa.ct.dicom.enhanced import GROUP_KEYWORDS, is_enhanced
from distiliqa.ct.dicom.header import read_header
from distiliqa.ct.geometry import Orientation
from distiliqa.ct.hu import checked
from distiliqa.ct.spacing import square_side
from distiliqa.errors import CTReadError
from distiliqa.simulate.acquisition import Acquisition, acquisition_of
from distiliqa.simulate.attenuation import (
    HU_PER_ATTENUATION,
    as_stored,
    attenuation,
    square_in_air,
)
from distiliqa.simulate.noise import incident_photons, lower_dose
from distiliqa.simulate.noise_draws import noise_draws, noise_seed
from distiliqa.simulate.parallel_beam import filtered_back_projection, project


def at_doses(full: CTSlice, doses: Sequence[float], seed: int = 0) -> Iterator[CTSlice]:
    """Yield a slice at several doses, as their files would be read, in the order of the doses.

    All have the same draw of noise, so that they differ by the dose alone. They are computed side
    by side, one on each core.

    Parameters
    ----------
    full : a slice that was read from DICOM.
    doses : relative, from `MIN_DOSE` to 1; 1 is the slice itself.

    Raises
    ------
    CTReadError : its pixel spacing is not known, or of no CT, see `square_side`.
    """
    hu, orientation = _stored(full)
    spacing = square_side(full.spacing_mm, path=full.path)
    made = acquisition_of(hu, spacing, full.acquisition)
    scan = FullDose.of(hu, spacing, made, noise_seed(seed, full.sop_uid, full.frame))
    with ThreadPoolExecutor(cores()) as pool:
        for dose, image in zip(doses, pool.map(scan.at, doses), strict=True):
            shown = checked(np.rint(image).astype(np.int32), path=full.path)
            turned = shown if orientation is None else orientation.turn(shown)
            yield replace(full, hu=turned, info=_at_dose(full.info, dose))


@dataclass(frozen=True)
class FullDose:
    """A slice at full dose, and what the noise of lower doses is computed from.

    Attributes
    ----------
    hu : float32, (rows, columns), HU. Padding outside the field of view stays as it is.
    made : the acquisition of the slice.
    integrals : (views, channels), along the sorted rays of the scan.
    draws : (2, views, channels), standard normal.
    """

    hu: NDArray[np.floating]
    spacing_mm: float
    made: Acquisition
    integrals: NDArray[np.floating]
    draws: NDArray[np.floating]

    @staticmethod
    def of(hu: NDArray[np.floating], spacing_mm: float, made: Acquisition, noise: int) -> FullDose:
        """Project a slice, and draw its noise of a `noise_seed`."""
        integrals = project(attenuation(square_in_air(hu)), spacing_mm, made.geometry.parallel)
        return FullDose(hu, spacing_mm, made, integrals, noise_draws((2, *integrals.shape), noise))

    def at(self, dose: float) -> NDArray[np.floating]:
        """The slice at a relative dose, (rows, columns), HU."""
        if dose == 1:
            return self.hu
        square, rays, beam = square_in_air(self.hu), self.made.geometry.parallel, self.made.beam
        incident = incident_photons(self.integrals, rays, beam)
        noisy = lower_dose(self.integrals, incident, beam, dose, self.draws)
        noise = filtered_back_projection(
            noisy - self.integrals, len(square), self.spacing_mm, rays, self.made.kernel
        )
        return as_stored(square + noise * np.float32(HU_PER_ATTENUATION), self.hu)


def _at_dose(info: SliceInfo, dose: float) -> SliceInfo:
    """The facts of a scan with ``dose`` times its photons, as `kept_tags` gives them; no pixels."""
    acquired = info.acquisition
    facts = (acquired.tube_current_ma, acquired.exposure_mas, acquired.ctdivol_mgy)
    current, exposure, ctdivol = (None if fact is None else fact * dose for fact in facts)
    simulated_facts = replace(
        acquired, tube_current_ma=current, exposure_mas=exposure, ctdivol_mgy=ctdivol
    )
    return replace(info, acquisition=simulated_facts, decode=None)


def _stored(ct: CTSlice) -> tuple[NDArray[np.floating], Orientation | None]:
    """The slice as it is stored, and its orientation there.

    What `read_stored` does not take, such as a frame or a member of a zip, stays as it was read.
    """
    try:
        tags = dcmread(ct.path, specific_tags=list(GROUP_KEYWORDS), stop_before_pixels=True)
        if is_enhanced(tags):
            return ct.hu, None
        source, hu = read_stored(Path(ct.path))
    except (OSError, InvalidDicomError, CTReadError):
        return ct.hu, None
    return hu, read_header(source, path=ct.path).orientation
