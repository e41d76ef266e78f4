from __future__ import annotations

import json
import shutil
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

pytest.importorskip("starlette")
from tests.support.made import mapped

from distiliqa.errors import DistiliqaError
from distiliqa.models.folder import write_config
from distiliqa.report.json import model_facts
from distiliqa.scoring.model import Model
from distiliqa.serve import series_routes
from distiliqa.serve.series_routes import list_series


def listed(key: str, score: float, low: float, high: float, higher: bool = True) -> SimpleNamespace:
    """A series that was scored on a scale."""
    scale = {"low": low, "high": high, "higher_is_better": higher}
    series = SimpleNamespace(row=lambda *, identify: {"key": key, "score": score})
    return SimpleNamespace(series=series, results=SimpleNamespace(model={"scale": scale}))


def test_the_worst_share_of_the_scale_comes_first_whatever_the_scale_is():
    found = [
        listed("a quarter", 1.0, 0, 4),
        listed("a tenth", 10.0, 0, 100),
        listed("nine tenths", 0.2, 0, 2, higher=False),
        listed("a half", 1.5, 1, 2),
    ]
    workspace = SimpleNamespace(listed=lambda: found, settings=SimpleNamespace(identify=False))
    request: Any = SimpleNamespace(app=SimpleNamespace(state=SimpleNamespace(workspace=workspace)))
    rows = json.loads(bytes(list_series(request).body))
    assert [row["key"] for row in rows] == ["a tenth", "a quarter", "a half", "nine tenths"]


def test_a_heatmap_is_of_the_model_that_scored_and_not_of_its_network(tmp_path: Path, model: Model):
    folder = shutil.copytree(model.folder, tmp_path / "model")
    scored_by = json.loads(json.dumps(model_facts(model.config)))  # as results keep it
    assert series_routes._model(str(folder), scored_by).title == model.title
    write_config(folder, mapped(model.config))
    with pytest.raises(DistiliqaError, match="scored by another model than the one here"):
        series_routes._model(str(folder), scored_by)
    facts = json.loads(json.dumps(model_facts(mapped(model.config))))
    assert series_routes._model(str(folder), facts).title == "site 9"
