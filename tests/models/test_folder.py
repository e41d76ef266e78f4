from __future__ import annotations

import json
import shutil
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from distiliqa.errors import DistiliqaError, ModelFolderError
from distiliqa.models import folder
from distiliqa.models.folder import CONFIG, read_config

CALIBRATION = {"coverage": 0.9, "quantile": 2, "floor": 0.1, "images": 1, "cases": 1}


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("window", {"width": 0, "level": 40}),
        ("window", {"width": "wide", "level": 40}),
        ("scale", {"low": "bad", "high": 4, "meaning": "a rating"}),
        ("scale", 4),
        ("interval_calibration", CALIBRATION | {"coverage": "a"}),
        ("interval_calibration", CALIBRATION | {"floor": None}),
        ("interval_calibration", {}),
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
        ("interval_calibration", CALIBRATION | {"coverage": 7}),
        ("interval_calibration", CALIBRATION | {"quantile": -1}),
        ("files", {"model.onnx": 1}),
    ],
)
def test_a_config_that_makes_no_sense_is_one_line(
    tiny_model: Path, tmp_path: Path, key: str, value: Any
):
    copy = Path(shutil.copytree(tiny_model, tmp_path / "model"))
    config = json.loads((copy / CONFIG).read_text())
    (copy / CONFIG).write_text(json.dumps(config | {key: value}))
    with pytest.raises(ModelFolderError, match=f"{CONFIG}: not a model description"):
        read_config(copy)


@pytest.mark.parametrize("end", ["1e999", "9" * 5000, "[" * 100_000])
def test_json_beyond_all_limits_is_one_line(tiny_model: Path, tmp_path: Path, end: str):
    copy = Path(shutil.copytree(tiny_model, tmp_path / "model"))
    text = (copy / CONFIG).read_text()
    (copy / CONFIG).write_text(text.replace('"low": 0.0', f'"low": {end}'))
    with pytest.raises(ModelFolderError, match=f"{CONFIG}: not a model description") as error:
        read_config(copy)
    assert len(error.value.reason) < 300


def test_texts_of_a_model_are_one_short_line(tiny_model: Path, tmp_path: Path):
    copy = Path(shutil.copytree(tiny_model, tmp_path / "model"))
    content = json.loads((copy / CONFIG).read_text())
    content |= {"name": "a\x1b[2J\nb", "version": "1" * 10**5}
    content["scale"]["meaning"] = "several\nlines \u202e"
    (copy / CONFIG).write_text(json.dumps(content))
    config = read_config(copy)
    assert config.name == r"a\x1b[2J b"
    assert config.version == f"{'1' * 59}…"
    assert config.scale.meaning == r"several lines \u202e"


@pytest.mark.parametrize("key", ["certainty", "interval_calibration"])
def test_the_key_of_0_1_0_is_read_too(tiny_model: Path, tmp_path: Path, key: str):
    copy = Path(shutil.copytree(tiny_model, tmp_path / "model"))
    content = json.loads((copy / CONFIG).read_text())
    del content["interval_calibration"]
    (copy / CONFIG).write_text(json.dumps(content | {key: CALIBRATION}))
    config = read_config(copy)
    assert asdict(config)["interval_calibration"] == CALIBRATION | {"width": None}
    folder.write_config(copy, config)
    written = json.loads((copy / CONFIG).read_text())
    assert "certainty" not in written
    assert written["interval_calibration"] == CALIBRATION | {"width": None}


def test_one_fact_by_two_names_is_refused(tiny_model: Path, tmp_path: Path):
    copy = Path(shutil.copytree(tiny_model, tmp_path / "model"))
    content = json.loads((copy / CONFIG).read_text())
    (copy / CONFIG).write_text(json.dumps(content | {"certainty": CALIBRATION}))
    with pytest.raises(ModelFolderError, match=r"\('certainty' is unknown\)"):
        read_config(copy)


@pytest.fixture
def two_shipped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("compact", "published"):
        (tmp_path / "models" / name).mkdir(parents=True)
        (tmp_path / "models" / name / "config.json").write_text("{}")
    (tmp_path / "models" / "half-copied").mkdir()
    monkeypatch.setattr(folder, "files", lambda package: tmp_path)
    return tmp_path / "models"


def test_shipped_models_are_found_by_name(two_shipped: Path):
    assert list(folder.shipped_models()) == ["compact", "published"]
    assert folder.find_model("compact") == two_shipped / "compact"


def test_a_folder_is_found_by_path(two_shipped: Path, tmp_path: Path):
    assert folder.find_model(tmp_path) == tmp_path
    assert folder.find_model(str(tmp_path)) == tmp_path


@pytest.mark.usefixtures("two_shipped")
def test_an_unknown_name_lists_those_there_are():
    with pytest.raises(DistiliqaError, match=r"'tiny'; the shipped models are: compact, published"):
        folder.find_model("tiny")


def test_the_package_may_ship_no_model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(folder, "files", lambda package: tmp_path)
    assert folder.shipped_models() == {}
    with pytest.raises(DistiliqaError, match="are: none"):
        folder.find_model("compact")
