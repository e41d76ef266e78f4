"""The noise of a slice, from the slice."""

from __future__ import annotations

import numpy as np
import pytest

from distiliqa.simulate.noise_level import global_noise_level

SPACING = (1.0, 1.0)


@pytest.mark.parametrize("noise", [5.0, 20.0, 60.0])
def test_finds_the_noise_of_a_plain_slice(noise: float) -> None:
    hu = np.random.default_rng(0).normal(50, noise, (128, 128))
    assert global_noise_level(hu, SPACING) == pytest.approx(noise, rel=0.08)


def test_edges_and_other_tissues_do_not_count() -> None:
    hu = np.random.default_rng(0).normal(50, 10, (128, 128))
    hu[:40] -= 1000
    hu[::20] += 60
    hu[:, 100:] += 600
    assert global_noise_level(hu, SPACING) == pytest.approx(10, rel=0.15)


def test_tissue_may_be_told_by_another_slice() -> None:
    rng = np.random.default_rng(0)
    noise = np.where(np.arange(128) < 64, rng.normal(0, 30, (128, 128)), 0)
    tissue = np.where(np.arange(128) < 64, 50.0, -1000.0) * np.ones((128, 1))
    found = global_noise_level(noise, SPACING, tissue=tissue)
    assert found == pytest.approx(30, rel=0.08)


def test_a_slice_without_soft_tissue_has_none() -> None:
    assert global_noise_level(np.full((64, 64), -1000.0), SPACING) is None
