"""Other patients made of one slice."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from distiliqa.simulate.patient import Patient, body_outline, lung_share


def patient() -> np.ndarray:
    """A disc of 140 pixels with two lungs of 44 on a table."""
    y, x = np.mgrid[:256, :256] - 128
    hu = np.where(np.hypot(x, y) < 70, 40.0, -1000.0)
    for side in (-30, 30):
        hu[np.hypot(x - side, y) < 22] = -850
    hu[196:199, 20:236] = 100  # the disc lies on it
    return hu + np.random.default_rng(0).normal(0, 60, hu.shape)


def test_the_lungs_are_inside_the_outline_and_the_table_is_not():
    inside = body_outline(patient())
    assert inside[128, 98]
    assert inside[128, 128]
    assert not inside[196:, :100].any()
    assert inside.sum() == pytest.approx(np.pi * 70**2, rel=0.05)


def test_the_share_of_lung_is_that_of_its_area():
    assert lung_share(patient()) == pytest.approx(2 * (22 / 70) ** 2, abs=0.03)


def test_air_has_no_body():
    air = np.random.default_rng(0).normal(-1000, 50, (64, 64))
    assert not body_outline(air).any()
    assert lung_share(air) == 0


SPACING = 1.5


@pytest.fixture
def hu() -> NDArray[np.float32]:
    """A body with an organ, on a table."""
    y, x = np.mgrid[:128, :128] - 64.0
    image = np.full((128, 128), -1000.0)
    image[np.hypot(x / 50, y / 35) < 1] = 0
    image[np.hypot(x - 10, y) < 15] = 80
    image[106:109, 10:118] = 100
    return (image + np.random.default_rng(0).normal(0, 5, image.shape)).astype(np.float32)


def test_the_patient_in_the_slice_is_as_he_was(hu: NDArray[np.float32]) -> None:
    assert np.array_equal(Patient().image(hu, SPACING), hu)


def test_contrast_is_of_tissue_and_not_of_noise(hu: NDArray[np.float32]) -> None:
    more = Patient(contrast=1.5).image(hu, SPACING)
    organ, fat = np.s_[60:68, 68:80], np.s_[60:68, 24:36]
    before, after = (image[organ].mean() - image[fat].mean() for image in (hu, more))
    assert after == pytest.approx(1.5 * before, rel=0.15)
    assert more[organ].std() == pytest.approx(hu[organ].std(), rel=0.1)
    assert np.array_equal(more[:10], hu[:10])


def test_the_table_goes_and_the_body_stays(hu: NDArray[np.float32]) -> None:
    alone = Patient(table=False).image(hu, SPACING)
    assert (alone[106:109] == -1000).all()
    assert np.array_equal(alone[45:85, 30:98], hu[45:85, 30:98])


def test_padding_stays_padding(hu: NDArray[np.float32]) -> None:
    hu[:5] = -3024
    assert (Patient(table=False).image(hu, SPACING)[:5] == -3024).all()


@pytest.mark.parametrize(("right", "down"), [(3, 0), (-4, 7), (0, -2)])
def test_shifts_move_pixels_whole(hu: NDArray[np.float32], right: int, down: int) -> None:
    moved = Patient(right=right, down=down).image(hu, SPACING)
    assert np.array_equal(moved[40 + down : 90 + down, 40 + right : 90 + right], hu[40:90, 40:90])
    assert (moved == -1000).sum() == 128**2 - (128 - abs(right)) * (128 - abs(down))
