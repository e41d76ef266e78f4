"""One processing of an image, such as a denoiser, noise, blur or compression."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from distiliqa.errors import DistiliqaError
from distiliqa.simulate.processing import (
    added_noise,
    classical_denoisers,
    displacement,
    hu_values,
    lossy_codecs,
    resolution,
)
from distiliqa.simulate.processing.denoising_network import denoising_network
from distiliqa.simulate.processing.iterative_blend import iterative_blend
from distiliqa.simulate.processing.kinds import KINDS, Kind
from distiliqa.simulate.processing.non_local_means import prepared_non_local_means
from distiliqa.simulate.processing.preparation import (
    Image,
    Preparation,
    Process,
    air_outside,
    within_field_of_view,
)
from distiliqa.simulate.processing.thick_slice import Neighbors

_PREPARED: dict[str, Callable[[Preparation], Process]] = {
    "white_noise": added_noise.white,
    "ct_noise": added_noise.of_ct,
    "blotchy_noise": added_noise.blotchy,
    "gaussian_blur": resolution.gaussian_blur,
    "downsampling": resolution.downsampling,
    "sharpening": resolution.sharpening,
    "median": classical_denoisers.median,
    "bilateral": classical_denoisers.bilateral,
    "total_variation": classical_denoisers.total_variation,
    "wavelet": classical_denoisers.wavelet,
    "iterative_blend": iterative_blend,
    "denoising_network": denoising_network,
    "non_local_means": prepared_non_local_means,
    "smear": displacement.smear,
    "ghost": displacement.ghost,
    "shift": displacement.shift,
    "jpeg": lossy_codecs.jpeg,
    "jpeg2000": lossy_codecs.jpeg2000,
    "contrast_loss": hu_values.contrast_loss,
    "hu_scale": hu_values.hu_scale,
    "hu_offset": hu_values.hu_offset,
    "thick_slice": resolution.thick_slice,
}


@dataclass(frozen=True)
class Processing:
    """A kind of processing and its strength.

    Attributes
    ----------
    kind : key of `KINDS`.
    strength : in the unit of the kind; its neutral strength changes nothing.
    seed : of what the kind draws. One seed has the same draw at every strength.
    weights : file of a denoising network.

    Raises
    ------
    DistiliqaError : there is no such kind or strength, or the kind needs weights.
    """

    kind: str
    strength: float
    seed: int = 0
    weights: Path | None = None

    def __post_init__(self) -> None:
        if self.kind not in _PREPARED:
            raise DistiliqaError(
                f"no processing {self.kind!r}", remedy="give one of " + ", ".join(_PREPARED)
            )
        low, high = self.facts.allowed
        if not (math.isfinite(self.strength) and low <= self.strength <= high):
            allowed = f"{low:g} or more" if high == math.inf else f"{low:g} to {high:g}"
            raise DistiliqaError(
                f"{self.kind} has no strength {self.strength:g}",
                remedy=f"give {allowed} ({self.facts.unit})",
            )
        if (self.facts.needs == "weights") != (self.weights is not None):
            raise DistiliqaError(
                f"{self.kind} {'needs a' if self.weights is None else 'takes no'} weights file",
                remedy="name a file with denoising_network, and with no other kind",
            )

    def __str__(self) -> str:
        weights = "" if self.weights is None else f":{self.weights.name}"
        return f"{self.kind}:{self.strength:g}{weights}"

    @property
    def facts(self) -> Kind:
        """Facts of the kind."""
        return KINDS[self.kind]

    @property
    def displacement_mm(self) -> float:
        """Root mean square of the displacement that it makes, mm."""
        return displacement.rms_displacement_mm(self.kind, self.strength)

    def prepared(self, hu: Image, spacing_mm: float, neighbors: Neighbors | None = None) -> Process:
        """Prepare the processing of one slice.

        The noise level that a denoiser needs is estimated here, and noise and directions are drawn
        here. So the result does the same to the slice, to the slice with a probe and without noise.

        Parameters
        ----------
        hu : float32, (rows, columns), HU.
        neighbors : adjacent slices, for thick slices. Their noise stays in the result.

        Returns
        -------
        A function from (rows, columns), HU, to float32 of the same shape. Padding outside the field
        of view stays as it is.

        Raises
        ------
        ValueError : a thick slice without the neighbors that it covers.
        """
        if self.strength == self.facts.neutral:
            return lambda image: image.astype(np.float32)
        given = Preparation(
            air_outside(hu), spacing_mm, self.strength, self.seed, neighbors, self.weights
        )
        return within_field_of_view(_PREPARED[self.kind](given))


def parse_processing(text: str) -> Processing:
    """Parse ``KIND:STRENGTH``, or ``KIND:STRENGTH:FILE`` for a kind that needs weights.

    Raises
    ------
    DistiliqaError : as `Processing`, and for a kind that a single slice is not enough for.
    """
    name, _, rest = text.partition(":")
    number, _, file = rest.partition(":")
    if name in KINDS and KINDS[name].needs == "neighbors":
        raise DistiliqaError(
            f"{name} needs adjacent slices, and each slice is processed alone",
            remedy="give another kind",
        )
    try:
        strength = float(number)
    except ValueError as error:
        raise DistiliqaError(
            f"no strength in {text!r}", remedy="give KIND:STRENGTH, as in median:3"
        ) from error
    return Processing(name, strength, weights=Path(file) if file else None)
