from __future__ import annotations

import csv
import json
from dataclasses import replace
from pathlib import Path

import pytest

from distiliqa.compare.files import write_comparison
from distiliqa.compare.pairing import Match
from distiliqa.compare.result import PairedRun


def test_three_files_hold_the_same(paired: PairedRun, tmp_path: Path):
    write_comparison(paired, tmp_path)
    record = json.loads((tmp_path / "compare.json").read_text())
    assert record["b_minus_a"]["score"]["n"] == 4
    assert record["b_minus_a"]["score"]["test"]["exact"] is True
    assert len(record["a"]["unmatched"]) == 1
    with (tmp_path / "compare.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 5
    differences = [float(row["difference"]) for row in rows if row["difference"]]
    assert differences == [slice_["difference"] for slice_ in record["series"][0]["slices"]]
    assert rows[-1]["path_b"] == ""
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "compare.csv",
        "compare.html",
        "compare.json",
    ]


@pytest.mark.parametrize(
    ("match", "words"), [(None, "position, by name where it is unknown"), ("order", "order")]
)
def test_how_slices_were_matched_is_recorded(
    paired: PairedRun, tmp_path: Path, match: Match | None, words: str
):
    write_comparison(replace(paired, match=match), tmp_path)
    settings = json.loads((tmp_path / "compare.json").read_text())["settings"]
    assert (settings["match"], settings["image_size"]) == (match, 512)
    page = (tmp_path / "compare.html").read_text()
    assert f"<dt>Slices matched by</dt><dd>{words}</dd>" in page
