"""The manifest of a rated data set.

What a preprocessing run remembers.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from distiliqa.errors import DistiliqaError
from distiliqa.files import write_csv
from distiliqa.lab.data.rated_folder import Journal, ManifestRow, stamp


def test_columns_and_rows(tmp_path: Path) -> None:
    row = ManifestRow("0.5Dose/1, a.dcm", "C002", "1, a", 0.5, 0.75, "full/1, a.dcm")
    write_csv(tmp_path / "manifest.csv", ManifestRow._fields, [row])
    assert (tmp_path / "manifest.csv").read_text().splitlines() == [
        "path,case,slice,dose,score,source",
        '"0.5Dose/1, a.dcm",C002,"1, a",0.5,0.75,"full/1, a.dcm"',
    ]


HALF = {"scores": [0.5, 0.25], "sha256": ["a0", "b1"]}
MORE = {"scores": [0.75], "sha256": ["c2", "d3"]}


def test_finds_what_an_earlier_run_entered(tmp_path: Path) -> None:
    Journal(tmp_path / "j").enter("a", HALF)
    assert Journal(tmp_path / "j").find("a") == HALF
    assert Journal(tmp_path / "j").find("b") is None
    assert Journal(tmp_path / "j").find(None) is None


def test_survives_a_half_written_entry(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "j")
    journal.enter("a", HALF)
    with (tmp_path / "j").open("a") as file:
        file.write('\n{"stamp": "b", "sco')
    journal.enter("c", MORE)
    again = Journal(tmp_path / "j")
    assert (again.find("a"), again.find("b"), again.find("c")) == (HALF, None, MORE)


def test_a_stamp_changes_with_settings_and_files(tmp_path: Path) -> None:
    file = tmp_path / "image"
    file.write_text("1")
    first = stamp(("physical", 0.1), [file])
    assert stamp(("physical", 0.1), [file]) == first
    assert stamp(("published", 0.1), [file]) != first
    os.utime(file, ns=(0, 0))
    assert stamp(("physical", 0.1), [file]) != first
    file.unlink()
    assert stamp(("physical", 0.1), [file]) is None


def test_a_journal_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "j").mkdir()
    with pytest.raises(DistiliqaError, match="j: cannot be written"):
        Journal(tmp_path / "j").enter("a", HALF)
