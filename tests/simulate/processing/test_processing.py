"""What all kinds of processing have in common, on a small noisy body."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from numpy.typing import NDArray

from distiliqa.ct import SOFT_TISSUE
from distiliqa.errors import DistiliqaError
from distiliqa.simulate.processing.kinds import KINDS
from distiliqa.simulate.processing.preparation import noise_hu
from distiliqa.simulate.processing.processing import Processing, parse_processing

SPACING = 0.8
PLAIN = [name for name, kind in KINDS.items() if kind.needs is None]
DENOISERS = [name for name in PLAIN if KINDS[name].family == "denoiser"]
PADDING = -3024.0


@pytest.fixture(scope="module")
def slice_() -> NDArray[np.float32]:
    """A disc of 40 HU with a bone and a fine edge, noise of 20 HU, padding in the corners."""
    rng = np.random.default_rng(1)
    rows, columns = np.mgrid[:112, :96] - np.array([56, 48])[:, None, None]
    radius = np.hypot(rows, columns)
    hu = np.where(radius < 42, 40.0, -1000.0)
    hu[np.hypot(rows - 10, columns) < 6] = 900
    hu = hu + rng.normal(0, 20, hu.shape)
    hu[radius > 55] = PADDING
    return hu.astype(np.float32)


@pytest.mark.parametrize("name", PLAIN)
def test_none_changes_nothing_and_the_rest_something(name: str, slice_: NDArray) -> None:
    neutral, *strengths = KINDS[name].ladder
    assert np.array_equal(Processing(name, neutral).prepared(slice_, SPACING)(slice_), slice_)
    for strength in (strengths[0], strengths[-1]):
        result = Processing(name, strength).prepared(slice_, SPACING)(slice_)
        assert result.dtype == np.float32
        assert result.shape == slice_.shape
        assert np.isfinite(result).all()
        assert not np.array_equal(result, slice_)


@pytest.mark.parametrize("name", PLAIN)
def test_padding_outside_the_field_of_view_stays(name: str, slice_: NDArray) -> None:
    result = Processing(name, KINDS[name].ladder[3]).prepared(slice_, SPACING)(slice_)
    assert (slice_ == PADDING).sum() > 100
    assert np.array_equal(result == PADDING, slice_ == PADDING)
    assert result[slice_ > PADDING].min() >= min(-1024, slice_[slice_ > PADDING].min())


@pytest.mark.parametrize("name", PLAIN)
def test_the_same_seed_does_the_same_and_another_draws_anew(name: str, slice_: NDArray) -> None:
    strength = KINDS[name].ladder[4]
    first, again, other = (
        Processing(name, strength, seed).prepared(slice_, SPACING)(slice_) for seed in (1, 1, 2)
    )
    assert np.array_equal(first, again)
    assert np.array_equal(first, other) != KINDS[name].draws


@pytest.mark.parametrize("name", PLAIN)
def test_what_is_prepared_is_fixed_for_other_images(name: str, slice_: NDArray) -> None:
    process = Processing(name, KINDS[name].ladder[3], 5).prepared(slice_, SPACING)
    before = process(slice_)
    process(np.full_like(slice_, 40))
    assert np.array_equal(process(slice_), before)


@pytest.mark.parametrize("name", PLAIN)
def test_each_rung_is_farther_from_the_image(name: str, slice_: NDArray) -> None:
    inner = (slice(24, 88), slice(24, 72))
    errors = []
    for strength in KINDS[name].ladder:
        result = Processing(name, strength).prepared(slice_, SPACING)(slice_)
        change = SOFT_TISSUE.apply(result) - SOFT_TISSUE.apply(slice_)
        errors.append(float(np.sqrt(np.mean(change[inner] ** 2))))
    assert errors[0] == 0 < errors[1]
    if name == "shift":  # the noise of the disc is equally far everywhere
        return
    assert all(after > 0.97 * before for before, after in pairwise(errors))
    assert errors[-1] > errors[1]


@pytest.mark.parametrize("name", DENOISERS)
def test_denoisers_lower_the_noise_and_leave_bone_and_air(name: str, slice_: NDArray) -> None:
    levels = [
        noise_hu(Processing(name, strength).prepared(slice_, SPACING)(slice_), SPACING)
        for strength in KINDS[name].ladder
    ]
    assert levels[-1] < 0.5 * levels[0]
    assert levels[1] < levels[0]
    strong = Processing(name, KINDS[name].ladder[-1]).prepared(slice_, SPACING)(slice_)
    beyond = (slice_ < -400) | (slice_ > 600)
    assert np.array_equal(strong[beyond], slice_[beyond])


def test_a_kind_and_strength_are_parsed() -> None:
    assert parse_processing("gaussian_blur:2") == Processing("gaussian_blur", 2.0)
    assert str(parse_processing("hu_offset:-12.5")) == "hu_offset:-12.5"


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("fog:2", "no processing 'fog'"),
        ("median", "no strength in 'median'"),
        ("median:much", "no strength in 'median:much'"),
        ("median:nan", "median has no strength nan"),
        ("jpeg:101", "jpeg has no strength 101"),
        ("wavelet:-1", "wavelet has no strength -1"),
        ("thick_slice:5", "thick_slice needs adjacent slices"),
        ("median:3:weights.safetensors", "median takes no weights file"),
    ],
)
def test_what_cannot_be_done_is_one_line_with_a_remedy(text: str, problem: str) -> None:
    with pytest.raises(DistiliqaError, match=problem) as caught:
        parse_processing(text)
    assert caught.value.remedy
