from __future__ import annotations

import json
import platform
import socket
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path

import pytest

from distiliqa.errors import DistiliqaError
from distiliqa.report.run_record import run_record
from distiliqa.scoring.result import ScoringRun


def test_the_run_can_be_repeated_and_questioned(run: ScoringRun):
    record = json.loads(json.dumps(run_record(run), allow_nan=False))
    assert record["engines"]["onnxruntime"] == version("onnxruntime")
    assert record["python"] == platform.python_version()
    assert record["model"]["sha256"] == run.model.files["model.onnx"]
    assert record["settings"]["inputs"] == list(run.inputs)
    assert record["settings"]["window"] == {"width": 350, "level": 40}
    assert record["slices"] == {"found": 4, "scored": 4}
    assert record["sha256"] == run.sha256
    assert set(record["seconds"]) == {"index", "tuning", "read", "inference", "total"}
    assert record["settings"]["execution"] == {
        "runtime": "onnxruntime",
        "precision": "fp32",
        "threads": None,
        "batch": 4,
        "lanes": 1,
        "chosen": "default",
    }
    assert [Path(each["path"]).name for each in record["errors"]] == ["broken.dcm"]


def test_the_reference_is_named(run: ScoringRun, compared: ScoringRun):
    assert run_record(run)["settings"]["reference"] is None
    assert run_record(compared)["settings"]["reference"] == "full"


def test_what_stopped_the_run_is_told(run: ScoringRun):
    assert run_record(run)["stopped"] is None
    assert run_record(replace(run, stopped=KeyboardInterrupt()))["stopped"] == "interrupted"
    broken = replace(run, stopped=DistiliqaError("broken", path="m"))
    assert run_record(broken)["stopped"] == "m: broken"


def test_no_host_user_or_patient_is_named(run: ScoringRun, monkeypatch: pytest.MonkeyPatch):
    for variable in ("USER", "LOGNAME", "USERNAME"):  # what getpass.getuser asks
        monkeypatch.setenv(variable, "user-of-this-test")
    monkeypatch.setattr(platform, "node", lambda: "host-of-this-test")
    monkeypatch.setattr(socket, "gethostname", lambda: "host-of-this-test")
    record = run_record(run)
    for paths in ("sha256", "errors", "left_out", "settings"):  # given by the user as they are
        del record[paths]
    told = json.dumps(record)
    assert "of-this-test" not in told
    assert "DOE" not in told
