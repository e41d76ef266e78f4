"""What several measures of a slice share: its body, its boxes, its noise level and its pixels."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from distiliqa.ct.crop_or_pad import AIR_HU
from distiliqa.ct.spacing import is_of_ct, square_warnings
from distiliqa.metrics.body_blocks import BodyBlocks, body_blocks
from distiliqa.metrics.body_outline import BodyOutline, body_outline
from distiliqa.metrics.body_shape import BodyShape, shape_of_blocks
from distiliqa.metrics.hu_offset import hu_offset
from distiliqa.metrics.noise_boxes import Boxes, boxes
from distiliqa.metrics.noise_level import NoiseLevel, global_noise_level, recorded

NO_SPACING = "the pixel spacing is not known"
NO_BODY = "no body in the image"


class NotMeasurable(Exception):
    """A measure has no value; the message is the reason, one short sentence."""


@dataclass(frozen=True, eq=False)
class SliceParts:
    """A slice, and what its measures share, each computed when it is first asked for.

    Attributes
    ----------
    hu : ndarray
        (rows, columns), HU; sides of 32 pixels or more.
    spacing_mm : tuple[float, float] or None
        Pixel spacing (between rows, between columns), mm; None where it is not known.
    """

    hu: NDArray[np.floating]
    spacing_mm: tuple[float, float] | None

    @cached_property
    def range_hu(self) -> tuple[float, float]:
        """Lowest and highest value, HU."""
        return float(self.hu.min()), float(self.hu.max())

    @cached_property
    def blocks(self) -> BodyBlocks:
        """Coarse blocks."""
        return body_blocks(self.hu)

    @cached_property
    def shape(self) -> BodyShape:
        """Shape of the body, and what it is made of."""
        return shape_of_blocks(self.blocks, self.spacing_mm)

    @cached_property
    def outline(self) -> BodyOutline:
        """The body; raises `NotMeasurable` where none is seen or the values are shifted."""
        if self.shift is not None:
            raise NotMeasurable(self.shift)
        found = body_outline(self.hu, self.blocks)
        if found is None:
            raise NotMeasurable(NO_BODY)
        return found

    @cached_property
    def offset_hu(self) -> float | None:
        """Common offset of all values, rounded to 10 HU, see `hu_offset`; None for none."""
        offset = hu_offset(self.hu)
        return None if offset is None else round(offset, -1)

    @cached_property
    def shift(self) -> str | None:
        """What is wrong with all values; None for values that are HU."""
        if self.offset_hu is None:
            return None
        side = "high" if self.offset_hu > 0 else "low"
        return (
            f"values are {abs(self.offset_hu):.0f} HU too {side}: air lies at "
            f"{AIR_HU + self.offset_hu:.0f}, not at {AIR_HU:.0f} HU"
        )

    @cached_property
    def spacing(self) -> tuple[float, float]:
        """Pixel spacing, mm; raises `NotMeasurable` where it is not known or not of CT."""
        if self.spacing_mm is None:
            raise NotMeasurable(NO_SPACING)
        rows, columns = self.spacing_mm
        if not is_of_ct(rows, columns):
            raise NotMeasurable(f"pixels of {rows:.3g} x {columns:.3g} mm, which no CT has")
        return self.spacing_mm

    @cached_property
    def pixel_mm(self) -> float:
        """Side of square pixels, mm; raises `NotMeasurable` for others: they were resampled."""
        rows, columns = self.spacing
        if square_warnings(rows, columns):
            raise NotMeasurable(f"pixels of {rows:.3g} x {columns:.3g} mm are not square")
        return rows

    @cached_property
    def boxes(self) -> Boxes:
        """Boxes of 6 mm; raises `NotMeasurable` as `pixel_mm`, or where the values are shifted."""
        if self.shift is not None:
            raise NotMeasurable(self.shift)
        return boxes(self.hu, self.pixel_mm)

    @cached_property
    def noise_hu(self) -> float | None:
        """Global noise level, HU; None for too little soft tissue, or too small an image."""
        return global_noise_level(self.hu, self.spacing_mm)

    @property
    def known_noise_hu(self) -> float:
        """Global noise level, HU; raises `NotMeasurable` where there is none."""
        if self.noise_hu is None:
            raise NotMeasurable(self.noise.reason)
        return self.noise_hu

    @property
    def noise(self) -> NoiseLevel:
        """The same with its parameters; without a value where the values are shifted."""
        if self.shift is not None:
            return NoiseLevel(None, reason=self.shift)
        return recorded(self.noise_hu, self.spacing_mm, self.hu.shape)
