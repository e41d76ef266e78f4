from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from tests.support.command_line import invoke, run_apart
from tests.support.disks import fail_for

Write = Callable[..., Path]


def two(root: Path, write_series: Write) -> tuple[Path, Path]:
    first = write_series(root / "a", 3, SeriesInstanceUID="1.2.3")
    return first, write_series(root / "b", 3, SeriesInstanceUID="1.2.4", KVP=80)


def test_prints_and_writes_a_leaderboard(
    tmp_path: Path, tiny_model: Path, write_series: Write
) -> None:
    a, b = two(tmp_path, write_series)
    out = tmp_path / "out"
    done = invoke("rank", a, b, "--reference", a, "--model", tiny_model, "--out", out)
    assert done.exit_code == 0, done.output
    assert "a and b share the first rank by score" in done.stdout  # of the same pixels
    assert "speak for these slices only" in " ".join(done.stdout.split())
    files = {"rank.html", "rank.csv", "rank_slices.csv", "rank.json"}
    assert {path.name for path in out.iterdir()} == files


def test_the_page_names_folders_only_when_asked(
    tmp_path: Path, tiny_model: Path, write_series: Write
) -> None:
    a, b = two(tmp_path / "DOE JANE", write_series)
    page = tmp_path / "out" / "rank.html"
    given = ("rank", a, b, "--model", tiny_model, "--out", page.parent)
    assert invoke(*given).exit_code == 0
    assert "DOE JANE" not in page.read_text()
    assert invoke(*given, "--identify").exit_code == 0
    assert "DOE JANE" in page.read_text()


def test_a_slice_that_fails_is_1(tmp_path: Path, tiny_model: Path, write_series: Write) -> None:
    a, b = two(tmp_path, write_series)
    broken = b / "1.dcm"
    broken.write_bytes(broken.read_bytes()[:-100])
    status, _, errors = run_apart("rank", a, b, "--model", tiny_model)
    assert status == 1
    assert errors.startswith(f"failed: {broken}: ")


def test_what_cannot_be_ranked_is_2_and_one_line(
    tmp_path: Path, tiny_model: Path, write_series: Write
) -> None:
    a, _ = two(tmp_path, write_series)
    for others in ([], [a], [tmp_path / "none"]):
        done = invoke("rank", a, *others, "--model", tiny_model)
        assert (done.exit_code, done.stdout) == (2, "")
        assert done.stderr.startswith("error: ")
        assert done.stderr.count("\n") == 1


def test_a_file_that_cannot_be_written_is_1_and_costs_no_other(
    tmp_path: Path, tiny_model: Path, write_series: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    a, b = two(tmp_path, write_series)
    fail_for(monkeypatch, "rank.csv")
    done = invoke("rank", a, b, "--model", tiny_model, "--out", tmp_path / "out")
    assert done.exit_code == 1
    assert "first rank by score" in done.stdout
    assert done.stderr.startswith(f"not written: {tmp_path / 'out' / 'rank.csv'}: cannot be")
    files = {path.name for path in (tmp_path / "out").iterdir()}
    assert files == {"rank.html", "rank_slices.csv", "rank.json"}
