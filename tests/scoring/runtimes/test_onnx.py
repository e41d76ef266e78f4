from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from distiliqa.errors import ModelFolderError
from distiliqa.models.folder import CONFIG, ONNX, read_config, write_config
from distiliqa.scoring.runtimes.onnx import open_session


@pytest.fixture
def copied_model(tiny_model: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(tiny_model, tmp_path / "model"))


def test_threads_are_those_asked_for(tiny_model: Path):
    session = open_session(tiny_model, read_config(tiny_model), threads=1)
    assert session.get_session_options().intra_op_num_threads == 1


def test_telemetry_is_off_before_onnxruntime_starts():
    code = (
        "import os, sys, distiliqa.scoring.runtimes.onnx;"
        "print(os.environ['ORT_DISABLE_TELEMETRY'], 'torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["1", "False"]


def test_an_altered_network_is_refused(copied_model: Path):
    with (copied_model / ONNX).open("ab") as file:
        file.write(b"\0")
    with pytest.raises(ModelFolderError, match="SHA-256 differs"):
        open_session(copied_model, read_config(copied_model))


def test_a_missing_network_is_named(copied_model: Path):
    (copied_model / ONNX).unlink()
    with pytest.raises(ModelFolderError, match=r"model\.onnx: missing"):
        open_session(copied_model, read_config(copied_model))


def test_a_file_that_is_no_network_is_one_line(copied_model: Path):
    config = read_config(copied_model)
    (copied_model / ONNX).write_bytes(b"not a network")
    write_config(copied_model, config)
    with pytest.raises(
        ModelFolderError, match=r"model\.onnx: not a network that distiliqa exports"
    ) as e:
        open_session(copied_model, read_config(copied_model))
    assert "\n" not in str(e.value)


@pytest.mark.parametrize(("key", "value"), [("outputs", 1), ("image_size", 256)])
def test_a_config_of_another_network_is_refused(copied_model: Path, key: str, value: int):
    content = json.loads((copied_model / CONFIG).read_text())
    (copied_model / CONFIG).write_text(json.dumps(content | {key: value}))
    with pytest.raises(ModelFolderError, match="not what config"):
        open_session(copied_model, read_config(copied_model))
