from __future__ import annotations

from pathlib import Path

import pydicom.filereader
import pytest
from tests.support.command_line import invoke
from tests.support.slices import write_series

import distiliqa
from distiliqa.ct import CTWarning
from distiliqa.ct.dicom import read
from distiliqa.errors import DistiliqaError
from distiliqa.scoring.model import Model

ALL = ["--pdf", "--sr", "--heatmaps", "png", "--heatmaps", "nifti", "--heatmaps", "dicom"]


def test_all_outputs_read_each_header_and_decode_each_slice_twice_at_most(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    headers, slices = [], []
    read_header, decode = pydicom.filereader.read_partial, read.decode_frame
    monkeypatch.setattr(
        pydicom.filereader,
        "read_partial",
        lambda *given, **more: headers.append(1) or read_header(*given, **more),
    )
    monkeypatch.setattr(
        read, "decode_frame", lambda *given, **more: slices.append(1) or decode(*given, **more)
    )
    series, out = write_series(tmp_path / "in", 4), tmp_path / "out"
    result = invoke("score", series, "--out", out, *ALL)
    assert result.exit_code == 0, result.output
    assert (len(headers), len(slices)) == (8, 8)
    written = {path.name for path in out.iterdir()}
    assert {"report.html", "report.pdf", "scores.csv", "sr", "heatmaps"} <= written
    assert {path.suffix for path in (out / "heatmaps").iterdir()} == {"", ".gz", ".dcm"}


def test_the_function_writes_the_maps_of_the_command(tmp_path: Path):
    series = write_series(tmp_path / "in", 2)
    scores = distiliqa.score(series)
    result = invoke("score", series, "--out", tmp_path / "b", *ALL)
    assert result.exit_code == 0, result.output
    for kind, ending in (("png", ""), ("nifti", ".gz"), ("dicom", ".dcm")):
        (found,) = distiliqa.heatmaps(scores, tmp_path / "a", kind)
        assert (found.parent, found.suffix) == (tmp_path / "a" / "heatmaps", ending)
        same = tmp_path / "b" / "heatmaps" / found.name
        assert same.is_dir() or same.stat().st_size > 100
    pictures = [path.read_bytes() for path in sorted((tmp_path / "a" / "heatmaps").glob("*/*"))]
    assert len(pictures) == 2
    others = sorted((tmp_path / "b" / "heatmaps").glob("*/*.png"))
    assert pictures == [path.read_bytes() for path in others]


def test_maps_go_with_the_results_that_they_were_written_beside(tmp_path: Path):
    """Else those of a patient would stay beside the report of the next one."""
    first, second, out = (tmp_path / name for name in ("first", "second", "out"))
    write_series(first, 2)
    write_series(second, 2, SeriesInstanceUID="1.2.9")
    scores = distiliqa.score(first)
    distiliqa.report(scores, out)
    (maps,) = distiliqa.heatmaps(scores, out)
    result = invoke("score", second, "--out", out)
    assert result.exit_code == 0, result.output
    assert not maps.exists()


def test_what_is_no_scores_is_refused(tmp_path: Path):
    for write in (distiliqa.heatmaps, distiliqa.report):
        with pytest.raises(TypeError, match=r"str; give what distiliqa\.score"):
            write("scan", tmp_path)
    assert not any(tmp_path.iterdir())


def test_a_series_without_a_map_is_named_and_a_model_without_maps_refused(
    tmp_path: Path, model: Model
):
    scores = distiliqa.score([write_series(tmp_path / name, 2) for name in "ab"])
    for path in (tmp_path / "b").iterdir():
        path.unlink()
    with pytest.warns(CTWarning, match="is not there any more"):
        assert len(distiliqa.heatmaps(scores, tmp_path / "out")) == 1
    with pytest.raises(DistiliqaError, match="is not there any more"):
        distiliqa.heatmaps(scores[1:], tmp_path / "out")
    with pytest.raises(ValueError, match="gif"):
        distiliqa.heatmaps(scores, tmp_path / "out", "gif")
    with pytest.raises(DistiliqaError, match="no local quality map"):
        distiliqa.heatmaps(distiliqa.score(tmp_path / "a", model), tmp_path / "out")
