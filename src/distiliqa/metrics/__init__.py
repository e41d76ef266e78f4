"""Classical metrics of CT images in HU: of one image, and of an image against its reference."""

from distiliqa.metrics.body_shape import BodyShape, body_shape, water_equivalent_diameter
from distiliqa.metrics.body_tissue import BodyTissue
from distiliqa.metrics.gmsd import gmsd
from distiliqa.metrics.noise_level import NoiseLevel, global_noise_level, noise_level, noise_map
from distiliqa.metrics.noise_power_spectrum import (
    NoisePowerSpectrum,
    RadialSpectrum,
    difference_power_spectrum,
    noise_power_spectrum,
    tiles,
)
from distiliqa.metrics.patient_mtf import PatientMtf, patient_mtf
from distiliqa.metrics.psnr import psnr
from distiliqa.metrics.slice_parts import SliceParts
from distiliqa.metrics.ssim import ssim
from distiliqa.metrics.vif import vif

__all__ = [
    "BodyShape",
    "BodyTissue",
    "NoiseLevel",
    "NoisePowerSpectrum",
    "PatientMtf",
    "RadialSpectrum",
    "SliceParts",
    "body_shape",
    "difference_power_spectrum",
    "global_noise_level",
    "gmsd",
    "noise_level",
    "noise_map",
    "noise_power_spectrum",
    "patient_mtf",
    "psnr",
    "ssim",
    "tiles",
    "vif",
    "water_equivalent_diameter",
]
