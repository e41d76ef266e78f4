"""The noise of a slice, from the slice."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from distiliqa.ct import read_ct
from distiliqa.metrics import global_noise_level, noise_level, noise_map
from distiliqa.metrics.noise_level import box_size, mode, soft_tissue, soft_tissue_boxes

SPACING = (1.0, 1.0)


@pytest.mark.parametrize("noise", [5.0, 20.0, 60.0])
def test_finds_the_noise_of_a_plain_slice(noise: float) -> None:
    hu = np.random.default_rng(0).normal(50, noise, (128, 128))
    assert global_noise_level(hu, SPACING) == pytest.approx(noise, rel=0.08)


@pytest.mark.parametrize("noise", [10.0, 40.0])
def test_finds_noise_of_the_texture_of_ct_in_a_phantom(noise: float) -> None:
    rng = np.random.default_rng(1)
    y, x = np.mgrid[:256, :256] - 127.5
    hu = np.where(np.hypot(x, y) < 100, 50.0, -1000.0)
    hu[np.hypot(x - 40, y) < 20] = 400
    hu[np.hypot(x + 40, y) < 15] = -100
    texture = gaussian_filter(rng.normal(size=hu.shape), 0.8)
    texture -= gaussian_filter(texture, 3)  # the ramp takes the lowest frequencies
    hu += noise * texture / texture.std()
    assert global_noise_level(hu) == pytest.approx(noise, rel=0.08)


def test_edges_and_other_tissues_do_not_count() -> None:
    hu = np.random.default_rng(0).normal(50, 10, (128, 128))
    hu[:40] -= 1000
    hu[::20] += 60
    hu[:, 100:] += 600
    assert global_noise_level(hu, SPACING) == pytest.approx(10, rel=0.15)


def test_tissue_may_be_found_by_another_slice() -> None:
    rng = np.random.default_rng(0)
    noise = np.where(np.arange(128) < 64, rng.normal(0, 30, (128, 128)), 0)
    tissue = np.where(np.arange(128) < 64, 50.0, -1000.0) * np.ones((128, 1))
    found = global_noise_level(noise, SPACING, tissue=tissue)
    assert found == pytest.approx(30, rel=0.08)


@pytest.mark.parametrize("dtype", [np.int16, np.float32, np.float64])
def test_padding_and_the_type_of_the_values_do_not_matter(dtype: type) -> None:
    hu = np.random.default_rng(0).normal(50, 20, (128, 128)).round()
    hu[:10] = -3024
    found = global_noise_level(hu.astype(dtype), SPACING)
    assert found == pytest.approx(20, rel=0.08)


@pytest.mark.parametrize(
    "hu",
    [
        np.full((64, 64), -1000.0),
        np.where(np.hypot(*(np.mgrid[:64, :64] - 32)) < 9, 50.0, -1000.0),  # too little
        np.full((20, 20), 50.0),  # too small
    ],
)
def test_a_slice_without_enough_soft_tissue_has_none(hu: np.ndarray) -> None:
    assert global_noise_level(hu, SPACING) is None


@pytest.mark.parametrize(
    ("side", "spacing", "reason"),
    [
        (20, SPACING, "the image is smaller than three boxes of 7 mm"),
        (32, (0.5, 0.5), "the image is smaller than three boxes of 6 mm"),
        (26, None, "the image is smaller than three boxes of 9 pixels"),
        (36, (0.5, 0.5), "too little soft tissue for a noise level"),
    ],
)
def test_the_reason_is_the_size_of_the_image_where_it_is_too_small(
    side: int, spacing: tuple[float, float] | None, reason: str
) -> None:
    found = noise_level(np.full((side, 64), 50.0 if side < 36 else -1000.0), spacing)
    assert (found.noise_hu, found.reason) == (None, reason)


def test_a_spacing_in_micrometers_is_none_rather_than_an_endless_box() -> None:
    assert global_noise_level(np.full((64, 64), 50.0), (1e-6, 1e-6)) is None


@pytest.mark.filterwarnings("error")
def test_one_absurd_pixel_does_not_matter() -> None:
    hu = np.random.default_rng(0).normal(50, 20, (128, 128)).astype(np.float32)
    hu[63, 63] = 1e30
    assert global_noise_level(hu) == pytest.approx(20, rel=0.08)


def test_a_computed_slice_has_no_noise() -> None:
    assert global_noise_level(np.full((64, 64), 50.0), SPACING) == 0


@pytest.mark.parametrize("corner", [(10, 10), (10, 180), (190, 20), (140, 150)])
def test_boxes_are_those_of_the_noise_map_wherever_tissue_is(corner: tuple[int, int]) -> None:
    rng = np.random.default_rng(4)
    hu = np.full((300, 280), -1000.0)
    rows, columns = (slice(at, at + 90) for at in corner)
    hu[rows, columns] = 50 + rng.normal(0, 12, (90, 90)).astype(np.float32)
    hu[290:292] = 700  # a table, as dense as bone
    size = box_size(SPACING)
    inside = slice(size // 2, size // 2 - size + 1)
    map_ = noise_map(hu, SPACING)[inside, inside]
    boxes = soft_tissue_boxes(hu, SPACING)[inside, inside]
    expected = mode(map_[boxes])
    assert global_noise_level(hu, SPACING) == pytest.approx(expected, rel=1e-4)


def test_a_quarter_dose_is_noisier_in_every_pair(shared_data: Path) -> None:
    folder = shared_data / "ct-dev" / "dose_pairs" / "L143"
    pairs = sorted(folder.glob("*/full/*.IMA"))
    assert len(pairs) >= 4
    for full in pairs:
        low = full.parents[1] / "quarter" / full.name
        levels = [
            global_noise_level(ct.hu, ct.spacing_mm) for path in (full, low) for ct in read_ct(path)
        ]
        assert 1.5 * levels[0] < levels[1] < 3 * levels[0]


def test_is_the_sample_deviation_of_the_box_around_a_pixel():
    image = np.random.default_rng(0).normal(-1000, 30, (40, 50))
    found = noise_map(image, (0.6, 0.6))  # 10 pixels
    assert found.shape == image.shape
    assert found[20, 30] == pytest.approx(image[15:25, 25:35].std(ddof=1), rel=1e-9)


def test_a_plain_slice_has_no_noise():
    assert noise_map(np.full((20, 20), -3024, np.int16)).max() == 0


@pytest.mark.parametrize(
    ("spacing", "size"), [(None, 9), ((0.7, 0.7), 9), ((3.0, 3.0), 7), ((0.0, 0.0), 9)]
)
def test_the_box_is_6_mm_and_no_less_than_7_pixels(spacing: tuple[float, float] | None, size: int):
    image = np.zeros((41, 41))
    image[20, 20] = 1
    assert np.count_nonzero(noise_map(image, spacing) > 1e-9) == size**2


RANDOM = np.random.default_rng(0)


def test_noise_does_not_decide() -> None:
    hu = np.where(np.arange(60) < 30, 50.0, -100.0) + RANDOM.normal(0, 40, (50, 60))
    found = soft_tissue(hu, 9)
    assert found[:, :25].all()
    assert not found[:, 35:].any()


def test_the_range_may_be_another() -> None:
    hu = np.repeat([[-60.0, -10.0, 50.0, 130.0]], 5, axis=0)
    np.testing.assert_array_equal(soft_tissue(hu, 1)[0], [False, False, True, False])
    np.testing.assert_array_equal(soft_tissue(hu, 1, (-20, 140))[0], [False, True, True, True])


def test_boxes_hold_nothing_but_soft_tissue() -> None:
    hu = np.full((40, 40), 50.0)
    hu[20, 20] = 50 + 60 * 81  # a mean of 110 HU wherever a box of 9 x 9 holds it
    found = soft_tissue_boxes(hu)
    assert np.count_nonzero(~found) == 17**2
    assert not found[20 - 8 : 20 + 9, 20 - 8 : 20 + 9].any()


@pytest.mark.parametrize("noise", [10.0, 0.3, 1e-3])
def test_boxes_that_all_deviate_alike_have_that_noise(noise: float):
    assert mode(np.full(500, noise)) == pytest.approx(noise, rel=0.01)
    some_lower = np.append(np.full(500, noise), np.linspace(0, noise, 30))
    assert mode(some_lower) == pytest.approx(noise, rel=0.01)


def test_boxes_without_noise_have_none():
    assert mode(np.zeros(500)) == 0
