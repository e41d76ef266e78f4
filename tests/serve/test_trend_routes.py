from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any

import pytest

from distiliqa.serve.trend_routes import plot
from distiliqa.statistics.size_trend import MIN_SERIES


def stored(number: int, phantom_cm: int | None) -> SimpleNamespace:
    """A series whose dose grows with its size."""
    row = {"name": f"s{number}", "key": f"k{number}", "kernel": "B30f"}
    numbers = {
        "dw_mm": 200.0 + number,
        "ctdivol_mgy": 5.0 + number,
        "ssde_mgy": 9.0 + number,
        "ctdi_phantom_cm": phantom_cm,
    }
    series = SimpleNamespace(numbers=numbers, row=lambda *, identify: row)
    return SimpleNamespace(series=series)


def drawn(y: str, phantoms: list[int | None]) -> str:
    """The plot of a measure against size."""
    listed = [stored(number, phantom_cm) for number, phantom_cm in enumerate(phantoms)]
    workspace = SimpleNamespace(listed=lambda: listed, settings=SimpleNamespace(identify=False))
    request: Any = SimpleNamespace(
        query_params={"x": "dw_mm", "y": y, "by": "kernel"},
        app=SimpleNamespace(state=SimpleNamespace(workspace=workspace)),
    )
    svg: str = json.loads(bytes(plot(request).body))["svg"]
    return svg


@pytest.mark.parametrize(
    ("y", "other", "mixed"),
    [("ctdivol_mgy", 16, True), ("ctdivol_mgy", None, False), ("ssde_mgy", 16, False)],
)
def test_ctdivol_of_two_phantoms_has_no_trend(y: str, other: int | None, mixed: bool):
    alike, both = drawn(y, [32] * MIN_SERIES), drawn(y, [32] * (MIN_SERIES - 1) + [other])
    assert ", two phantoms" not in alike
    assert (", two phantoms" in both) is mixed
    assert (both.count("<path") < alike.count("<path")) is mixed
