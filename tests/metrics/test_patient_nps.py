from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from distiliqa.ct import index_ct
from distiliqa.metrics import SliceParts, global_noise_level, patient_nps
from distiliqa.metrics.patient_nps import pooled_nps, region_sums

PIXEL = 0.7
PIXELS = (PIXEL, PIXEL)


def white(noise_hu: float, seed: int = 0, size: int = 384) -> np.ndarray:
    return 40 + np.random.default_rng(seed).normal(0, noise_hu, (size, size))


def colored(noise_hu: float, size: int = 384) -> np.ndarray:
    """Noise with a spectrum like that of a sharp kernel, f^4 exp(-2 (f / 0.3)^2)."""
    axis = np.fft.fftfreq(size, PIXEL)
    frequency = np.hypot(axis[:, np.newaxis], axis)
    response = frequency**2 * np.exp(-((frequency / 0.3) ** 2))
    noise = np.fft.ifft2(np.fft.fft2(white(1) - 40) * response).real
    return 40 + noise_hu / noise.std() * noise


def test_white_noise_recovers_its_spectrum():
    found = patient_nps(white(20), PIXELS)
    frequency, power = found.radial
    seen = frequency > 0.2  # planes are taken out below, and widen their ring
    assert power[seen] == pytest.approx(np.full(seen.sum(), 400 * PIXEL**2), rel=0.15)
    # regions have at most the noise level: at most 7 % less power
    assert 0.93 < power[seen].mean() / (400 * PIXEL**2) < 1
    assert (found.regions, found.side) == (200, 9)


def test_colored_noise_recovers_its_spectrum():
    found = patient_nps(colored(20), PIXELS)
    assert found.peak_per_mm == pytest.approx(0.3, abs=0.02)
    rings = found.radial.frequency
    expected = rings**4 * np.exp(-2 * (rings / 0.3) ** 2)
    assert found.mean_per_mm == pytest.approx(np.average(rings, weights=expected), rel=0.05)
    seen = (rings > 0.15) & (rings < 0.6)
    assert np.corrcoef(found.radial.power[seen], expected[seen])[0, 1] > 0.98


def test_the_integral_is_the_variance_of_the_leveled_regions():
    parts = SliceParts(white(15), PIXELS)
    sums = region_sums(parts)
    found = pooled_nps([sums], PIXEL)
    variance = sums.correlation[0, 0] / (sums.regions * found.side**2)
    assert found.spectrum.noise**2 == pytest.approx(variance, rel=1e-9)
    assert found.spectrum.noise == pytest.approx(15, rel=0.05)


def test_the_spectrum_is_that_of_regions_padded_with_zeros():
    side, pad = 9, 72
    x = np.mgrid[:side, :side][1] - 4
    wave = 10 * np.cos(2 * np.pi * 0.25 * x)
    wave -= wave.mean()
    power = np.abs(np.fft.rfft2(wave, (18, 18))) ** 2
    correlation = np.fft.irfft2(power, (18, 18))
    found = pooled_nps([type(region_sums(SliceParts(white(9), PIXELS)))(correlation, 1)], PIXEL)
    expected = np.fft.fftshift(np.abs(np.fft.fft2(wave, (pad, pad))) ** 2) * PIXEL**2 / side**2
    np.testing.assert_allclose(found.spectrum.power, expected, atol=1e-9 * expected.max())


def test_regions_with_edges_do_not_count():
    hu = white(10)
    plain = patient_nps(hu, PIXELS)
    hu[:, ::24] += 200
    found = patient_nps(hu, PIXELS)
    assert found.spectrum.noise == pytest.approx(plain.spectrum.noise, rel=0.1)


def test_two_slices_have_an_interval():
    parts = [SliceParts(white(10, seed), PIXELS) for seed in range(4)]
    found = pooled_nps([region_sums(part) for part in parts], PIXEL)
    low, high = found.interval_per_mm
    assert low < found.mean_per_mm < high
    assert high - low < 0.02
    assert found.regions == 800


@pytest.mark.parametrize(
    ("hu", "spacing_mm", "reason"),
    [
        (white(10) - 1000, PIXELS, "too little soft tissue"),
        (np.full((128, 128), 40.0), PIXELS, "no noise"),
        (white(10, size=48), PIXELS, "fewer than 30 plain regions of soft tissue"),
        (white(10), None, "not known"),
        (white(10), (0.7, 1.0), "not square"),
    ],
)
def test_what_has_no_spectrum_has_a_reason(hu, spacing_mm, reason: str):
    found = patient_nps(hu, spacing_mm)
    assert (found.mean_per_mm, found.peak_per_mm, found.spectrum) == (None, None, None)
    assert reason in found.reason


def test_sharp_kernels_have_higher_frequencies(real_pairs: Path):
    found = {}
    for kernel in ("B30f", "D45f"):
        slices = [slice_.read() for slice_ in index_ct(real_pairs / kernel).slices]
        found[kernel] = [patient_nps(ct.hu, ct.spacing_mm) for ct in slices]
        noise = [global_noise_level(ct.hu, ct.spacing_mm) for ct in slices]
        assert all(
            0.75 * level < nps.spectrum.noise <= level
            for level, nps in zip(noise, found[kernel], strict=True)
        )
    soft, sharp = found["B30f"], found["D45f"]
    assert max(nps.mean_per_mm for nps in soft) < min(nps.mean_per_mm for nps in sharp)
    assert max(nps.peak_per_mm for nps in soft) < min(nps.peak_per_mm for nps in sharp)
