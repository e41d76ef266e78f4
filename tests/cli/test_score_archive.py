"""``score-archive``; Ray itself takes part in the slow test only, and in tests/archive."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from tests.support.command_line import invoke
from typer.testing import Result

from distiliqa import extras as packages

Write = Callable[..., Path]


@pytest.fixture
def score(tiny_model: Path) -> Callable[..., Result]:
    def run(*args: object) -> Result:
        return invoke("score-archive", "--model", tiny_model, *args)

    return run


@pytest.fixture
def score_here(score: Callable[..., Result], monkeypatch: pytest.MonkeyPatch):
    """`score` with this process in the place of Ray."""
    pytest.importorskip("ray")
    from tests.support import without_ray

    without_ray.score_here(monkeypatch)
    return score


def test_all_scored_is_0(tmp_path: Path, score_here: Callable[..., Result], write_series: Write):
    folder, out = write_series(tmp_path / "in"), tmp_path / "out"
    done = score_here(folder, "--out", out)
    assert done.exit_code == 0, done.stderr
    assert done.stdout.startswith("3 slices in ")
    assert done.stderr == ""
    assert sorted(path.name for path in out.iterdir()) == [
        "run.json",
        "run.lock",
        "series.csv",
        "series.parquet",
        "slices",
    ]
    again = score_here(folder, "--out", out)
    assert (again.exit_code, "3 files were scored already" in again.stdout) == (0, True)
    assert score_here(folder, "--out", out, "--quiet").output == ""


def test_some_failed_is_1_and_none_scored_2(
    tmp_path: Path, score_here: Callable[..., Result], write_series: Write
):
    (tmp_path / "bad").mkdir()
    (tmp_path / "bad" / "0.dcm").write_bytes(b"no DICOM")
    done = score_here(tmp_path / "bad", "--out", tmp_path / "out")
    assert done.exit_code == 2
    write_series(tmp_path / "in")
    done = score_here(tmp_path / "bad", tmp_path / "in", "--out", tmp_path / "other")
    parts = tmp_path / "other" / "slices" / "*.parquet"
    assert done.stderr == f"failed: 1; the column reason of {parts} states why\n"
    assert done.exit_code == 1


@pytest.mark.parametrize(("options", "counted"), [((), 2), (("--count-outside",), 3)])
def test_slices_out_of_domain_count_only_when_asked(
    tmp_path: Path,
    score_here: Callable[..., Result],
    write_series: Write,
    write_ct: Write,
    options: tuple[str, ...],
    counted: int,
):
    """A slice of air has the lowest score, 0."""
    pq = pytest.importorskip("pyarrow.parquet")
    folder, out = write_series(tmp_path / "in", 2), tmp_path / "out"
    write_ct(folder / "air.dcm", np.full((64, 64), -1000), ImagePositionPatient=[0, 0, 9])
    done = score_here(folder, "--out", out, *options)
    assert done.exit_code == 0, done.stderr
    parts = [pq.read_table(part)["score"].to_pylist() for part in (out / "slices").iterdir()]
    scores = [score for part in parts for score in part]
    assert (len(scores), scores.count(0.0)) == (3, 1)
    (mean,) = pq.read_table(out / "series.parquet")["score"].to_pylist()
    assert mean == pytest.approx(sum(scores) / counted)


@pytest.mark.parametrize(
    ("given", "problem"), [(["in"], "Missing option '--out'"), (["--out", "out"], "INPUT")]
)
def test_wrong_usage_is_reported(score: Callable[..., Result], given: list[str], problem: str):
    done = score(*given)
    assert done.exit_code == 2
    assert problem in " ".join(done.stderr.replace("│", " ").split())


def test_a_missing_extra_is_reported(score: Callable[..., Result], tmp_path: Path, monkeypatch):
    monkeypatch.setattr(packages, "find_spec", lambda name: None)
    done = score(tmp_path, "--out", tmp_path / "out")
    assert done.exit_code == 2
    problem = 'error: score-archive needs the extra ray (ray is missing); pip install "pyarrow>='
    assert done.stderr.startswith(problem)


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="needs POSIX signals")
def test_ctrl_c_in_a_terminal_keeps_what_is_scored(
    tmp_path: Path, tiny_model: Path, write_series: Write
):
    """A terminal sends Ctrl-C to all processes, those of Ray too."""
    pq = pytest.importorskip("pyarrow.parquet")
    folder, out = write_series(tmp_path / "in", 2000), tmp_path / "out"
    command = [sys.executable, "-c", REPORTS_ROWS, "score-archive", folder]
    command += ["--model", tiny_model, "--out", out, "--concurrency", 2]
    with subprocess.Popen(
        list(map(str, command)), stderr=subprocess.PIPE, text=True, start_new_session=True
    ) as process:
        assert process.stderr is not None
        while process.stderr.readline() != "rows\n":
            pass
        os.killpg(process.pid, signal.SIGINT)
        errors = process.communicate(timeout=100)[1]
    assert process.returncode == 130, errors
    assert errors.replace("rows\n", "") == "interrupted\n"
    kept = [pq.read_table(part)["path"].to_pylist() for part in (out / "slices").iterdir()]
    paths = [path for part in kept for path in part]
    assert 0 < len(paths) == len(set(paths)) < 2000


# Reports when rows come.
REPORTS_ROWS = """
import sys
from distiliqa.archive.parts import Parts
add = Parts.add
def add_and_report(self, rows):
    add(self, rows)
    print("rows", file=sys.stderr, flush=True)
Parts.add = add_and_report
from distiliqa.cli import main
main()
"""
