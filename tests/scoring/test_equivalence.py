from __future__ import annotations

import math
from dataclasses import replace
from types import SimpleNamespace

import pytest
from tests.support.made import made_score

from distiliqa.ct import Acquisition
from distiliqa.ct.header_facts import FILTERED, ITERATIVE, LEARNED
from distiliqa.metrics import Ssde, ssde
from distiliqa.scoring.equivalence import (
    MIN_NORMALIZED_NOISE,
    NO_EVIDENCE,
    SMOOTHEST_PER_MM,
    equivalence_warning,
    no_evidence,
    normalized_noise,
    normalized_of,
)
from distiliqa.scoring.hold_back import LOST_DETAIL
from distiliqa.scoring.series_score import SeriesScore
from distiliqa.scoring.slice_score import SliceScore


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


def measured(
    mean_per_mm: float | None,
    dw_mm: float | None = 300.0,
    reported_cm: int | None = None,
    **facts: object,
) -> SliceScore:
    """A slice of 20 HU at 10 mGy and 2 mm."""
    made = {"ctdivol_mgy": 10.0, "slice_thickness_mm": 2.0} | facts
    found = SimpleNamespace(
        nps=SimpleNamespace(mean_per_mm=mean_per_mm),
        size=SimpleNamespace(diameter_mm=dw_mm),
        ssde=Ssde(phantom_cm=reported_cm),
    )
    return made_score(noise_hu=20.0, acquisition=Acquisition(**made), measures=found)


def test_slices_that_lack_a_fact_do_not_count_for_the_noise_of_a_series():
    usual = 20 * math.sqrt(20)
    lacking = [measured(0.3, None), measured(0.3, ctdivol_mgy=None), made_score(noise_hu=20.0)]
    assert normalized_of([measured(0.3), measured(0.6), *lacking]) == pytest.approx(
        (usual + usual / 8**0.5) / 2
    )
    assert normalized_of(lacking) is None


def test_ctdivol_of_the_phantom_of_a_head_is_converted():
    """AAPM 204: the dose of a body is that of either phantom times its factor."""
    for_body = ssde(10.0, 300.0, 16).ssde_mgy / ssde(1.0, 300.0, 32).ssde_mgy
    expected = normalized_of([measured(0.3, ctdivol_mgy=for_body)])
    assert normalized_of([measured(0.3, ctdi_phantom_cm=16)]) == pytest.approx(expected)
    assert normalized_of([measured(0.3, reported_cm=16)]) == pytest.approx(expected)
    unknown, body = measured(0.3), measured(0.3, ctdi_phantom_cm=32)
    assert normalized_of([unknown]) == normalized_of([body]) > 1.3 * expected


def test_without_texture_the_smoothest_kernel_is_assumed():
    assumed = normalized_of([measured(None)])
    assert assumed == pytest.approx(normalized_of([measured(SMOOTHEST_PER_MM)]))


def test_a_series_of_less_noise_than_its_dose_gives_is_warned_of():
    text = "less noise than filtered back-projection gives"
    quiet, usual = (
        SeriesScore("s", (replace(measured(0.3), noise_hu=noise),) * 2) for noise in (5.0, 20.0)
    )
    assert text in " ".join(quiet.warnings)
    assert text not in " ".join(usual.warnings)


def test_normalized_noise_is_free_of_dose_thickness_size_and_bandwidth():
    usual = normalized_noise(20.0, 0.3, 10.0, 2.0, 300.0)
    assert usual == pytest.approx(20 * math.sqrt(20))
    # A quarter of the dose, half the thickness: noise times the root of 4 and of 2.
    assert normalized_noise(20 * math.sqrt(8), 0.3, 2.5, 1.0, 300.0) == pytest.approx(usual)
    # A kernel of twice the bandwidth: 8 times the variance.
    assert normalized_noise(20 * math.sqrt(8), 0.6, 10.0, 2.0, 300.0) == pytest.approx(usual)
    # 5 cm more of water let exp(-0.9) of the dose through.
    assert normalized_noise(20 * math.exp(0.45), 0.3, 10.0, 2.0, 350.0) == pytest.approx(usual)


def test_all_reasons_stand_in_one_warning_with_their_sides() -> None:
    plain = made_score()
    learned = made_score(acquisition=Acquisition(reconstruction_method="deep learning"))
    processed = replace(plain, counts_as_processed=True)
    (warning,) = no_evidence({"A": [plain], "B": [learned], "C": [plain, processed]})
    assert warning.startswith("B, deep learning reconstruction; ")
    assert warning.endswith(f"1 of 2 slices of C: {LOST_DETAIL}; {NO_EVIDENCE}")
    assert list(no_evidence({"A": [plain]})) == []
