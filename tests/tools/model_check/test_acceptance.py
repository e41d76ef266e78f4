from __future__ import annotations

import pytest
from tools.model_check.acceptance import Section, bounded, compared


@pytest.mark.parametrize(("value", "verdict"), [(0.95, "reached"), (0.949, "missed")])
def test_a_lower_bound_is_judged(value: float, verdict: str):
    assert bounded(value, at_least=0.95) == {"bound": "≥ 0.95", "verdict": verdict}


@pytest.mark.parametrize(("value", "verdict"), [(0.6, "reached"), (0.61, "missed")])
def test_an_upper_bound_is_judged(value: float, verdict: str):
    assert bounded(value, at_most=0.6) == {"bound": "≤ 0.6", "verdict": verdict}


def test_no_value_reaches_no_bound():
    assert bounded(None, at_least=0)["verdict"] == "missed"
    assert bounded(1.0) == {"bound": None, "verdict": None}


@pytest.mark.parametrize(
    ("model", "level", "expected"),
    [(0.9, 0.8, "above"), (0.8, 0.9, "below"), (1.0, 1.0, "equal"), (1.0, None, None)],
)
def test_the_model_is_compared_with_the_noise_level(
    model: float, level: float | None, expected: str
):
    assert compared("PLCC", 4, model, level)["model to GNL"] == expected


def test_a_missed_bound_is_printed_and_listed():
    rows = [
        compared("SROCC", 4, 0.5, 0.75, at_least=0.95),
        compared("PLCC | raw", 4, 0.97, None, at_least=0.95),
    ]
    section = Section("Title", "About.", (rows, []))
    assert section.missed == ["SROCC"]
    assert section.markdown() == (
        "## Title\n\nAbout.\n\n"
        "| figure | n | model | GNL | bound | verdict | model to GNL |\n"
        "| --- | --- | --- | --- | --- | --- | --- |\n"
        "| SROCC | 4 | 0.500 | 0.750 | ≥ 0.95 | missed | below |\n"
        "| PLCC \\| raw | 4 | 0.970 |  | ≥ 0.95 | reached |  |"
    )
