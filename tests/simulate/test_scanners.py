"""Presets."""

from __future__ import annotations

import numpy as np
import pytest

from distiliqa.errors import DistiliqaError
from distiliqa.simulate.scanners import SCANNERS, FanBeam, scanner, scanner_of


@pytest.mark.parametrize("name", SCANNERS)
def test_presets_see_a_body_and_say_who_says_so(name: str) -> None:
    preset = scanner(name)
    assert 490 < preset.geometry.field_of_view < 520
    assert len(preset.source) > 20
    assert all(model == model.lower() for model in preset.models)


def test_scanners_go_by_their_dicom_names() -> None:
    assert scanner_of("LightSpeed16") is SCANNERS["lightspeed"]
    assert scanner_of("SOMATOM Definition AS+") is SCANNERS["definition-as-plus"]
    assert scanner_of(None) is scanner_of("unheard of") is SCANNERS["definition-as-plus"]


def test_an_unknown_preset_is_a_users_mistake() -> None:
    with pytest.raises(DistiliqaError, match="choose from definition"):
        scanner("nonsense")


def test_sorted_rays_are_as_many_and_as_dense_as_those_of_the_fan(fan: FanBeam) -> None:
    sorted_rays = fan.parallel
    assert (sorted_rays.views, sorted_rays.channels) == (fan.views, fan.channels)
    at = sorted_rays.channel_positions()
    offsets = np.sort(fan.rays().offset[0])
    density = sorted_rays.pitch / np.interp(at, (offsets[1:] + offsets[:-1]) / 2, np.diff(offsets))
    inner = np.abs(at) < 240
    np.testing.assert_allclose(sorted_rays.rays_of_fan[inner], density[inner], rtol=1e-3)
    assert sorted_rays.parallel is sorted_rays
