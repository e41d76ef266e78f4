from __future__ import annotations

from dataclasses import replace

from distiliqa.report.json import run_record
from distiliqa.report.standard_names import STANDARD, unmapped
from distiliqa.scoring.protocol_rules import ProtocolRules
from distiliqa.scoring.result import ScoringRun


def test_a_series_has_the_name_of_the_first_rule_that_matches(leveled: ScoringRun):
    assert [STANDARD.text(series) for series in leveled.series] == ["abdomen", "chest"]
    assert unmapped(leveled, identify=True) == []


def test_series_without_a_name_are_listed_with_their_number(run: ScoringRun, leveled: ScoringRun):
    nothing = replace(leveled, protocols=ProtocolRules("rules.csv", ()))
    (found,) = unmapped(nothing, identify=False)
    assert (found.series, found.text) == (2, "body_part ABDOMEN, kernel B30f")
    assert unmapped(run, identify=False) == []


def test_protocol_and_description_are_shown_only_when_asked(leveled: ScoringRun):
    nothing = replace(leveled, protocols=ProtocolRules("rules.csv", ()))
    assert "Doe" not in str(run_record(nothing))
    named = run_record(nothing, identify=True)["unmapped"]
    assert sorted(one["facts"]["series_description"] for one in named) == ["", "Chest of Doe"]
    assert {one["series"] for one in named} == {1}
