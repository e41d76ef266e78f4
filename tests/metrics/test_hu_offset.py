from __future__ import annotations

from itertools import cycle
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from distiliqa.ct import index_ct
from distiliqa.ct.hu import checked
from distiliqa.metrics.hu_offset import hu_offset

OFFSETS = (-1024, -1000, -100, 80, 100, 300, 1000, 1024)


def slice_of(*parts: tuple[float, float], noise: float = 12.0) -> NDArray[np.float32]:
    """Ellipses of HU in air, as ``(HU, radius)``, from the outermost inwards."""
    rng = np.random.default_rng(0)
    y, x = np.mgrid[:512, :512] - 256.0
    hu = np.full((512, 512), -1000.0)
    for value, radius in parts:
        hu[(x / radius) ** 2 + (1.3 * y / radius) ** 2 < 1] = value
    return (hu + rng.normal(0, np.where(hu > -900, noise, noise / 3))).astype(np.float32)


def filled(hu: NDArray[np.float32], value: float) -> NDArray[np.float32]:
    """With ``value`` outside the field of view, as scanners and this reader leave it."""
    y, x = np.mgrid[:512, :512] - 255.5
    return np.where(np.hypot(x, y) > 256, np.float32(value), hu)


PATIENT = slice_of((-90, 180), (50, 160), (100, 60), (180, 20), (400, 15))
WATER = slice_of((0, 150), noise=5)
BOTTLE = slice_of((120, 150), (0, 130), noise=5)
CHEST = slice_of((-100, 190), (55, 170), (-870, 140), (40, 60))


@pytest.mark.parametrize("image", [PATIENT, WATER, BOTTLE, CHEST])
def test_sound_slices_have_none(image: NDArray[np.float32]):
    assert hu_offset(image) is None
    for fill in (-1000, -1024):
        assert hu_offset(filled(image, fill)) is None


@pytest.mark.parametrize("offset", OFFSETS)
@pytest.mark.parametrize("image", [PATIENT, WATER, BOTTLE, CHEST])
def test_an_offset_is_found_with_fat_and_without(image: NDArray[np.float32], offset: float):
    assert hu_offset(image + offset) == pytest.approx(offset, abs=5)


@pytest.mark.parametrize("offset", [100, 1000])
def test_what_fills_the_corners_hides_no_offset(offset: float):
    assert hu_offset(filled(PATIENT + offset, -1000)) == pytest.approx(offset, abs=5)
    assert hu_offset(filled(PATIENT, -1024) + offset) == pytest.approx(offset, abs=5)


def test_what_fills_the_corners_is_not_taken_for_air():
    assert hu_offset(filled(PATIENT, -2048) + 1024) == pytest.approx(1024, abs=5)


def test_dark_streaks_in_smooth_air_hide_no_offset():
    streaked = PATIENT.copy()
    streaked[20:30] -= 40
    assert hu_offset(streaked) is None
    assert hu_offset(streaked + 100) == pytest.approx(100, abs=5)


def test_air_without_noise_is_air():
    cut = np.maximum(PATIENT, -1000)
    assert hu_offset(cut) is None
    flat = np.where(PATIENT < -900, np.float32(-1000), PATIENT)
    assert hu_offset(flat) is None
    assert hu_offset(flat + 1000) == pytest.approx(1000)


def test_lung_is_not_taken_for_air():
    inside = CHEST[150:362, 130:382]
    assert inside.max(axis=0).min() > -950
    assert hu_offset(np.ascontiguousarray(inside)) is None


def test_noise_and_images_without_a_body_have_none():
    noise = np.random.default_rng(0).normal(0, 20, (512, 512)).astype(np.float32)
    assert hu_offset(noise) is None
    assert hu_offset(noise - 900) is None
    assert hu_offset(np.zeros((64, 64), np.float32)) is None
    assert hu_offset(noise[:40, :40]) is None
    assert hu_offset(noise * np.float32(1e30)) is None


def test_no_real_slice_raises_a_false_alarm(shared_data: Path):
    found = []
    for folder in sorted(shared_data.glob("ct-*")):
        refs = index_ct(folder, require_ct=False).slices
        for number, ref in enumerate(refs):
            hu = ref.read().hu
            assert hu_offset(hu) is None, ref.path
            if number % 5 == 0:
                found += [hu_offset(checked(hu + shift, path="")) for shift in (100, -1024)]
    near = [
        offset is not None and abs(offset - shift) < 80
        for offset, shift in zip(found, cycle((100, -1024)))
    ]
    assert sum(near[::2]) > 0.9 * len(found) / 2
    assert sum(near[1::2]) > 0.9 * len(found) / 2
