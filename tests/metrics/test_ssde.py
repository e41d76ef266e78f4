from __future__ import annotations

import math

import pytest

from distiliqa.metrics import ssde


@pytest.mark.parametrize(
    ("phantom_cm", "diameter_mm", "factor"),
    [
        (32, 250.0, 3.704369 * math.exp(-0.03671937 * 25)),
        (32, 80.0, 3.704369 * math.exp(-0.03671937 * 8)),
        (32, 450.0, 3.704369 * math.exp(-0.03671937 * 45)),
        (16, 160.0, 1.874799 * math.exp(-0.03871313 * 16)),
    ],
)
def test_the_formula_of_the_report(phantom_cm: int, diameter_mm: float, factor: float):
    found = ssde(10.0, diameter_mm, phantom_cm)
    assert found.ssde_mgy == pytest.approx(10 * factor)
    assert found.factor == pytest.approx(factor)
    assert found.reason is None


def test_table_of_the_report():
    """AAPM 204, table 1D: 2.06 at 16 cm, 1.00 near 36 cm."""
    assert ssde(1.0, 160.0, 32).factor == pytest.approx(2.06, abs=0.01)
    assert ssde(1.0, 360.0, 32).factor == pytest.approx(0.99, abs=0.01)


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ((None, 300.0, 32), "no CTDIvol"),
        ((0.0, 300.0, 32), "no CTDIvol"),
        ((math.nan, 300.0, 32), "no CTDIvol"),
        ((10.0, 300.0, None), "phantom of CTDIvol is not stated"),
        ((10.0, None, 32), "no water-equivalent diameter"),
        ((10.0, 79.0, 32), "beyond the 8 to 45 cm"),
        ((10.0, 451.0, 32), "beyond the 8 to 45 cm"),
        ((10.0, 551.0, 16), "beyond the 6 to 55 cm"),
        ((10.0, 180.0, 16, ("head",)), "a head"),
        ((10.0, 180.0, 32, ("chest", "phantom")), "a phantom"),
        ((10.0, 120.0, 16, ("limb",)), "a limb: AAPM Report 204 is of the trunk"),
        ((10.0, 150.0, 32, ("neck",)), "a neck: AAPM Report 204 is of the trunk"),
        ((10.0, 300.0, 32, ("abdomen", "head")), "the header names several regions"),
        ((10.0, 300.0, 32, ("abdomen", "limb")), "which slices are of the trunk"),
        ((10.0, 300.0, 32, ("chest", "neck")), "which slices are of the trunk"),
        ((10.0, 300.0, 32, ("head", "neck")), "a head"),
    ],
)
def test_what_has_no_estimate_has_a_reason(given, reason: str):
    found = ssde(*given)
    assert (found.ssde_mgy, found.factor) == (None, None)
    assert reason in found.reason
