"""Made noise, compared."""

from __future__ import annotations

import numpy as np
import pytest
from tools.make_docs.noise_comparison import compare_noise, tapered

from distiliqa.metrics import difference_power_spectrum


def band(center: float, seed: int) -> np.ndarray:
    """Noise around a frequency, cycles/mm, in 128 x 128 pixels of 0.8 mm."""
    axis = np.fft.fftfreq(128, 0.8)
    gain = np.exp(-(((np.hypot(axis, axis[:, None]) - center) / 0.08) ** 2))
    white = np.random.default_rng(seed).standard_normal((128, 128))
    noise = np.fft.ifft2(np.fft.fft2(white) * gain).real
    return 20 * noise / noise.std()


@pytest.mark.parametrize("center", [0.2, 0.4])
def test_the_peak_of_a_tapered_region_is_where_the_noise_is(center: float) -> None:
    y, x = np.mgrid[:128, :128] - 64
    window = tapered(np.hypot(x, y) < 50)
    spectrum = difference_power_spectrum(band(center, 1), window, (0.8, 0.8))
    rings = spectrum.radial(np.arange(0.05, 0.625, 0.025))
    assert rings.peak_frequency == pytest.approx(center, rel=0.1)


def test_comparison_separates_amount_from_texture() -> None:
    full = np.full((128, 128), 50.0)
    found = compare_noise(full, full + band(0.4, 1), full + 2 * band(0.2, 2), 0.8)
    assert found.ratio == pytest.approx(0.5, rel=0.1)
    assert found.peak_ratio == pytest.approx(2, rel=0.15)
