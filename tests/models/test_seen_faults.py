from __future__ import annotations

import pytest

from distiliqa.models.seen_faults import Ladder, seen_by


def ladder(name: str, ordered: float | None) -> Ladder:
    return Ladder(name, "mm", (0.0, 1.0), (4.0, 3.0), (3.9, 3.1), ordered, pairs=9)


def test_what_a_model_sees_is_said_in_one_line():
    found = [
        ladder("noise", 1.0),
        ladder("contrast", 0.69),
        ladder("blur", 0.9),
        ladder("rings", 0.7),
        ladder("shift", None),
    ]
    assert seen_by(found) == (
        "On simulated faults, the score orders at least 9 of 10 pairs rightly for noise, blur; "
        "7 to 9 of 10 for rings; fewer than 7 of 10 for contrast."
    )
    assert seen_by(found[:1]).endswith("orders at least 9 of 10 pairs rightly for noise.")
    assert seen_by(found[1:2]).endswith("orders fewer than 7 of 10 pairs rightly for contrast.")
    assert seen_by([]) == ""


def test_a_name_with_a_comma_is_one_fault():
    assert seen_by([ladder("views, same dose", 1.0)]).endswith("for views (same dose).")


@pytest.mark.parametrize(
    "change", [{"rungs": (0.0,)}, {"label": (4.0, 3.0, 2.0)}, {"ordered": 1.1}, {"score": ()}]
)
def test_a_ladder_without_a_value_at_each_rung_is_refused(change: dict):
    facts = {"rungs": (0.0, 1.0), "label": (4.0, 3.0), "score": (4.0, 3.0), "ordered": 1.0}
    with pytest.raises(ValueError, match=r"ladder|order"):
        Ladder("blur", "mm", **(facts | change))
