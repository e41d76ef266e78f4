"""Display window: HU to gray values from 0 to 1."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

MIN_WIDTH_HU, MAX_WINDOW_HU = 1e-3, 1e6


@dataclass(frozen=True)
class Window:
    """A linear window.

    The function is LINEAR_EXACT of DICOM PS3.3, C.11.2.1.3.2: values from level - width / 2 to
    level + width / 2 map to [0, 1], values below and above are clipped. The default shows soft
    tissue, [-135, 215] HU, as in DistilIQA (doi 10.1016/j.compbiomed.2024.108670).

    Attributes
    ----------
    width : float
        Width, HU, above 0.
    level : float
        Level (center), HU.

    Raises
    ------
    ValueError
        The width is not positive, or a value is not one of HU.
    """

    width: float = 350.0
    level: float = 40.0

    def __post_init__(self) -> None:
        if not self.width > 0:
            raise ValueError(f"window width must be positive, not {self.width}")
        if not (MIN_WIDTH_HU <= self.width <= MAX_WINDOW_HU and abs(self.level) <= MAX_WINDOW_HU):
            raise ValueError(f"no window of HU: width {self.width:g}, level {self.level:g}")

    @property
    def lower(self) -> float:
        """The HU that maps to 0."""
        return self.level - self.width / 2

    @property
    def upper(self) -> float:
        """The HU that maps to 1."""
        return self.level + self.width / 2

    def apply(self, hu: ArrayLike) -> NDArray[np.floating]:
        """Map HU of any shape to [0, 1]; float32 stays float32, all else becomes float64."""
        hu = np.asarray(hu)
        if hu.dtype != np.float32:
            hu = hu.astype(np.float64)
        shown = np.clip(hu, self.lower, self.upper)
        shown -= self.lower
        shown /= self.width
        return shown


SOFT_TISSUE = Window()
