from __future__ import annotations

import numpy as np
import pytest

from distiliqa.metrics import (
    RadialSpectrum,
    difference_power_spectrum,
    noise_power_spectrum,
    tiles,
)

SPACING = (0.8, 0.5)


def white(noise: float, *shape: int) -> np.ndarray:
    return np.random.default_rng(0).normal(0, noise, shape)


def test_white_noise_is_flat_at_its_variance_times_the_pixel() -> None:
    found = noise_power_spectrum(white(20, 400, 32, 48), SPACING)
    expected = 20**2 * 0.8 * 0.5
    frequency, power = found.radial()
    assert power[2:] == pytest.approx(np.full(len(power) - 2, expected), rel=0.05)
    assert power[1:] == pytest.approx(np.full(len(power) - 1, expected), rel=0.15)
    assert found.noise == pytest.approx(20, rel=0.01)
    assert np.diff(frequency) == pytest.approx(np.full(len(frequency) - 1, 1 / 24), rel=0.3)
    assert frequency[-1] == pytest.approx(0.625, rel=0.05)  # Nyquist of the rows


def test_correlated_noise_has_the_spectrum_of_its_filter() -> None:
    """White noise of 10 HU through f exp(-(f / 0.3)^2), the shape of a smooth kernel's noise."""
    rows, columns = np.fft.fftfreq(64, 0.8), np.fft.fftfreq(64, 0.8)
    frequency = np.hypot(rows[:, np.newaxis], columns)
    response = frequency * np.exp(-((frequency / 0.3) ** 2))
    noise = np.fft.ifft2(np.fft.fft2(white(10, 200, 64, 64)) * response).real
    found = noise_power_spectrum(noise + 40, (0.8, 0.8))
    expected = np.fft.fftshift(100 * 0.64 * response**2)
    plain = np.fft.fftshift(frequency) > 0.08  # the surface that is taken out is below
    assert np.corrcoef(found.power[plain], expected[plain])[0, 1] > 0.97
    assert found.power[plain].sum() == pytest.approx(expected[plain].sum(), rel=0.02)
    assert found.radial().peak_frequency == pytest.approx(0.3 / np.sqrt(2), abs=0.03)
    radial = np.linspace(0, 0.625, 1000)
    shape = (radial * np.exp(-((radial / 0.3) ** 2))) ** 2
    assert found.radial().mean_frequency == pytest.approx(
        np.average(radial, weights=shape), rel=0.02
    )
    assert found.noise == pytest.approx(noise.std(), rel=0.02)


def test_a_difference_gives_the_noise_of_a_region_of_any_shape() -> None:
    y, x = np.mgrid[:96, :96] - 48
    window = np.clip(40 - np.hypot(x, y), 0, 3)
    difference = white(15, 96, 96)
    difference[window == 0] = 1000
    found = difference_power_spectrum(difference, window, SPACING)
    assert found.noise == pytest.approx(15, rel=0.05)
    _, power = found.radial(np.arange(0, 0.6, 0.1))
    assert power == pytest.approx(np.full(5, 15**2 * 0.8 * 0.5), rel=0.15)


def test_the_peak_of_a_flat_top_is_its_middle() -> None:
    power = np.array([0, 0, 9, 11, 10, 10, 9, 10, 0, 0], float)
    spectrum = RadialSpectrum(np.arange(0.05, 1, 0.1), power)
    assert spectrum.peak_frequency == pytest.approx(0.5, abs=0.01)
    assert spectrum.mean_frequency == pytest.approx(0.5, abs=0.01)


def test_a_direction_shows_on_its_axis() -> None:
    stripes = np.sin(2 * np.pi * np.arange(40) * 5 / 40) * np.ones((40, 1))  # 5 turns in 20 mm
    found = noise_power_spectrum(stripes, (0.5, 0.5))
    rows, columns = found.axes
    row, column = np.unravel_index(np.argmax(found.power), found.power.shape)
    assert (rows[row], abs(columns[column])) == (0, pytest.approx(0.25))
    assert found.noise == pytest.approx(np.sqrt(0.5), rel=0.02)


def test_shading_is_not_noise() -> None:
    y, x = np.mgrid[:32, :32] / 32
    shading = 40 + 30 * y - 20 * x + 50 * x * y + 80 * y**2 - 60 * x**2
    noise = white(5, 50, 32, 32)
    found, plain = (noise_power_spectrum(rois, SPACING) for rois in (noise + shading, noise))
    np.testing.assert_allclose(found.power, plain.power, atol=1e-8)


def test_tiles_overlap_by_half_and_lie_in_the_mask() -> None:
    image = np.arange(12 * 16).reshape(12, 16)
    found = tiles(image, 8)
    assert found.shape == (2 * 3, 8, 8)
    np.testing.assert_array_equal(found[4], image[4:12, 4:12])
    mask = np.ones(image.shape, bool)
    mask[0, 5] = False
    np.testing.assert_array_equal(tiles(image, 8, mask), found[2:])
    assert noise_power_spectrum(found, SPACING).power.shape == (8, 8)
    assert tiles(image, 8, step=2).shape == (3 * 5, 8, 8)
    assert tiles(image, 13).shape == (0, 13, 13)


@pytest.mark.parametrize("shape", [(8,), (0, 8, 8), (3, 8)])
def test_what_is_no_region_is_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="regions are"):
        noise_power_spectrum(np.zeros(shape), SPACING)
