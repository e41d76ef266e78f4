"""Classical metrics of CT images in HU: of one image, and of an image against its reference."""

from distiliqa.metrics.body_shape import BodyShape, body_shape, water_equivalent_diameter
from distiliqa.metrics.body_size import BodySize, body_size
from distiliqa.metrics.body_tissue import BodyTissue
from distiliqa.metrics.detectability import Detectability, Disc, Eye, detectability
from distiliqa.metrics.gmsd import gmsd
from distiliqa.metrics.noise_level import NoiseLevel, global_noise_level, noise_level, noise_map
from distiliqa.metrics.noise_power_spectrum import (
    NoisePowerSpectrum,
    difference_power_spectrum,
    noise_power_spectrum,
    tiles,
)
from distiliqa.metrics.off_center import OffCenter, off_center
from distiliqa.metrics.patient_mtf import PatientMtf, patient_mtf
from distiliqa.metrics.patient_nps import PatientNps, patient_nps
from distiliqa.metrics.psnr import psnr
from distiliqa.metrics.radial_spectrum import RadialSpectrum
from distiliqa.metrics.ring_index import RingIndex, ring_index
from distiliqa.metrics.series_measures import (
    PooledMeasures,
    SeriesMeasures,
    measure_series,
    pooled_measures,
)
from distiliqa.metrics.slice_measures import Evidence, SliceMeasures, measure_slice
from distiliqa.metrics.slice_parts import SliceParts
from distiliqa.metrics.ssde import ReportedDose, Ssde, ssde
from distiliqa.metrics.ssim import ssim
from distiliqa.metrics.streak_index import StreakIndex, Streaks, streak_index
from distiliqa.metrics.tissue_noise import TissueNoise, tissue_noise
from distiliqa.metrics.vif import vif

__all__ = [
    "BodyShape",
    "BodySize",
    "BodyTissue",
    "Detectability",
    "Disc",
    "Evidence",
    "Eye",
    "NoiseLevel",
    "NoisePowerSpectrum",
    "OffCenter",
    "PatientMtf",
    "PatientNps",
    "PooledMeasures",
    "RadialSpectrum",
    "ReportedDose",
    "RingIndex",
    "SeriesMeasures",
    "SliceMeasures",
    "SliceParts",
    "Ssde",
    "StreakIndex",
    "Streaks",
    "TissueNoise",
    "body_shape",
    "body_size",
    "detectability",
    "difference_power_spectrum",
    "global_noise_level",
    "gmsd",
    "measure_series",
    "measure_slice",
    "noise_level",
    "noise_map",
    "noise_power_spectrum",
    "off_center",
    "patient_mtf",
    "patient_nps",
    "pooled_measures",
    "psnr",
    "ring_index",
    "ssde",
    "ssim",
    "streak_index",
    "tiles",
    "tissue_noise",
    "vif",
    "water_equivalent_diameter",
]
