"""Reconstruction kernels: by name, and estimated from the noise in a slice.

A kernel is described by its apodization, the factor ``2 ** -((f / half) ** order)`` on the ramp of
filtered back-projection; ``half`` is the frequency where it is one half. Noise that is white at the
detector has the power spectrum f * apodization**2 in the slice (Riederer et al., Phys Med Biol
1978, doi 10.1088/0031-9155/23/3/008).
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from distiliqa.least_squares import least_squares
from distiliqa.metrics.noise_level import soft_tissue
from distiliqa.metrics.noise_power_spectrum import detrended, tiles

Array = NDArray[np.floating]


@dataclass(frozen=True)
class Kernel:
    """Apodization of the ramp, ``2 ** -((f / half) ** order)``; ``half`` in cycles/mm."""

    half: float
    order: float = 2.0

    def apodization(self, frequency: Array) -> Array:
        """The factor on the ramp at frequencies in cycles/mm, in [0, 1]."""
        return np.exp2(-((np.abs(frequency) / self.half) ** self.order))

    def noise_amplitude(self, frequency: Array) -> Array:
        """Amplitude of the noise in the slice at frequencies in cycles/mm, relative."""
        return np.sqrt(frequency) * self.apodization(frequency)

    @property
    def noise_variance(self) -> float:
        """Variance of the noise, relative to other kernels: the integral of f**2 apodization**2."""
        power = 3 / self.order
        return self.half**3 / self.order * math.gamma(power) * (2 * math.log(2)) ** -power


RAMP = Kernel(float("inf"))
SOFT, STANDARD, SHARP = Kernel(0.33, 2.2), Kernel(0.38, 2.2), Kernel(0.75, 4.5)
GENERIC = {"soft": SOFT, "standard": STANDARD, "sharp": SHARP}

# B30 and D45: of their MTF, 0.5 at 0.35 and 0.56 cycles/mm and 0.1 at 0.59 and 0.94 (Zeng et al.,
# Med Phys 2022, doi 10.1002/mp.15430, and the phantoms of DIDSR/pediatricIQphantoms), less the blur
# of channels and of a focal spot of 1 mm. B10f, B31f, SOFT, STANDARD, LUNG and FC1x: medians of
# what `estimate_kernel` finds in normal-dose slices. The others stand between these in the order
# that their makers give them, and are approximate.
_NAMED = (
    (r"[BIJ][RV]?1\d[FSMHD]?", Kernel(0.30, 1.9)),  # Siemens
    (r"[BIJ][RV]?2\d[FSMHD]?", Kernel(0.33, 2.0)),
    (r"[BIJ][RV]?30[FSMHD]?", Kernel(0.386, 2.36)),
    (r"[BIJ][RV]?3[1-9][FSMHD]?", Kernel(0.37, 1.9)),
    (r"[BIJ][RV]?4[0-4][FSMHD]?", Kernel(0.43, 2.3)),
    (r"[BIJ][RV]?4[5-9][FSMHD]?", Kernel(0.55, 3.0)),
    (r"D45[FSMHD]?", Kernel(0.773, 2.45)),
    (r"[BIJD][RVL]?5\d[FSMHD]?", Kernel(0.65, 3.5)),
    (r"[BIJD][RVL]?6\d[FSMHD]?", Kernel(0.75, 4.0)),
    (r"[BIJD][RVL]?[78]\d[FSMHD]?", Kernel(0.95, 5.0)),
    (r"SOFT", Kernel(0.33, 2.5)),  # GE
    (r"STANDARD|STND|STD\+?", Kernel(0.38, 1.9)),
    (r"DETAIL|CHEST", Kernel(0.48, 2.5)),
    (r"LUNG", Kernel(0.64, 4.0)),
    (r"BONE(PLUS)?", Kernel(0.75, 4.5)),
    (r"EDGE|ULTRA", Kernel(1.00, 5.0)),
    (r"FC[01]\d", Kernel(0.31, 2.1)),  # Toshiba, Canon
    (r"FC2\d", Kernel(0.36, 2.1)),
    (r"FC[35]\d", Kernel(0.70, 4.0)),
    (r"FC8\d", Kernel(0.95, 5.0)),
    (r"A|B|SMOOTH", Kernel(0.36, 2.1)),  # Philips
    (r"C|YB", Kernel(0.48, 2.5)),
    (r"D|L|YC|YD", Kernel(0.65, 3.5)),
)


def named_kernel(name: str | None) -> Kernel | None:
    """Kernel by its DICOM Convolution Kernel (0018,1210), or soft, standard, sharp; else None.

    ``name`` may carry further values after a backslash or a space, such as ``Br40d 3``.
    """
    if not name:
        return None
    if name in GENERIC:
        return GENERIC[name]
    first = re.split(r"[\\\s,]", name.strip("[]'\" ").upper())[0].strip("'")
    return next((kernel for pattern, kernel in _NAMED if re.fullmatch(pattern, first)), None)


_BOX = 16  # pixels
_STRIDE = 4
_MIN_BOXES = 20
_SMOOTHING = 5  # pixels: smaller than a box of `noise_map`, so that more boxes are found
_SOFT_TISSUE_HU = (-20.0, 140.0)  # wide: the mean of few pixels is noisy
_QUIET = 30  # percentile of the boxes: the others hold edges
_LOG_ERROR = 0.15  # of the spectrum in one ring of frequencies
_MAX_EXPONENT = 50.0  # noise is 0 long before


class _Prior(NamedTuple):
    """Prior of a kernel, and standard deviations of the logarithms of its parameters."""

    kernel: Kernel
    half: float
    order: float

    @property
    def logarithms(self) -> Array:
        """Those of the parameters of the kernel."""
        return np.log([self.kernel.half, self.kernel.order])


def estimate_kernel(hu: NDArray[np.floating], spacing_mm: float, name: str | None = None) -> Kernel:
    """Fit a kernel to the power spectrum of the noise in a slice.

    The power spectrum of boxes of soft tissue is modeled as noise, ``f * apodization**2``, plus
    anatomy, ``f**-3``. The name of the kernel gives a prior.

    Parameters
    ----------
    hu : (rows, columns), HU.
    name : DICOM Convolution Kernel.

    Returns
    -------
    A kernel; for a slice with fewer than 20 boxes of soft tissue the one of this name, or the
    standard one.
    """
    known = named_kernel(name)
    prior = _Prior(known, 0.1, 0.1) if known else _Prior(STANDARD, 0.5, 0.4)
    spectrum = _spectrum(hu.astype(np.float64), spacing_mm)
    return prior.kernel if spectrum is None else _fit(*spectrum, spacing_mm, prior)


def _spectrum(hu: NDArray[np.float64], spacing_mm: float) -> tuple[Array, Array] | None:
    """Frequencies, cycles/mm, and the power spectrum of the quieter boxes, averaged over rings."""
    boxes = tiles(hu, _BOX, soft_tissue(hu, _SMOOTHING, _SOFT_TISSUE_HU), step=_STRIDE)
    if len(boxes) < _MIN_BOXES:
        return None
    taper = np.outer(*[np.hanning(_BOX + 2)[1:-1]] * 2)
    power = np.abs(np.fft.fft2(detrended(boxes) * taper)).reshape(len(boxes), -1) ** 2
    axis = np.fft.fftfreq(_BOX, spacing_mm)
    frequency = np.hypot(axis, axis[:, None]).ravel()
    ring = np.round(frequency * _BOX * spacing_mm).astype(int)
    member = np.eye(ring.max() + 1)[ring] / np.bincount(ring)
    return frequency @ member, np.percentile(power @ member, _QUIET, axis=0)


def _fit(frequency: Array, power: Array, spacing_mm: float, prior: _Prior) -> Kernel:
    use = (frequency > 0) & (frequency <= 0.51 / spacing_mm)
    f, log_power = np.log(frequency[use]), np.log(np.maximum(power[use], 1e-12))
    start = [np.median(log_power - f), log_power[0] + 3 * f[0], *prior.logarithms]
    half, order = np.exp(least_squares(partial(_misfit, f, log_power, prior), start)[2:])
    return Kernel(float(half), float(order))


def _misfit(f: Array, log_power: Array, prior: _Prior, values: Array) -> tuple[Array, Array]:
    """Errors of a spectrum and of the prior, in standard deviations, and their derivatives.

    Parameters
    ----------
    f : logarithms of the frequencies.
    values : logarithms of the noise, of the anatomy, and of the parameters of the kernel.
    """
    noise, anatomy, half, order = values
    fall = 2 * np.log(2) * np.exp(np.minimum(np.exp(order) * (f - half), _MAX_EXPONENT))
    model = np.logaddexp(noise + f - fall, anatomy - 3 * f)
    share = np.exp(noise + f - fall - model)  # of the noise
    steep = share * fall * np.exp(order)
    slopes = np.stack([share, 1 - share, steep, steep * (half - f)], axis=1)
    deviations = np.array([prior.half, prior.order])
    known = (values[2:] - prior.logarithms) / deviations
    of_known = np.column_stack([np.zeros((2, 2)), np.diag(1 / deviations)])
    errors = np.concatenate([(model - log_power) / _LOG_ERROR, known])
    return errors, np.concatenate([slopes / _LOG_ERROR, of_known])
