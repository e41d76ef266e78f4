"""Versions of one slice as worse acquisitions show it; the same wherever slices are simulated.

As in the files of ``distiliqa simulate``, stored pixels are degraded and rounded, and the noise is
drawn from a seed and the UID of the image.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from pydicom import dcmread
from pydicom.errors import InvalidDicomError

from distiliqa.ct import CTSlice, SliceInfo
from distiliqa.ct.dicom.derive import read_stored
from distiliqa.ct.dicom.enhanced import GROUP_KEYWORDS, is_enhanced
from distiliqa.ct.dicom.header import read_header
from distiliqa.ct.geometry import Orientation
from distiliqa.ct.hu import checked
from distiliqa.ct.spacing import square_side
from distiliqa.errors import CTReadError
from distiliqa.simulate.acquisition import Acquisition, acquisition_of
from distiliqa.simulate.degradation import Degradation
from distiliqa.simulate.processing.processing import Processing
from distiliqa.simulate.simulator import degrade


def noise_seed(seed: int, sop_uid: str | None, frame: int = 0) -> int:
    """Seed of the noise of one slice, below 2**56.

    Parameters
    ----------
    seed : seed that the user gave.
    frame : 0-based index of the slice in its image.
    """
    name = f"{seed} {sop_uid} {frame}" if frame else f"{seed} {sop_uid}"
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:7], "big")


def degraded(
    hu: NDArray[np.float32],
    spacing_mm: float,
    made: Acquisition,
    worse: Degradation,
    noise: int,
    process: Sequence[Processing] = (),
) -> NDArray[np.int32]:
    """`degrade` for one slice, (rows, columns), HU, rounded as files hold it.

    Parameters
    ----------
    noise : a `noise_seed`.
    process : processing of the degraded image, one after the other; ``noise`` is its seed too.
    """
    image = degrade(torch.from_numpy(hu)[None], spacing_mm, made, worse, [noise])[0].numpy()
    for place, processing in enumerate(process):
        drawn = replace(processing, seed=noise + place)
        image = drawn.prepared(image, spacing_mm)(image)
    return np.rint(image).astype(np.int32)


def simulated(ct: CTSlice, worse: Iterable[Degradation], seed: int = 0) -> Iterator[CTSlice]:
    """Yield a slice as several acquisitions show it, equal to what their files would be read as.

    All have the same draw of noise, so that they differ by the degradation alone.

    Parameters
    ----------
    ct : a slice that was read from DICOM.

    Raises
    ------
    CTReadError : its pixel spacing is not known, or of no CT, see `square_side`.
    """
    hu, orientation = _stored(ct)
    spacing = square_side(ct.spacing_mm, path=ct.path)
    noise = noise_seed(seed, ct.sop_uid, ct.frame)
    made = acquisition_of(hu, spacing, ct.acquisition)
    for degradation in worse:
        shown = checked(degraded(hu, spacing, made, degradation, noise), path=ct.path)
        turned = shown if orientation is None else orientation.turn(shown)
        dose = degradation.relative_dose(made.geometry.views)
        yield replace(ct, hu=turned, info=_at_dose(ct.info, dose))


def _at_dose(info: SliceInfo, dose: float) -> SliceInfo:
    """The facts of a scan with ``dose`` times its photons, as `kept_tags` gives them; no pixels."""
    acquired = info.acquisition
    facts = (acquired.tube_current_ma, acquired.exposure_mas, acquired.ctdivol_mgy)
    current, exposure, ctdivol = (None if fact is None else fact * dose for fact in facts)
    simulated_facts = replace(
        acquired, tube_current_ma=current, exposure_mas=exposure, ctdivol_mgy=ctdivol
    )
    return replace(info, acquisition=simulated_facts, decode=None)


def _stored(ct: CTSlice) -> tuple[NDArray[np.float32], Orientation | None]:
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
