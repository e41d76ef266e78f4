"""Presets."""

from __future__ import annotations

import pytest

from distiliqa.errors import DistiliqaError
from distiliqa.simulate.scanners import SCANNERS, scanner, scanner_of


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
