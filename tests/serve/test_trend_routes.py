from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any

import pytest

from distiliqa.serve.trend_routes import plot
from distiliqa.statistics.size_trend import MIN_SERIES


def stored(number: int, phantom_cm: int | None, model: str = "m 1") -> SimpleNamespace:
    """A series whose dose grows with its size."""
    row = {"name": f"s{number}", "key": f"k{number}", "kernel": "B30f", "model": model}
    numbers = {
        "dw_mm": 200.0 + number,
        "ctdivol_mgy": 5.0 + number,
        "ssde_mgy": 9.0 + number,
        "score": 1.0 + number / 10,
        "ctdi_phantom_cm": phantom_cm,
    }
    series = SimpleNamespace(numbers=numbers, row=lambda *, identify: row)
    return SimpleNamespace(series=series)


def drawn(y: str, phantoms: list[int | None]) -> str:
    """The plot of a measure against size."""
    svg: str = plotted(y, [stored(number, cm) for number, cm in enumerate(phantoms)])["svg"]
    return svg


def plotted(y: str, listed: list[SimpleNamespace], by: str = "kernel") -> dict[str, Any]:
    """The answer to a measure against size."""
    workspace = SimpleNamespace(listed=lambda: listed, settings=SimpleNamespace(identify=False))
    request: Any = SimpleNamespace(
        query_params={"x": "dw_mm", "y": y, "by": by},
        app=SimpleNamespace(state=SimpleNamespace(workspace=workspace)),
    )
    answer: dict[str, Any] = json.loads(bytes(plot(request).body))
    return answer


@pytest.mark.parametrize(
    ("y", "other", "mixed"),
    [("ctdivol_mgy", 16, True), ("ctdivol_mgy", None, False), ("ssde_mgy", 16, False)],
)
def test_ctdivol_of_two_phantoms_has_no_trend(y: str, other: int | None, mixed: bool):
    alike, both = drawn(y, [32] * MIN_SERIES), drawn(y, [32] * (MIN_SERIES - 1) + [other])
    assert ", two phantoms" not in alike
    assert (", two phantoms" in both) is mixed
    assert (both.count("<path") < alike.count("<path")) is mixed


@pytest.mark.parametrize(("y", "mixed"), [("score", True), ("ssde_mgy", False)])
def test_scores_of_two_models_have_a_warning_and_no_trend_together(y: str, mixed: bool):
    models = ["m 1", "m 2"] * MIN_SERIES
    listed = [stored(number, 32, model) for number, model in enumerate(models)]
    found = plotted(y, listed)
    alone = plotted(y, [stored(number, 32) for number in range(len(models))])
    assert (found["warning"] is not None) is mixed
    assert alone["warning"] is None
    assert (", several models" in found["svg"]) is mixed
    assert (found["svg"].count("<path") < alone["svg"].count("<path")) is mixed
    by_model = plotted(y, listed, by="model")["svg"]
    assert ", several models" not in by_model
    assert "m 2" in by_model
