from __future__ import annotations

from pathlib import Path

import pytest

from distiliqa.scoring import trials
from distiliqa.scoring.execution import Execution, cores
from distiliqa.scoring.model import Model, load_model
from distiliqa.scoring.trials import fastest, is_busy, measure

DEFAULT = Execution()


@pytest.fixture
def model(tiny_model: Path, monkeypatch: pytest.MonkeyPatch) -> Model:
    monkeypatch.setattr(trials, "cores", lambda: 4)
    return load_model(tiny_model)


def test_one_that_is_faster_only_at_times_is_not_taken(
    model: Model, monkeypatch: pytest.MonkeyPatch
):
    lucky = iter([0.5, 0.5, 0.5, 0.5, 1.1, 0.5] * 9)
    monkeypatch.setattr(
        trials,
        "_seconds",
        lambda model, images: 1.0 if model.execution == DEFAULT else next(lucky),
    )
    tried = measure(model, ("onnxruntime",))
    assert tried[1].speed > trials.MARGIN
    assert tried[1].why_not == "not faster in every round"
    assert fastest(tried) is tried[0]


def test_a_runtime_that_does_not_start_is_not_taken(model: Model, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("distiliqa.scoring.runtimes.runtime.has_cuda", lambda: False)
    trial = measure(model, ("onnxruntime", "cuda"))[1]
    assert trial.execution.runtime == "cuda"
    assert "no CUDA" in trial.why_not


@pytest.mark.parametrize(("used", "busy"), [(0.99, False), (0.5, True)])
def test_a_machine_that_gives_a_part_of_its_cores_is_busy(
    monkeypatch: pytest.MonkeyPatch, used: float, busy: bool
):
    count, wall = cores(), iter([0.0, 1.0])
    spent = iter([0.0, used * count])
    monkeypatch.setattr(trials, "perf_counter", lambda: next(wall))
    monkeypatch.setattr(trials, "process_time", lambda: next(spent))
    assert is_busy() is busy
