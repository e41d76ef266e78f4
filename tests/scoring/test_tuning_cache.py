from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path

import pytest

from distiliqa.scoring import tuning_cache
from distiliqa.scoring.execution import Execution
from distiliqa.scoring.model import Model
from distiliqa.scoring.tuning_cache import cache_folder, recall, remember

BOTH = ("onnxruntime", "openvino")
FOUND = Execution("openvino", "fp32", threads=2, batch=1)


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    return tmp_path / "distiliqa"


def test_what_is_remembered_is_recalled(model: Model, folder: Path):
    assert recall(model, BOTH) is None
    remember(model, BOTH, FOUND)
    assert recall(model, BOTH) == FOUND
    assert recall(model, BOTH).chosen == "measured"
    assert [path.suffix for path in folder.iterdir()] == [".json"]


def test_all_that_it_depends_on_is_another_memory(model: Model, monkeypatch: pytest.MonkeyPatch):
    remember(model, BOTH, FOUND)
    other_file = replace(model, config=replace(model.config, files={"model.onnx": "0" * 64}))
    other_batch = replace(model, execution=Execution(batch=8))
    assert recall(other_file, BOTH) is recall(other_batch, BOTH) is None
    assert recall(model, ("onnxruntime",)) is None
    with monkeypatch.context() as patch:
        patch.setattr(tuning_cache, "cores", lambda: 1000)
        assert recall(model, BOTH) is None
    with monkeypatch.context() as patch:
        patch.setattr(tuning_cache, "package_versions", lambda names: dict.fromkeys(names, "0"))
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


def test_a_user_without_a_home_has_no_memory(model: Model, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setattr(os.path, "expanduser", lambda path: path)
    remember(model, BOTH, FOUND)
    assert recall(model, BOTH) is None


def test_a_relative_cache_folder_is_not_taken(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.setenv("XDG_CACHE_HOME", "here")  # as the specification says
    monkeypatch.setenv("HOME", str(tmp_path))
    assert cache_folder() == tmp_path / ".cache" / "distiliqa"
