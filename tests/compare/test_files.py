from __future__ import annotations

import csv
import json
from pathlib import Path

from distiliqa.compare.files import write_comparison
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
