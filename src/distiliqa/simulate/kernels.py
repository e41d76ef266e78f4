"""Reconstruction kernels: how far the ramp of filtered back-projection rises before it falls.

A kernel is known here by its apodization, the factor ``2 ** -((f / half) ** order)`` on the ramp:
``half`` is the frequency where it is one half. Noise that is white at the detector has the power
spectrum f * apodization**2 in the slice (Riederer et al., Phys Med Biol 1978,
doi 10.1088/0031-9155/23/3/008).
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class Kernel:
    """Apodization of the ramp, ``2 ** -((f / half) ** order)``; ``half`` in cycles/mm."""

    half: float
    order: float = 2.0

    def apodization(self, frequency: Tensor) -> Tensor:
        """The factor on the ramp at frequencies in cycles/mm, in [0, 1]."""
        return torch.exp2(-((frequency.abs() / self.half) ** self.order))

    @property
    def noise_variance(self) -> float:
        """Variance of the noise, relative to other kernels: the integral of f**2 apodization**2."""
        power = 3 / self.order
        return self.half**3 / self.order * math.gamma(power) * (2 * math.log(2)) ** -power


RAMP = Kernel(float("inf"))
SOFT, STANDARD, SHARP = Kernel(0.33, 2.2), Kernel(0.38, 2.2), Kernel(0.75, 4.5)
GENERIC = {"soft": SOFT, "standard": STANDARD, "sharp": SHARP}

# B30f and D45f: measured in the noise between doses of one patient. B10f, B31f, SOFT, STANDARD,
# LUNG and FC1x: medians of what `kernel_estimate` finds in normal-dose slices. The others stand
# between these in the order that their makers give them, and are approximate.
_NAMED = (
    (r"[BIJ][RV]?1\d[FSMHD]?", Kernel(0.30, 1.9)),  # Siemens
    (r"[BIJ][RV]?2\d[FSMHD]?", Kernel(0.33, 2.0)),
    (r"[BIJ][RV]?30[FSMHD]?", Kernel(0.364, 2.18)),
    (r"[BIJ][RV]?3[1-9][FSMHD]?", Kernel(0.37, 1.9)),
    (r"[BIJ][RV]?4[0-4][FSMHD]?", Kernel(0.43, 2.3)),
    (r"[BIJ][RV]?4[5-9][FSMHD]?", Kernel(0.55, 3.0)),
    (r"D45[FSMHD]?", Kernel(0.86, 5.0)),
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
    """The kernel of a DICOM Convolution Kernel (0018,1210), or soft, standard, sharp; else None.

    ``name`` may carry further values after a backslash or a space, such as ``Br40d 3``.
    """
    if not name:
        return None
    if name in GENERIC:
        return GENERIC[name]
    first = re.split(r"[\\\s,]", name.strip("[]'\" ").upper())[0].strip("'")
    return next((kernel for pattern, kernel in _NAMED if re.fullmatch(pattern, first)), None)
