from __future__ import annotations

import json

import pytest
from tools.model_check.acceptance import Section, beside_noise_level, bounded, line, table_of_bounds


@pytest.mark.parametrize(("value", "verdict"), [(0.95, "OK"), (0.949, "MISSED")])
def test_a_lower_bound_is_judged(value: float, verdict: str):
    assert bounded(value, at_least=0.95) == {"value": value, "bound": "≥ 0.95", "verdict": verdict}


@pytest.mark.parametrize(("value", "verdict"), [(0.6, "OK"), (0.61, "MISSED")])
def test_an_upper_bound_is_judged(value: float, verdict: str):
    assert bounded(value, at_most=0.6) == {"value": value, "bound": "≤ 0.6", "verdict": verdict}


@pytest.mark.parametrize(
    ("value", "verdict"), [(0.84, "MISSED"), (0.85, "OK"), (0.95, "OK"), (0.96, "MISSED")]
)
def test_a_range_is_judged_at_both_ends(value: float, verdict: str):
    found = bounded(value, at_least=0.85, at_most=0.95)
    assert (found["bound"], found["verdict"]) == ("0.85 to 0.95", verdict)


def test_no_value_reaches_no_bound():
    assert bounded(None, at_least=0)["verdict"] == "MISSED"
    assert bounded(1.0) == {"value": 1.0, "bound": None, "verdict": None}


@pytest.fixture
def section() -> Section:
    lines = [
        line("SROCC", 4, 0.5, at_least=0.95, interval=(0.25, 0.75), noise_level=0.875),
        line("share | raw", 4, 0.02, at_most=0.03),
    ]
    return Section("Title", "About.", (lines, [{"slice": "a", "score": 1.5}], []))


def test_lines_with_a_bound_make_the_table(section: Section):
    assert section.missed == ["SROCC"]
    assert table_of_bounds([section]) == (
        "| what | n | value | interval | bound | verdict | GNL |\n"
        "| --- | --- | --- | --- | --- | --- | --- |\n"
        "| SROCC | 4 | 0.500 | 0.250 to 0.750 | ≥ 0.95 | MISSED | 0.875 |\n"
        "| share \\| raw | 4 | 0.020 |  | ≤ 0.03 | OK |  |"
    )
    assert section.markdown().endswith("| slice | score |\n| --- | --- |\n| a | 1.500 |")


def test_lines_where_the_noise_level_is_above_are_counted(section: Section):
    found = beside_noise_level([section])
    assert (found.lines[0]["n"], found.lines[0]["value"]) == (1, 1)
    assert found.missed
    assert found.about == "It is above in: SROCC."


def test_a_section_survives_its_file(section: Section):
    again = Section(**json.loads(json.dumps(section.as_json())))
    assert again.markdown() == section.markdown()
