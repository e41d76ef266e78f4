"""Mixing doses of one slice."""

from __future__ import annotations

import math

import numpy as np
import pytest

from distiliqa.errors import DistiliqaError
from distiliqa.lab.data.dose_mixing import DoseFormula, check_doses, mix, mixing_weight

PHYSICAL, PUBLISHED = DoseFormula.PHYSICAL, DoseFormula.PUBLISHED


@pytest.mark.parametrize("low_dose", [0.1, 0.25])
def test_physical_weight_gives_back_both_ends(low_dose: float) -> None:
    assert mixing_weight(1.0, low_dose, PHYSICAL) == 0
    assert mixing_weight(low_dose, low_dose, PHYSICAL) == pytest.approx(1)


def test_published_weight_holds_for_a_quarter_dose_only() -> None:
    assert mixing_weight(0.5, 0.25, PUBLISHED) == mixing_weight(0.5, 0.25, PHYSICAL)
    assert mixing_weight(0.5, 0.1, PUBLISHED) == math.sqrt(1 / 3)
    assert mixing_weight(0.5, 0.1, PHYSICAL) == pytest.approx(1 / 3)


def test_noise_variance_goes_as_one_over_dose() -> None:
    rng = np.random.default_rng(0)
    full = rng.normal(40, 20, (256, 256))
    low = full + rng.normal(0, 20 * math.sqrt(1 / 0.1 - 1), full.shape)
    for dose in (0.5, 0.25):
        assert mix(full, low, dose, 0.1).std() == pytest.approx(20 / math.sqrt(dose), rel=0.02)


def test_rounding_is_to_nearest_or_towards_zero() -> None:
    full, low = np.array([[10.0, -10.0]]), np.array([[13.0, -13.0]])
    assert mix(full, low, 0.5, 0.25, PHYSICAL).tolist() == [[12, -12]]  # 11.73
    assert mix(full, low, 0.5, 0.25, PUBLISHED).tolist() == [[11, -11]]


def test_padding_stays_as_in_the_full_dose() -> None:
    full, low = np.array([[-3024.0, -2000.0]]), np.array([[-2048.0, 40.0]])
    mixed = mix(full, low, 0.5, 0.1)
    assert mixed[0, 0] == -3024
    assert mixed[0, 1] == -1320  # padding in one image only is no padding


@pytest.mark.parametrize(
    ("doses", "low_dose", "part"),
    [
        ((0.5,), 0.0, "a low dose of 0"),
        ((0.5,), 1.0, "a low dose of 1"),
        ((0.5,), math.nan, "a low dose of nan"),
        ((0.5, 1.0), 0.1, "dose 1 does not lie"),
        ((0.2,), 0.25, "dose 0.2 does not lie"),
        ((math.nan,), 0.25, "dose nan does not lie"),
        ((0.5, 0.5), 0.25, "given twice"),
    ],
)
def test_impossible_doses_are_refused(doses: tuple[float, ...], low_dose: float, part: str) -> None:
    with pytest.raises(DistiliqaError, match=part):
        check_doses(doses, low_dose)
