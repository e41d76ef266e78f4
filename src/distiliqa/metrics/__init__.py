"""Classical metrics of CT images, in HU."""

from distiliqa.metrics.noise_level import global_noise_level
from distiliqa.metrics.noise_map import noise_map

__all__ = ["global_noise_level", "noise_map"]
