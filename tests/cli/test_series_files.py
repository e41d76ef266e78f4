from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from distiliqa.cli import app

pytest.importorskip("highdicom", reason="needs the extra pacs")


@pytest.fixture
def score(tiny_model):
    def run(*args):
        return CliRunner().invoke(app, ["score", *map(str, args), "--model", str(tiny_model)])

    return run


def test_a_structured_report_of_each_series(tmp_path, score, write_series):
    from distiliqa.pacs.read_scores import read_scores

    write_series(tmp_path / "in" / "a", 3)
    write_series(tmp_path / "in" / "b", 2, SeriesInstanceUID="1.2.4")
    done = score(tmp_path / "in", "--out", tmp_path / "out", "--sr")
    assert done.exit_code == 0, done.output
    counts = [len(read_scores(path)) for path in (tmp_path / "out" / "sr").iterdir()]
    assert sorted(counts) == [2, 3]


def test_a_series_that_can_have_none_is_told_and_the_others_go_on(tmp_path, score, write_series):
    write_series(tmp_path / "in" / "a", 3)
    np.save(tmp_path / "in" / "b.npy", np.zeros((2, 64, 64), np.float32))
    done = score(tmp_path / "in", "--out", tmp_path / "out", "--sr")
    assert done.exit_code == 1
    line = f"not written: {tmp_path / 'in' / 'b.npy'}: not a DICOM image"
    assert [each.startswith(line) for each in done.stderr.splitlines()] == [True]
    assert len(list((tmp_path / "out" / "sr").iterdir())) == 1


def test_sr_needs_a_folder(tmp_path, score, write_series):
    done = score(write_series(tmp_path), "--sr")
    assert done.exit_code == 2
    assert "--out" in done.stderr


def test_a_missing_extra_is_told_before_scoring(tmp_path, score, write_series, monkeypatch):
    monkeypatch.setattr("distiliqa.pacs.find_spec", lambda name: None)
    done = score(write_series(tmp_path / "in"), "--out", tmp_path / "out", "--sr")
    assert done.exit_code == 2
    assert done.stderr.startswith("error: DICOM results need the extra pacs")
    assert not Path(tmp_path / "out").exists()
