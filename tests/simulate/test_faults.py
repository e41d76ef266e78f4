"""Beam hardening, motion and rods: their line integrals."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from distiliqa.simulate.faults import Rod, hardened, rod_integrals
from distiliqa.simulate.motion import Motion, moved_rays
from distiliqa.simulate.scanners import FanBeam


def test_water_is_corrected_and_bone_is_not() -> None:
    water = torch.linspace(0, 10, 21)
    none = torch.zeros_like(water)
    assert torch.allclose(hardened(water, none), water, atol=1e-3)
    loss = water + 2 - hardened(water, none + 2)
    assert bool((loss[2:] > 0).all())  # bone filters the beam: what follows looks thinner


def test_metal_loses_most() -> None:
    water = torch.tensor([4.0])
    none = torch.zeros(1)
    by_alloy = [float(hardened(water, none, none + 3, alloy)) for alloy in ("titanium", "iron")]
    assert 4 < by_alloy[1] < by_alloy[0] < 7


def test_rod_integrals_are_chords(fan: FanBeam) -> None:
    values = rod_integrals(Rod(20.0, -30.0, 5.0), fan.rays())
    assert values.max() == pytest.approx(0.25 * 10, rel=0.02)
    assert (values.max(1) > 0.2).all()


def test_rest_is_no_motion(fan: FanBeam) -> None:
    rays, scale = moved_rays(fan, Motion())
    np.testing.assert_array_equal(rays.offset, fan.rays().offset.repeat(288, 0))
    assert (scale == 1).all()


def test_a_patient_who_is_off_for_good_lies_still(fan: FanBeam) -> None:
    rays, scale = moved_rays(fan, Motion((3.0, 0.0), breathing=0.1, periods=0.0, phase=0.25))
    np.testing.assert_allclose(rays.offset, fan.rays().offset.repeat(288, 0))
    np.testing.assert_allclose(scale, 1)


def test_a_patient_sways_about_where_he_lies_on_average(fan: FanBeam) -> None:
    rays, _ = moved_rays(fan, Motion((3.0, 0.0), periods=2.0))
    at = np.sin(2 * np.pi * 2.0 * np.arange(288) / 288)[:, None]
    expected = fan.rays().offset - 3.0 * at * np.cos(fan.rays().angle)
    np.testing.assert_allclose(rays.offset, expected, atol=1e-9)
    _, scale = moved_rays(fan, Motion(breathing=0.1, periods=0.3, phase=0.1))
    assert scale.mean() == pytest.approx(1.0)
    assert scale.max() - scale.min() > 0.04
