from __future__ import annotations

import csv
import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from tests.support.command_line import invoke
from tests.support.disks import fail_for
from typer.testing import Result

Write = Callable[..., Path]


@pytest.fixture
def compare(tiny_model: Path) -> Callable[..., Result]:
    def run(*args: object) -> Result:
        return invoke("compare", *args, "--model", tiny_model)

    return run


def test_two_series(tmp_path: Path, compare: Callable[..., Result], write_series: Write):
    a = write_series(tmp_path / "a", 4)
    b = write_series(tmp_path / "b", 3, SeriesInstanceUID="1.2.4")
    done = compare(a, b, "--out", tmp_path / "out")
    assert done.exit_code == 0, done.stderr
    assert "B minus A" in done.stdout
    assert "without a partner: 1 slice of A, 0 slices of B" in done.stdout
    assert (tmp_path / "out" / "compare.html").exists()


def test_the_page_names_files_only_when_asked(
    tmp_path: Path, compare: Callable[..., Result], write_series: Write
):
    a, b = (write_series(tmp_path / "DOE JANE" / name, 3) for name in "ab")
    page = tmp_path / "out" / "compare.html"
    assert compare(a, b, "--out", page.parent).exit_code == 0
    assert "DOE JANE" not in page.read_text()
    assert compare(a, b, "--out", page.parent, "--identify").exit_code == 0
    assert "DOE JANE" in page.read_text()


def test_slices_of_other_places_are_matched_by_their_order_when_asked(
    tmp_path: Path, compare: Callable[..., Result], write_ct: Write
):
    """Of one place in another system of coordinates, and under other names."""
    rng = np.random.default_rng(0)
    for n in range(3):
        for name, at in (("a", 3 * n), ("b", 3 * n + 500)):
            hu = rng.normal(40, 20 + 10 * n, (64, 64))
            write_ct(tmp_path / name / f"{name}{n}.dcm", hu, ImagePositionPatient=[0, 0, at])
    done = compare(tmp_path / "a", tmp_path / "b")
    assert (done.exit_code, "or --match order" in done.stderr) == (2, True)
    done = compare(tmp_path / "a", tmp_path / "b", "--match", "order", "--out", tmp_path / "out")
    assert done.exit_code == 0, done.stderr
    with (tmp_path / "out" / "compare.csv").open(newline="") as file:
        pairs = [
            (Path(row["path_a"]).name, Path(row["path_b"]).name) for row in csv.DictReader(file)
        ]
    assert pairs == [(f"a{n}.dcm", f"b{n}.dcm") for n in range(3)]


def test_a_slice_that_fails_is_1(
    tmp_path: Path, compare: Callable[..., Result], write_series: Write
):
    a, b = write_series(tmp_path / "a", 4), write_series(tmp_path / "b", 3)
    broken = b / "1.dcm"
    broken.write_bytes(broken.read_bytes()[:-100])
    done = compare(a, b)
    assert done.exit_code == 1
    assert done.stderr.startswith(f"failed: {broken}: ")
    assert done.stderr.count("\n") == 1


@pytest.mark.skipif(os.name == "nt", reason="such a name is not allowed")
def test_a_name_with_an_escape_code_reaches_no_terminal(
    tmp_path: Path, compare: Callable[..., Result], write_series: Write
):
    a, b = write_series(tmp_path / "a", 3), write_series(tmp_path / "b\x1b[2J\nb", 3)
    broken = b / "1.dcm"
    broken.write_bytes(broken.read_bytes()[:-100])
    done = compare(a, b)
    assert done.exit_code == 1
    assert "\x1b" not in done.output
    assert done.stderr.startswith(f"failed: {tmp_path / 'b'}\\x1b[2J\\nb/1.dcm: ")
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize("other", ["a", "missing", "far"])
def test_what_cannot_be_compared_is_2_and_one_line(
    tmp_path: Path, compare: Callable[..., Result], write_series: Write, write_ct: Write, other: str
):
    a = write_series(tmp_path / "a", 2)
    far = tmp_path / "far" / "9.dcm"
    write_ct(far, np.zeros((64, 64)), ImagePositionPatient=[0, 0, 500])
    done = compare(a, tmp_path / other, "--out", tmp_path / "out")
    assert (done.exit_code, done.stdout) == (2, "")
    assert done.stderr.startswith(f"error: {tmp_path / other}: ")
    assert done.stderr.count("\n") == 1


def test_a_file_that_cannot_be_written_is_1_and_costs_no_other(
    tmp_path: Path,
    compare: Callable[..., Result],
    write_series: Write,
    monkeypatch: pytest.MonkeyPatch,
):
    a, b = write_series(tmp_path / "a", 4), write_series(tmp_path / "b", 3)
    (b / "9.dcm").touch()
    fail_for(monkeypatch, "compare.csv")
    done = compare(a, b, "--out", tmp_path / "out")
    assert done.exit_code == 1
    assert "B minus A" in done.stdout
    failed, unwritten = done.stderr.splitlines()
    assert failed.startswith(f"failed: {b / '9.dcm'}: ")
    assert unwritten.startswith(f"not written: {tmp_path / 'out' / 'compare.csv'}: cannot be")
    assert {path.name for path in (tmp_path / "out").iterdir()} == {"compare.html", "compare.json"}
