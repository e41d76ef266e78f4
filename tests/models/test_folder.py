from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from distiliqa.errors import ModelFolderError
from distiliqa.models.folder import CONFIG, read_config

CERTAINTY = {"coverage": 0.9, "quantile": 2, "floor": 0.1, "images": 1, "cases": 1}


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("window", {"width": 0, "level": 40}),
        ("window", {"width": "wide", "level": 40}),
        ("scale", {"low": "bad", "high": 4, "meaning": "a rating"}),
        ("scale", 4),
        ("certainty", CERTAINTY | {"coverage": "a"}),
        ("certainty", CERTAINTY | {"floor": None}),
        ("certainty", {}),
        ("domain", {"false_alarms": 0.1, "images": 1, "checked": 1, "smallest_mm": "x"}),
        ("domain", [1]),
        ("heatmap", [1]),
        ("heatmap", "ab"),
        ("regions", "chest"),
        ("regions", [1]),
        ("training", 7),
        ("files", [1]),
        ("unknown", 1),
        ("name", ["compact"]),
        ("outputs", True),
        ("outputs", 10**60),
        ("outputs", -1),
        ("outputs", 0),
        ("image_size", 10**6),
        ("image_size", 512.0),
        ("heatmap", [16, 10**9]),
        ("heatmap", [0, 0]),
        ("scale", {"low": 4, "high": 4, "meaning": ""}),
        ("scale", {"low": 4, "high": 0, "meaning": ""}),
        ("scale", {"low": 0, "high": 1e300, "meaning": ""}),
        ("scale", {"low": 0, "high": 4, "meaning": "", "higher_is_better": 1}),
        ("scale", {"low": float("nan"), "high": 4, "meaning": ""}),
        ("scale", {"low": 0, "high": float("inf"), "meaning": ""}),
        ("window", {"width": 1e-300, "level": 40}),
        ("window", {"width": 350, "level": 1e30}),
        ("certainty", CERTAINTY | {"coverage": 7}),
        ("certainty", CERTAINTY | {"quantile": -1}),
        ("files", {"model.onnx": 1}),
    ],
)
def test_a_config_that_makes_no_sense_is_one_line(
    tiny_model: Path, tmp_path: Path, key: str, value: Any
):
    folder = Path(shutil.copytree(tiny_model, tmp_path / "model"))
    config = json.loads((folder / CONFIG).read_text())
    (folder / CONFIG).write_text(json.dumps(config | {key: value}))
    with pytest.raises(ModelFolderError, match=f"{CONFIG}: not a model description"):
        read_config(folder)


@pytest.mark.parametrize("end", ["1e999", "9" * 5000, "[" * 100_000])
def test_json_beyond_all_limits_is_one_line(tiny_model: Path, tmp_path: Path, end: str):
    folder = Path(shutil.copytree(tiny_model, tmp_path / "model"))
    text = (folder / CONFIG).read_text()
    (folder / CONFIG).write_text(text.replace('"low": 0.0', f'"low": {end}'))
    with pytest.raises(ModelFolderError, match=f"{CONFIG}: not a model description") as error:
        read_config(folder)
    assert len(error.value.reason) < 300


def test_texts_of_a_model_are_one_short_line(tiny_model: Path, tmp_path: Path):
    folder = Path(shutil.copytree(tiny_model, tmp_path / "model"))
    content = json.loads((folder / CONFIG).read_text())
    content |= {"name": "a\x1b[2J\nb", "version": "1" * 10**5}
    content["scale"]["meaning"] = "several\nlines \u202e"
    (folder / CONFIG).write_text(json.dumps(content))
    config = read_config(folder)
    assert config.name == r"a\x1b[2J b"
    assert config.version == f"{'1' * 59}…"
    assert config.scale.meaning == r"several lines \u202e"
