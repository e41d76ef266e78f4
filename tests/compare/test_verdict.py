from __future__ import annotations

from dataclasses import replace

import pytest

from distiliqa.compare.difference_text import interval
from distiliqa.compare.result import PairedRun
from distiliqa.compare.verdict import explained, scope, verdict
from distiliqa.statistics.paired_difference import difference


@pytest.mark.parametrize(
    ("differences", "higher_is_better", "expected"),
    [
        ([-1.0, -1.2, -0.9, -1.1, -1.0, -1.1], True, "B scores worse than A, by 1.05 points"),
        ([-1.0, -1.2, -0.9, -1.1, -1.0, -1.1], False, "B scores better than A, by 1.05 points"),
        ([-1.0, 1.2, -0.9, 1.1, -1.0, 1.1], True, "No difference is shown"),
        (
            [0.002, 0.003, 0.004, 0.003, 0.002, 0.004],
            True,
            "A and B score alike: B minus A is +0.003 points on average over 6 slices, too small",
        ),
        ([0.5], True, "B is 0.50 points above A on average over 1 slice;"),
        ([-0.5], True, "B is 0.50 points below A on average over 1 slice;"),
        ([0.0], True, "A and B score alike on average over 1 slice; one independent part is too"),
        ([-0.004], True, "A and B score alike on average over 1 slice; one independent part is"),
        ([-0.6, -0.4], True, "B is 0.50 points below A on average over 2 slices; 2 independent"),
    ],
)
def test_says_which_is_better(
    paired: PairedRun, differences: list[float], higher_is_better: bool, expected: str
):
    scale = replace(paired.first.model.scale, higher_is_better=higher_is_better)
    first = replace(paired.first, model=replace(paired.first.model, scale=scale))
    run = replace(paired, first=first)
    run.__dict__["score"] = difference([differences])
    assert verdict(run).startswith(expected)


def test_says_what_few_slices_cannot_show(paired: PairedRun):
    run = replace(paired)
    run.__dict__["score"] = difference([[1.0, 2.0, 3.0]])
    assert "With 3 independent parts no p below 0.250 is possible" in " ".join(explained(run))
    run.__dict__["score"] = difference([[1.0]])
    assert interval(run.score, 2) == "undefined for one part"
    run.__dict__["score"] = difference([[1.0], [-0.9]])
    assert interval(run.score, 2) == "undefined for 2 parts"
    assert verdict(run).endswith("over 2 slices; 2 independent parts are too few for an interval.")
    assert "There is no interval: 2 independent parts are too few" in next(explained(run))


def test_says_for_what_an_interval_speaks(paired: PairedRun):
    assert paired.patients == 1
    of_one = "All slices are of one patient: the interval speaks for these slices only."
    assert scope(paired) == of_one
    several, unknown = replace(paired), replace(paired)
    several.__dict__.update(patients=7, draws_patients=True)
    unknown.__dict__.update(patients=None, draws_patients=False)
    assert scope(several) == "The interval speaks for other patients like these."
    assert scope(unknown).endswith("speaks for these series, not for other patients.")
    several.__dict__["score"] = difference([[float(n)] for n in range(7)], whole=True)
    assert "Whole patients were drawn (7)." in next(explained(several))
