from __future__ import annotations

from distiliqa.report.several_models import several_models


def test_scores_of_one_model_need_no_warning() -> None:
    assert several_models([]) is None
    assert several_models(["compact 0.2.0", "compact 0.2.0"]) is None
    assert several_models(["", ""]) is None


def test_each_model_is_named_once() -> None:
    found = several_models(["compact 0.2.0", "own 1", "compact 0.2.0", ""])
    assert found is not None
    assert found.endswith(": a model that is not named, compact 0.2.0, own 1.")
