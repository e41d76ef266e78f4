"""Measures against what is known: phantoms, closed forms, simulated faults and real slices."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from statistics import fmean, median
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

from distiliqa.ct import CTSlice, SliceInfo, index_ct
from distiliqa.metrics import (
    Disc,
    SliceMeasures,
    body_size,
    detectability,
    measure_slice,
    patient_mtf,
    patient_nps,
    ssde,
)
from distiliqa.metrics.patient_mtf import crossing
from distiliqa.simulate.acquisition import acquisition_of
from distiliqa.simulate.degradation import Degradation
from distiliqa.simulate.faults import Rod
from distiliqa.simulate.simulator import degrade
from tools.phantom.blurred_body import HALF_FREQUENCY, body

PIXEL = 0.5  # mm, of the phantom
BLURS = (0.2, 0.3, 0.4, 0.5, 0.6, 0.7)  # f50, 1/mm
FURTHER = 0.35  # f50 of the blur of real slices, 1/mm
RADII = (60.0, 80.0, 100.0, 130.0, 160.0, 190.0)  # mm
LADDERS: dict[str, dict[float, Callable[[float], Degradation]]] = {
    "views": dict.fromkeys(
        (720, 360, 180, 90), lambda n: Degradation(views=int(n), keep_dose=True)
    ),
    "ring": dict.fromkeys((0.01, 0.02, 0.05, 0.1), lambda gain: Degradation(ring=gain)),
    "metal": dict.fromkeys(
        (2.0, 5.0, 10.0, 15.0), lambda mm: Degradation(rods=(Rod(30.0, 0.0, mm / 2, "titanium"),))
    ),
}
OF_LADDERS = ("kits", "rider_pilot", "lungfcp")  # folders of normal dose

Record = dict[str, Any]


def record(data: Path) -> Record:
    """All figures of the page.

    Parameters
    ----------
    data : folder with ``ct-dev`` and ``ct-more``.
    """
    return {
        "blurs": blurs(),
        "real_blurs": real_blurs(data / "ct-dev" / "normal_dose"),
        "noise": noise(),
        "detectability": closed_form(),
        "diameter": diameters(),
        "ssde": dose_estimates(),
        "ladders": ladders(data / "ct-dev" / "normal_dose"),
        "starved": starved(data),
        "kernels": kernels(data / "ct-dev" / "dose_pairs" / "L143"),
    }


def blurs() -> list[Record]:
    """A body phantom of a known f50, without noise and with 15 HU, three times each."""
    return [
        {
            "f50": f50,
            "noise_hu": level,
            "found": [
                patient_mtf(body(f50, noise_hu=level, seed=seed), (PIXEL, PIXEL)).f50_per_mm
                for seed in range(3 if level else 1)
            ],
        }
        for f50 in BLURS
        for level in (0.0, 15.0)
    ]


def real_blurs(folder: Path) -> Record:
    """Real slices blurred by a Gaussian: f50 over that of their own MTF times the Gaussian's."""
    ratios, lost = [], 0
    for ct in slices_of(folder):
        own = patient_mtf(ct.hu, ct.spacing_mm)
        if own.response is None or ct.spacing_mm is None:
            continue
        sigma = HALF_FREQUENCY / FURTHER
        blurred = gaussian_filter(ct.hu, [sigma / pixel for pixel in ct.spacing_mm])
        found = patient_mtf(blurred, ct.spacing_mm).f50_per_mm
        if found is None:
            lost += 1
            continue
        expected = own.response * np.exp(-2 * (np.pi * sigma * own.frequency) ** 2)
        ratios.append(found / float(crossing(expected[np.newaxis], 0.5)[0]))
    return {"ratios": sorted(ratios), "without": lost}


def noise() -> Record:
    """White and colored noise of 20 HU: spectra, and the integral beside the variance."""
    size, pixel = 384, 0.7
    white = np.random.default_rng(0).normal(0, 20, (size, size))
    axis = np.fft.fftfreq(size, pixel)
    frequency = np.hypot(axis[:, np.newaxis], axis)
    shape = frequency**2 * np.exp(-((frequency / 0.3) ** 2))
    colored = np.fft.ifft2(np.fft.fft2(white) * shape).real
    flat = patient_nps(40 + white, (pixel, pixel))
    found = patient_nps(40 + 20 * colored / colored.std(), (pixel, pixel))
    if flat.radial is None or flat.spectrum is None:
        raise RuntimeError("white noise has no spectrum")
    seen = flat.radial.frequency > 0.2
    rings = flat.radial.frequency
    power = rings**4 * np.exp(-2 * (rings / 0.3) ** 2)
    return {
        "white_power": float(flat.radial.power[seen].mean() / (400 * pixel**2)),
        "white_integral_hu": flat.spectrum.noise,
        "peak": found.peak_per_mm,
        "peak_expected": 0.3,
        "mean": found.mean_per_mm,
        "mean_expected": float(np.average(rings, weights=power)),
    }


def closed_form() -> Record:
    """A disc in white noise without blur: by Parseval d'^2 is contrast^2 times area over power."""
    frequency, power = np.linspace(0, 1.2, 600), np.full(600, 400 * 0.49)
    found = detectability(frequency, np.ones(600), power, Disc())
    return {"found": found.npw, "expected": float(20 * np.sqrt(np.pi * 25 / power[0]))}


def diameters() -> list[Record]:
    """Cylinders of water on and off the middle."""
    return [
        {
            "diameter_mm": 2 * radius,
            "found": body_size(_water(radius, shift), (0.8, 0.8)).diameter_mm,
        }
        for radius in RADII
        for shift in (0.0, 13.0)
    ]


def dose_estimates() -> list[Record]:
    """SSDE of 10 mGy over diameter for both phantoms; None beyond the range."""
    return [
        {"phantom_cm": phantom, "dw_cm": cm, "found": ssde(10.0, 10.0 * cm, phantom).ssde_mgy}
        for phantom in (16, 32)
        for cm in (5, 10, 20, 30, 40, 50)
    ]


def ladders(folder: Path) -> dict[str, list[Record]]:
    """Streaks and rings of slices of three scanners with simulated faults, means."""
    chosen = [slices_of(folder / name)[5] for name in OF_LADDERS]
    return {
        kind: [
            {"strength": strength, **_faults([degraded(ct, made(strength)) for ct in chosen])}
            for strength, made in rungs.items()
        ]
        for kind, rungs in LADDERS.items()
    }


def starved(data: Path) -> dict[str, Record]:
    """Streaks of real slices at shoulders with too few photons, and of those at normal dose."""
    folders = {
        "photon starvation": data / "ct-more" / "bad_dose" / "lungfcp_0006",
        "normal dose": data / "ct-dev" / "normal_dose",
    }
    return {name: _faults(slices_of(folder)) for name, folder in folders.items()}


def kernels(folder: Path) -> list[Record]:
    """Each slice of the sharp kernel beside the nearest one of the soft kernel, full dose."""
    soft, sharp = (
        [(ct.position_mm or 0.0, measure_slice(ct)) for ct in slices_of(folder / name / "full")]
        for name in ("B30f", "D45f")
    )
    return [
        {
            "z_mm": z,
            "sharp": _sharpness(found),
            "soft": _sharpness(min(soft, key=lambda other: abs(other[0] - z))[1]),
        }
        for z, found in sharp
    ]


def _size(hu: NDArray[np.float32]) -> float | None:
    return body_size(hu, (0.8, 0.8)).diameter_mm


def _sharpness(found: SliceMeasures) -> Record:
    return {"f50": found.mtf.f50_per_mm, "peak": found.nps.peak_per_mm}


def slices_of(folder: Path) -> list[CTSlice]:
    return [info.read() for info in index_ct(folder).slices]


def _water(radius_mm: float, right_mm: float) -> NDArray[np.float32]:
    axis = (np.arange(512) - 255.5) * 0.8
    distance = np.hypot(axis[:, np.newaxis], axis - right_mm)
    return (1000 * (np.clip(0.5 + (radius_mm - distance) / 0.8, 0, 1) - 1)).astype(np.float32)


def degraded(ct: CTSlice, degradation: Degradation) -> CTSlice:
    if ct.spacing_mm is None:
        raise RuntimeError(f"{ct.path} has no pixel spacing")
    pixel = ct.spacing_mm[0]
    made = acquisition_of(ct.hu, pixel, ct.acquisition)
    hu = degrade(torch.from_numpy(ct.hu)[None], pixel, made, degradation, [1])[0].numpy()
    return CTSlice(hu, SliceInfo(spacing_mm=ct.spacing_mm))


def _faults(slices: Iterable[CTSlice]) -> Record:
    found = [measure_slice(ct) for ct in slices]
    return {
        "streaks_tissue": _median(one.streaks.tissue.index_hu for one in found),
        "streaks_air": _median(one.streaks.air.index_hu for one in found),
        "rings": fmean(one.rings.index_hu or 0.0 for one in found),
    }


def _median(values: Iterable[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return median(known) if known else None
