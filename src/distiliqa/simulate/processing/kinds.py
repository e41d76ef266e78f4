"""Kinds of processing of an image, as a table: unit, ladder of strengths, and what they do."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

Family = Literal[
    "noise",
    "blur",
    "sampling",
    "sharpening",
    "denoiser",
    "codec",
    "displacement",
    "contrast",
    "scale",
]


@dataclass(frozen=True)
class Kind:
    """Facts of one kind of processing.

    Attributes
    ----------
    family : what it resembles.
    unit : of the strength.
    ladder : strengths from none, which changes nothing, over barely visible to useless.
    meaning : what it does.
    allowed : lowest and highest strength.
    makes_processed : whether the texture of the result is no longer that of noise.
    draws : whether noise or a direction is drawn from the seed.
    needs : what it needs besides the slice.
    source : publication of the method.
    """

    family: Family
    unit: str
    ladder: tuple[float, ...]
    meaning: str
    allowed: tuple[float, float] = (0.0, math.inf)
    makes_processed: bool = False
    draws: bool = False
    needs: Literal["neighbors", "weights"] | None = None
    source: str = ""

    @property
    def neutral(self) -> float:
        """Strength that changes nothing."""
        return self.ladder[0]

    @property
    def limits(self) -> tuple[float, float]:
        """Strength that is barely visible, and the one that leaves the image useless."""
        return self.ladder[1], self.ladder[-1]


_NOISE_LEVELS = (0, 3, 5, 10, 20, 40, 80)
_BLEND = (0, 0.15, 0.3, 0.45, 0.6, 0.8, 1)

KINDS: dict[str, Kind] = {
    "white_noise": Kind(
        "noise",
        "HU",
        _NOISE_LEVELS,
        "Adds noise that is independent from pixel to pixel, of this standard deviation.",
        draws=True,
    ),
    "ct_noise": Kind(
        "noise",
        "HU",
        _NOISE_LEVELS,
        "Adds noise with the power spectrum of the reconstruction kernel of the slice.",
        draws=True,
        source="Riederer et al. 1978, doi 10.1088/0031-9155/23/3/008",
    ),
    "blotchy_noise": Kind(
        "noise",
        "HU",
        (0, 2, 4, 7, 12, 20, 40),
        "Adds noise in blotches of 3 mm.",
        draws=True,
    ),
    "gaussian_blur": Kind(
        "blur",
        "mm",
        (0, 0.8, 1.2, 1.8, 2.5, 4, 6),
        "Blurs with a Gaussian of this full width at half maximum.",
    ),
    "downsampling": Kind(
        "sampling",
        "factor",
        (1, 1.2, 1.5, 2, 2.5, 3.5, 5, 8),
        "Averages over larger pixels, and enlarges them again.",
        allowed=(1.0, 32.0),
    ),
    "sharpening": Kind(
        "sharpening",
        "factor",
        (0, 0.25, 0.5, 1, 2, 4, 8),
        "Adds this many times the detail finer than 1 mm (unsharp mask).",
    ),
    "median": Kind(
        "denoiser",
        "pixels",
        (1, 3, 5, 7, 9, 11, 15),
        "Takes the median of a square with this side; odd.",
        allowed=(1.0, 31.0),
        makes_processed=True,
    ),
    "bilateral": Kind(
        "denoiser",
        "noise levels",
        (0, 0.4, 0.7, 1, 1.5, 3, 6, 12),
        "Averages nearby pixels of similar HU; the strength says how similar.",
        makes_processed=True,
        source="Tomasi and Manduchi 1998, doi 10.1109/ICCV.1998.710815",
    ),
    "non_local_means": Kind(
        "denoiser",
        "noise levels",
        (0, 0.1, 0.2, 0.3, 0.4, 1, 2.5, 6),
        "Averages pixels with similar surroundings, as `--smoothing` does.",
        makes_processed=True,
        source="Buades et al. 2005, doi 10.1109/CVPR.2005.38",
    ),
    "total_variation": Kind(
        "denoiser",
        "noise levels",
        (0, 0.2, 0.4, 0.8, 1.5, 3, 7),
        "Minimizes the sum of all differences between neighboring pixels.",
        makes_processed=True,
        source="Chambolle 2004, doi 10.1023/B:JMIV.0000011325.36760.1e",
    ),
    "wavelet": Kind(
        "denoiser",
        "noise levels",
        (0, 0.15, 0.3, 0.6, 1, 2, 4, 8),
        "Reduces wavelet coefficients by a threshold.",
        makes_processed=True,
        source="Donoho and Johnstone 1994, doi 10.1093/biomet/81.3.425",
    ),
    "iterative_blend": Kind(
        "denoiser",
        "share",
        _BLEND,
        "Blends in an image that keeps edges, as hybrid iterative reconstruction does.",
        allowed=(0.0, 1.0),
        makes_processed=True,
        source="Thibault et al. 2007, doi 10.1118/1.2789499",
    ),
    "denoising_network": Kind(
        "denoiser",
        "share",
        _BLEND,
        "Blends in the output of a small neural network.",
        allowed=(0.0, 1.0),
        makes_processed=True,
        needs="weights",
        source="Zhang et al. 2017, doi 10.1109/TIP.2017.2662206",
    ),
    "smear": Kind(
        "displacement",
        "mm",
        (0, 1, 1.5, 2.5, 4, 6, 10),
        "Blurs along a line of this length and a drawn direction, as motion does.",
        draws=True,
    ),
    "ghost": Kind(
        "displacement",
        "mm",
        (0, 0.4, 0.8, 1.5, 2.5, 4, 7, 12),
        "Adds a copy at this distance in a drawn direction, with a share of 0.4.",
        draws=True,
    ),
    "shift": Kind(
        "displacement",
        "mm",
        (0, 0.5, 1, 2, 4, 8, 16),
        "Shifts the slice in a drawn direction.",
        draws=True,
    ),
    "jpeg": Kind(
        "codec",
        "quality",
        (100, 90, 75, 60, 40, 25, 12, 5),
        "Stores the soft-tissue window as a JPEG picture of 8 bits.",
        allowed=(1.0, 100.0),
        source="ISO/IEC 10918-1",
    ),
    "jpeg2000": Kind(
        "codec",
        "ratio",
        (1, 8, 12, 20, 35, 60, 100, 160),
        "Compresses 12 bits of HU by this ratio.",
        allowed=(1.0, 1000.0),
        source="ISO/IEC 15444-1",
    ),
    "contrast_loss": Kind(
        "contrast",
        "factor",
        (1, 0.9, 0.8, 0.65, 0.5, 0.35, 0.2),
        "Multiplies the contrast of soft tissue; its noise stays.",
        allowed=(0.0, 1.0),
    ),
    "hu_scale": Kind(
        "scale",
        "factor",
        (1, 0.95, 0.9, 0.8, 0.65, 0.5, 0.3),
        "Multiplies all HU, as a wrong rescale slope does.",
        allowed=(0.01, 100.0),
    ),
    "hu_offset": Kind(
        "scale",
        "HU",
        (0, 5, 10, 25, 50, 100, 200),
        "Adds to all HU, as a wrong rescale intercept does.",
        allowed=(-4096.0, 4096.0),
    ),
    "thick_slice": Kind(
        "blur",
        "mm",
        (0, 2, 3, 5, 8, 12, 20),
        "Averages adjacent slices over this thickness.",
        needs="neighbors",
    ),
}
