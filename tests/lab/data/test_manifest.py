"""The manifest of a rated data set."""

from __future__ import annotations

from pathlib import Path

from distiliqa.lab.data.rated_folder import ManifestRow, write_manifest


def test_columns_and_rows(tmp_path: Path) -> None:
    row = ManifestRow("0.5Dose/1, a.dcm", "C002", "1, a", 0.5, 0.75, "full/1, a.dcm")
    write_manifest(tmp_path / "manifest.csv", ManifestRow._fields, [row])
    assert (tmp_path / "manifest.csv").read_text().splitlines() == [
        "path,case,slice,dose,score,source",
        '"0.5Dose/1, a.dcm",C002,"1, a",0.5,0.75,"full/1, a.dcm"',
    ]
