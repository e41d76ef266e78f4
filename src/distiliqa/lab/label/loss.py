"""Loss of detectability by the faults of an image, area by area.

For each task, the contrast that a blob needs is the deviation that hides it, divided by the share
of its contrast that is left. Noise, structure such as streaks, and the internal noise of the reader
hide it. The root mean square over the tasks gives most weight to those that suffer most. Three
rules make it agree with what readers see:

- Smoothing adds no information. The eye itself averages noise, with an efficiency of about one
  half (Burgess et al., Science 1981, doi 10.1126/science.7302566). So half of the deviation that a
  denoiser or a filter removes still counts, and no image has less noise than the slice at full
  dose.
- Texture that is smoother than that of the slice adds a share of the logarithm of the ratio.
- Displacement hides detail as a blur of the same root mean square does. A shift of the whole slice
  has none.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from distiliqa.lab.label.anatomy import Anatomy
from distiliqa.lab.label.tasks import Array

INTERNAL_HU = 8.0  # internal noise of a reader at a window of 350 HU
_TEXTURE = 0.15
_REMOVED_COUNTS = 0.5
_MIN_VARIANCE = 1e-3  # HU^2


@dataclass(frozen=True)
class Faults:
    """Faults of an image; variances as each task sees them, (tasks, rows, columns), HU^2.

    Attributes
    ----------
    noise : variance of the noise that is seen. hidden : variance that smoothing removed and that
        still counts. own : of the noise of the slice at full dose.
    structure : variance of streaks, rings, shading and errors of coding.
    gain : share of the contrast that is left, 0 to 1, (tasks, rows, columns).
    displacement_mm : root mean square about its mean, (rows, columns) or a number.
    processed : whether a denoiser changed the texture.
    """

    noise: Array
    own: Array
    structure: Array
    gain: Array
    hidden: Array | float = 0.0
    displacement_mm: NDArray[np.floating] | float = 0.0
    processed: bool = False


def hidden_variance(before: Array, after: Array, own: Array) -> Array:
    """Variance that still counts after smoothing, beside that which is left, HU^2."""
    deviation = _REMOVED_COUNTS * np.sqrt(before) + (1 - _REMOVED_COUNTS) * np.sqrt(after)
    counted = np.maximum(deviation**2, np.minimum(own, before))
    return np.maximum(counted - after, 0)


def detectability(anatomy: Anatomy, faults: Faults) -> Array:
    """Logarithm of the detectability: of the inverse of the contrast that is needed, (cells)."""
    hiding = faults.noise + faults.hidden + faults.structure + INTERNAL_HU**2
    contrast = np.log(faults.gain) + _log_gain_of_displacement(anatomy, faults.displacement_mm)
    seen: Array = -0.5 * np.log(np.mean(np.exp(-2 * contrast) * hiding, axis=0))
    return seen - _TEXTURE * _smoothness(faults) if faults.processed else seen


def _log_gain_of_displacement(
    anatomy: Anatomy, displacement_mm: NDArray[np.floating] | float
) -> Array:
    """Logarithm of the response of a matched blob under a Gaussian smear of this deviation."""
    moved = np.square(np.asarray(displacement_mm, np.float32) / anatomy.spacing_mm)
    sizes = np.square(np.array(anatomy.tasks.sizes, np.float32))
    twice = 2 * sizes.reshape(-1, *[1] * max(moved.ndim, 2))
    return 0.5 * np.log(twice / (twice + moved))


def _smoothness(faults: Faults) -> Array:
    """Logarithm of the deviation of the slice's noise over that which is left, 0 or more."""
    ratio = np.maximum(faults.own, _MIN_VARIANCE) / np.maximum(faults.noise, _MIN_VARIANCE)
    return np.clip(0.5 * np.log(ratio).mean(axis=0), 0, None)
