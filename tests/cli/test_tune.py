from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.support.command_line import invoke
from tests.support.models import write_linear_model

from distiliqa.scoring import trials, tuning


@pytest.fixture(autouse=True)
def quiet_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A quiet machine of its own memory, on which two threads are twice as fast as the default."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(tuning, "is_busy", lambda: False)
    monkeypatch.setattr(trials, "cores", lambda: 2)
    monkeypatch.setattr("distiliqa.scoring.execution.cores", lambda: 2)
    monkeypatch.setattr(
        trials, "_seconds", lambda model, images: 0.5 if model.execution.threads == 2 else 1.0
    )
    return tmp_path / "cache" / "distiliqa"


def test_each_trial_is_shown_and_the_fastest_remembered(tiny_model: Path, quiet_machine: Path):
    done = invoke("tune", tiny_model, "--runtime", "onnxruntime")
    assert done.exit_code == 0, done.output
    first, *_, last = done.stdout.splitlines()
    assert first.startswith("onnxruntime in fp32, 1 thread, batches of 1, 2 in parallel ")
    assert "1.00 times the default" in first
    assert last == "tuned: onnxruntime in fp32, 2 threads, batches of 4, 2.00 times the default"
    (file,) = quiet_machine.iterdir()
    assert json.loads(file.read_text())["execution"]["threads"] == 2


def test_what_was_not_measured_has_no_figure(tiny_model: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(tuning, "is_busy", lambda: True)
    first, last = invoke("tune", tiny_model).stdout.splitlines()
    assert first.endswith("not measured")
    assert last.startswith("not tuned: other programs keep this machine busy")


def test_a_model_that_is_not_there_is_one_line(tmp_path: Path):
    done = invoke("tune", tmp_path / "none")
    assert (done.exit_code, done.stdout) == (2, "")
    assert done.stderr.startswith("error: no model or model folder")


def execution_of(out: Path) -> dict[str, object]:
    return json.loads((out / "run.json").read_text())["settings"]["execution"]


def test_a_run_of_many_slices_is_tuned_once_and_says_so(
    tmp_path: Path, tiny_model: Path, write_series: Callable[..., Path], monkeypatch
):
    folder, out = write_series(tmp_path / "in", 3), tmp_path / "out"
    command = ("score", folder, "--model", tiny_model, "--runtime", "onnxruntime", "--out", out)
    assert invoke(*command).stderr == ""
    assert execution_of(out)["chosen"] == "default"
    monkeypatch.setattr("distiliqa.scoring.run.MANY", 3)
    shown = invoke(*command).stderr
    assert shown == "tuned: onnxruntime in fp32, 2 threads, batches of 4, 2.00 times the default\n"
    assert execution_of(out)["threads"] == 2
    assert execution_of(out)["chosen"] == "measured"
    assert invoke(*command).stderr == ""
    assert execution_of(out)["threads"] == 2


@pytest.mark.parametrize("option", [("--threads", 1), ("--batch", 2)])
def test_what_is_asked_for_is_not_tuned(
    tmp_path: Path, tiny_model: Path, write_series: Callable[..., Path], monkeypatch, option
):
    monkeypatch.setattr("distiliqa.scoring.run.MANY", 3)
    folder, out = write_series(tmp_path / "in", 3), tmp_path / "out"
    done = invoke("score", folder, "--model", tiny_model, "--out", out, *option)
    assert (done.exit_code, done.stderr) == (0, "")
    assert execution_of(out)[option[0].removeprefix("--")] == option[1]
    assert execution_of(out)["chosen"] == "asked"


def test_a_precision_that_a_runtime_lacks_is_one_line(tiny_model: Path, tmp_path: Path):
    wanted = ("--runtime", "onnxruntime", "--precision", "bf16")
    done = invoke("score", tmp_path, "--model", tiny_model, *wanted)
    assert done.exit_code == 2
    assert done.stderr == (
        "error: the runtime onnxruntime does not run in bf16; use openvino for bf16\n"
    )


def test_a_network_in_int8_is_made_checked_and_scores(
    tmp_path: Path, quiet_machine: Path, write_series: Callable[..., Path], monkeypatch
):
    monkeypatch.setattr("distiliqa.scoring.reduced_precision.MAX_MOVED", 1.0)
    monkeypatch.setattr("distiliqa.scoring.reduced_precision.MIN_SROCC", 0.0)
    model, folder = write_linear_model(tmp_path / "linear"), write_series(tmp_path / "in", 3)
    wanted = ("--runtime", "onnxruntime", "--precision", "int8", "--slices", folder)
    done = invoke("tune", model, *wanted)
    assert done.exit_code == 0, done.output
    assert "onnxruntime in int8, 2 threads" in done.stdout.splitlines()[-2]
    assert {path.suffix for path in quiet_machine.iterdir()} == {".json", ".onnx"}
    out = tmp_path / "out"
    done = invoke("score", folder, "--model", model, "--precision", "int8", "--out", out)
    assert done.exit_code == 0, done.output
    assert execution_of(out)["precision"] == "int8"


def test_slices_are_for_int8(tiny_model: Path, tmp_path: Path):
    done = invoke("tune", tiny_model, "--slices", tmp_path)
    assert (done.exit_code, done.stdout) == (2, "")
    assert "--slices is for --precision int8" in done.stderr
