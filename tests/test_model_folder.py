from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from distiliqa.errors import ModelFolderError
from distiliqa.model_folder import CONFIG, read_config

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
        ("training", 7),
        ("files", [1]),
        ("unknown", 1),
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
