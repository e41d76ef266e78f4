from __future__ import annotations

import math

import pytest

from distiliqa.ct import Acquisition
from distiliqa.ct.header_facts import FILTERED, ITERATIVE, LEARNED
from distiliqa.scoring.equivalence import (
    MIN_NORMALIZED_NOISE,
    NO_EVIDENCE,
    equivalence_warning,
    normalized_noise,
)


@pytest.mark.parametrize("method", [None, FILTERED])
def test_what_is_not_known_to_be_iterative_or_denoised_has_no_warning(method: str | None):
    made = Acquisition(reconstruction_method=method)
    assert equivalence_warning(made, [False, True], MIN_NORMALIZED_NOISE) is None
    assert equivalence_warning(made, []) is None


@pytest.mark.parametrize("method", [ITERATIVE, LEARNED])
def test_a_header_that_states_it_is_enough(method: str):
    made = Acquisition(reconstruction_method=method, reconstruction_algorithm="XYZ")
    assert equivalence_warning(made, [False]) == f"{method} reconstruction (XYZ): {NO_EVIDENCE}"


def test_a_series_that_is_iterative_in_part_is_warned_of():
    made = Acquisition(reconstruction_method=f"mixed: {FILTERED}, {ITERATIVE}")
    assert equivalence_warning(made, []) is not None


def test_a_series_has_one_warning_with_all_reasons():
    made = Acquisition(reconstruction_method=ITERATIVE)
    assert equivalence_warning(made, [True, True, False], 20.0) == (
        "iterative reconstruction, texture of a denoiser or filter by the model, "
        "less noise than filtered back-projection gives at such dose and size: "
        "noise, d' and score are no evidence of equivalent diagnosis"
    )


def test_normalized_noise_is_free_of_dose_thickness_size_and_bandwidth():
    usual = normalized_noise(20.0, 0.3, 10.0, 2.0, 300.0)
    assert usual == pytest.approx(20 * math.sqrt(20))
    # A quarter of the dose, half the thickness: noise times the root of 4 and of 2.
    assert normalized_noise(20 * math.sqrt(8), 0.3, 2.5, 1.0, 300.0) == pytest.approx(usual)
    # A kernel of twice the bandwidth: 8 times the variance.
    assert normalized_noise(20 * math.sqrt(8), 0.6, 10.0, 2.0, 300.0) == pytest.approx(usual)
    # 5 cm more of water let exp(-0.9) of the dose through.
    assert normalized_noise(20 * math.exp(0.45), 0.3, 10.0, 2.0, 350.0) == pytest.approx(usual)
