from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from distiliqa.scoring import machine_cache, trials, tuning
from distiliqa.scoring.execution import Execution
from distiliqa.scoring.model import Model, load_model
from distiliqa.scoring.run import score_inputs
from distiliqa.scoring.trials import Trial
from distiliqa.scoring.tuning import Tuning, recall, remember, tune, tuned

BOTH = ("onnxruntime", "openvino")
FOUND = Execution("openvino", "fp32", threads=2, batch=1)
DEFAULT = Execution()


@pytest.fixture
def model(tiny_model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Model:
    """A model on a quiet machine that remembers nothing yet."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr(tuning, "is_busy", lambda: False)
    monkeypatch.setattr(trials, "cores", lambda: 4)
    return load_model(tiny_model)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    return tmp_path / "distiliqa"


@pytest.fixture
def costs(monkeypatch: pytest.MonkeyPatch) -> dict[Execution, float]:
    """Seconds that an execution takes, 1 if nothing else is said: no clock is looked at."""
    seconds: dict[Execution, float] = {}
    monkeypatch.setattr(trials, "_seconds", lambda model, images: seconds.get(model.execution, 1.0))
    return seconds


def test_the_fastest_is_found_step_by_step(model: Model, costs: dict[Execution, float]):
    costs[replace(DEFAULT, threads=2)] = 0.6
    costs[replace(DEFAULT, threads=2, batch=1)] = 0.5
    costs[replace(DEFAULT, batch=2)] = 0.1  # is not on the way
    found = tune(model, any_runtime=False)
    assert found.chosen.execution == replace(DEFAULT, threads=2, batch=1)
    assert found.chosen.speed == pytest.approx(2)
    assert [trial.execution.threads for trial in found.trials] == [None, 4, 2, 1, 2, 2]


@pytest.mark.parametrize(("seconds", "taken"), [(0.88, True), (0.93, False), (1.3, False)])
def test_the_default_stays_unless_another_is_faster_by_a_margin(
    model: Model, costs: dict[Execution, float], seconds: float, taken: bool
):
    other = replace(DEFAULT, threads=2)
    costs[other] = seconds
    chosen = tune(model, any_runtime=False).chosen.execution
    assert chosen == (other if taken else DEFAULT)
    assert chosen.chosen == "measured"


def test_one_that_scores_differently_is_not_taken(
    model: Model, costs: dict[Execution, float], monkeypatch: pytest.MonkeyPatch
):
    class Different:
        def run(self, names, feeds):
            return [output + 2e-4 for output in model.session.run(names, feeds)]

    monkeypatch.setattr(
        Model, "run_by", lambda self, how: replace(self, session=Different(), execution=how)
    )
    costs[replace(DEFAULT, threads=2)] = 0.1
    found = tune(model, any_runtime=False)
    assert found.chosen.execution == DEFAULT
    assert len(found.trials) > 1
    assert all(trial.why_not.startswith("moves scores by 0.0002") for trial in found.trials[1:])


def test_it_is_measured_once(model: Model, costs: dict[Execution, float], monkeypatch):
    costs[replace(DEFAULT, threads=2)] = 0.5
    lines: list[str] = []
    first = tuned(model, any_runtime=False, report=lines.append)
    assert first.execution == replace(DEFAULT, threads=2)
    assert lines == ["tuned: onnxruntime in fp32, 2 threads, batches of 4, 2.00 times the default"]
    monkeypatch.setattr(tuning, "measure", None)
    again = tuned(model, any_runtime=False, report=lines.append)
    assert (again.execution, len(lines)) == (first.execution, 1)
    noise = np.random.default_rng(0).normal(40, 20, (512, 512))
    assert again.score(noise).score == pytest.approx(model.score(noise).score, abs=1e-4)


def test_a_busy_machine_is_not_measured_and_nothing_is_remembered(
    model: Model, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(tuning, "is_busy", lambda: True)
    monkeypatch.setattr(tuning, "measure", None)
    lines: list[str] = []
    assert tuned(model, report=lines.append) is model
    assert lines == ["not tuned: other programs keep this machine busy; see distiliqa tune"]
    assert list(tmp_path.iterdir()) == []


def test_what_was_measured_while_others_ran_is_not_taken():
    trials = [Trial(DEFAULT, 1.0), Trial(replace(DEFAULT, threads=1), 3.0)]
    assert Tuning(trials, busy=True).chosen is trials[0]
    assert Tuning(trials, busy=False).chosen is trials[1]


def test_what_was_asked_for_stays(tiny_model: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(tuning, "tune", None)
    for options in ({"threads": 1}, {"batch": 2}):
        model = load_model(tiny_model, **options)
        assert tuned(model) is model


def test_what_is_remembered_and_gone_is_the_default(
    model: Model, costs: dict[Execution, float], monkeypatch: pytest.MonkeyPatch
):
    costs[replace(DEFAULT, threads=2)] = 0.5
    tune(model, any_runtime=False)
    monkeypatch.setattr(tuning, "recall", lambda *_: Execution("cuda"))
    monkeypatch.setattr("distiliqa.scoring.runtimes.runtime.has_cuda", lambda: False)
    assert tuned(model, any_runtime=False) is model


@pytest.mark.parametrize("many", [3, 4])
def test_a_run_of_many_slices_is_tuned_and_says_by_what_it_ran(
    model: Model, tmp_path: Path, write_series: Callable[..., Path], monkeypatch, many: int
):
    monkeypatch.setattr("distiliqa.scoring.run.MANY", many)
    other = model.run_by(replace(DEFAULT, threads=1, batch=2))
    run = score_inputs([write_series(tmp_path / "in", 3)], model, tune=lambda _: other)
    assert run.execution == (other.execution if many == 3 else DEFAULT)
    assert len(run.slices) == 3


def test_what_is_remembered_is_recalled(model: Model, folder: Path):
    assert recall(model, BOTH) is None
    remember(model, BOTH, FOUND)
    assert recall(model, BOTH) == FOUND
    assert recall(model, BOTH).chosen == "measured"
    assert [path.suffix for path in folder.iterdir()] == [".json"]


def test_all_that_it_depends_on_is_another_memory(
    model: Model, folder: Path, monkeypatch: pytest.MonkeyPatch
):
    remember(model, BOTH, FOUND)
    other_file = replace(model, config=replace(model.config, files={"model.onnx": "0" * 64}))
    other_batch = replace(model, execution=Execution(batch=8))
    assert recall(other_file, BOTH) is recall(other_batch, BOTH) is None
    assert recall(model, ("onnxruntime",)) is None
    with monkeypatch.context() as patch:
        patch.setattr(machine_cache, "cores", lambda: 1000)
        assert recall(model, BOTH) is None
    with monkeypatch.context() as patch:
        patch.setattr(machine_cache, "package_versions", lambda names: dict.fromkeys(names, "0"))
        assert recall(model, BOTH) is None
    assert recall(model, BOTH) == FOUND


@pytest.mark.parametrize(
    "content",
    [
        "",
        "[]",
        "{}",
        '{"execution": 3}',
        '{"execution": {"runtime": "tensorrt"}}',
        '{"execution": {"threads": "all"}}',
        '{"execution": {"batch": 0}}',
        '{"execution": {"gears": 4}}',
        '{"execution": {"runtime": "cuda"}}',
        '{"execution": {"runtime": "openvino", "precision": "bf16"}}',
    ],
)
def test_a_damaged_memory_is_none(model: Model, folder: Path, content: str):
    remember(model, BOTH, FOUND)
    (file,) = folder.iterdir()
    file.write_text(content)
    assert recall(model, BOTH) is None
    remember(model, BOTH, FOUND)
    assert json.loads(file.read_text())["execution"]["runtime"] == "openvino"


def test_a_cache_that_cannot_be_written_or_read_is_none(model: Model, folder: Path):
    folder.write_text("a file in the place of the folder")
    remember(model, BOTH, FOUND)
    assert recall(model, BOTH) is None


def test_a_user_without_a_home_has_no_memory(
    model: Model, folder: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setattr(os.path, "expanduser", lambda path: path)
    remember(model, BOTH, FOUND)
    assert recall(model, BOTH) is None
