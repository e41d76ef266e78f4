from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from tests.support.dose_reports import dose_event, write_dose_report

from distiliqa.errors import CTReadError
from distiliqa.scoring.inputs import index_inputs, problem_of

Write = Callable[..., Path]


def names(folder: Path, *inputs: object) -> list[str]:
    slices = index_inputs([str(item) for item in inputs]).slices
    return [Path(slice_.path).relative_to(folder).as_posix() for slice_ in slices]


def test_slices_named_one_by_one_are_in_the_order_of_their_position(
    tmp_path: Path, write_series: Write
):
    write_series(tmp_path)
    named = sorted(tmp_path.iterdir())
    assert names(tmp_path, *named) == names(tmp_path, tmp_path) == ["2.dcm", "1.dcm", "0.dcm"]


def test_a_glob_is_expanded(tmp_path: Path, write_series: Write):
    write_series(tmp_path / "a", 2)
    write_series(tmp_path / "b", 2, SeriesInstanceUID="1.2.4")
    assert names(tmp_path, tmp_path / "*" / "0.dcm") == ["a/0.dcm", "b/0.dcm"]
    assert len(names(tmp_path, tmp_path / "**" / "*.dcm")) == 4


def test_a_glob_has_the_order_of_its_folder(tmp_path: Path):
    for number in (10, 9, 1):
        np.save(tmp_path / f"s{number}.npy", np.zeros((64, 64), np.float32))
    assert names(tmp_path, tmp_path / "*.npy") == ["s1.npy", "s9.npy", "s10.npy"]
    assert names(tmp_path, tmp_path) == ["s1.npy", "s9.npy", "s10.npy"]


def test_a_file_whose_name_looks_like_a_glob_is_itself(tmp_path: Path, write_series: Write):
    write_series(tmp_path / "scan[1]", 1)
    assert names(tmp_path, tmp_path / "scan[1]") == ["scan[1]/0.dcm"]


def test_a_file_reached_twice_is_read_once(
    tmp_path: Path, write_series: Write, monkeypatch: pytest.MonkeyPatch
):
    write_series(tmp_path)
    monkeypatch.chdir(tmp_path)
    assert len(index_inputs([tmp_path, "1.dcm", tmp_path / "1.dcm"]).slices) == 3


def test_a_dose_report_that_a_pattern_names_is_found_and_no_failure(
    tmp_path: Path, write_series: Write
):
    write_series(tmp_path, 1)
    write_dose_report(tmp_path / "report.dcm", dose_event())
    index = index_inputs([tmp_path / "*.dcm"])
    assert [Path(report.path).name for report in index.dose_reports] == ["report.dcm"]
    assert index.failed == ()
    assert [Path(problem.path).name for problem in index.left_out] == ["report.dcm"]


def test_versions_of_a_series_stay_apart(tmp_path: Path, write_series: Write):
    write_series(tmp_path / "noisy")
    shutil.copytree(tmp_path / "noisy", tmp_path / "denoised")
    slices = index_inputs([tmp_path / "noisy", tmp_path / "denoised"]).slices
    assert len(slices) == 6
    assert len({slice_.series for slice_ in slices}) == 2
    assert {Path(slice_.path).parent.name for slice_ in slices[:3]} == {"noisy"}


def test_a_bad_input_does_not_stop_the_others(tmp_path: Path, write_series: Write):
    write_series(tmp_path / "good", 2)
    (tmp_path / "empty").mkdir()
    (tmp_path / "text.dcm").write_text("not DICOM")
    named = [tmp_path / item for item in ("missing", "good", "empty", "text.dcm", "*.nothing")]
    index = index_inputs(named)
    assert len(index.slices) == 2
    assert [Path(problem.path).name for problem in index.failed] == [
        "missing",
        "empty",
        "text.dcm",
        "*.nothing",
    ]
    assert all(problem.reason and str(tmp_path) not in problem.reason for problem in index.failed)


def write_scouts(folder: Path, write_series: Write) -> Path:
    return write_series(folder, 2, ImageType=["ORIGINAL", "PRIMARY", "LOCALIZER"])


@pytest.mark.parametrize("required", [True, False])
def test_an_input_of_localizers_fails_where_it_was_named(
    tmp_path: Path, write_series: Write, required: bool
):
    scouts = write_scouts(tmp_path / "scouts", write_series)
    index = index_inputs([write_series(tmp_path / "ct", 2), scouts], required=required)
    assert len(index.slices) == 2
    (problem,) = index.failed if required else index.left_out
    assert problem.path == str(scouts)
    assert problem.reason.startswith("no CT slice that can be read (")
    assert not (index.left_out if required else index.failed)


def test_an_input_that_is_damaged_fails_in_any_case(tmp_path: Path, write_series: Write):
    scouts = write_scouts(tmp_path / "scouts", write_series)
    (scouts / "1.dcm").write_text("text")
    index = index_inputs([write_series(tmp_path / "ct", 2), scouts], required=False)
    assert ([problem.path for problem in index.failed], index.left_out) == ([str(scouts)], ())


def test_inputs_that_all_lack_ct_fail(tmp_path: Path, write_series: Write):
    scouts = [write_scouts(tmp_path / name, write_series) for name in "ab"]
    index = index_inputs(scouts, required=False)
    assert [problem.path for problem in index.failed] == [str(path) for path in scouts]
    assert index.left_out == ()


def test_a_problem_is_one_line_without_its_path():
    error = CTReadError("cut short", path="a.dcm", remedy="copy it again")
    assert problem_of(error, "elsewhere") == ("a.dcm", "cut short; copy it again")
    assert problem_of(ValueError("two\nlines"), "b.dcm") == ("b.dcm", "two lines")
    assert problem_of(RuntimeError(), "c.dcm") == ("c.dcm", "RuntimeError")
    gone = FileNotFoundError(2, "No such file or directory", "/in/DOE JANE/1.dcm")
    assert problem_of(gone, "d.dcm") == ("d.dcm", "No such file or directory")
