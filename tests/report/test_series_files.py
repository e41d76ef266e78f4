from __future__ import annotations

from distiliqa.errors import DistiliqaError
from distiliqa.report.names import file_names
from distiliqa.report.series_files import write_each_series


def test_one_file_a_series_named_as_in_the_report(tmp_path, run):
    written = {}
    paths, missing = write_each_series(run, tmp_path / "x", ".dcm", written.__setitem__)
    assert (paths, missing) == (list(written), [])
    names = file_names(run)
    assert list(written) == [tmp_path / "x" / f"{name}.dcm" for name in names]
    assert [value.series for value in written.values()] == [
        series_.series for series_ in run.series
    ]


def test_one_that_cannot_be_written_does_not_stop_the_others(tmp_path, run):
    written = []

    def write(path, series):
        if series is run.series[0] or series.series == run.series[0].series:
            raise DistiliqaError("no DICOM", path="a.nii", remedy="give DICOM")
        written.append(path)

    paths, (problem,) = write_each_series(run, tmp_path, ".dcm", write)
    assert problem == ("a.nii", "no DICOM; give DICOM")
    assert paths == written
    assert len(written) == len(run.series) - 1


def test_no_file_of_an_earlier_run_stands_for_one_that_cannot_be_written(tmp_path, run):
    names = file_names(run)
    (tmp_path / f"{names[0]}").mkdir()
    for path in (tmp_path / names[0] / "slice_0001.png", tmp_path / f"{names[0]}.dcm"):
        path.write_bytes(b"earlier")

    def refuse(path, series):
        raise DistiliqaError("two patients", path="a.dcm")

    for suffix in ("", ".dcm"):
        paths, missing = write_each_series(run, tmp_path, suffix, refuse)
        assert (paths, len(missing)) == ([], len(run.series))
    assert list(tmp_path.iterdir()) == []


def test_what_nobody_expected_costs_one_series_and_is_named(tmp_path, run):
    def write(path, series):
        if series.series == run.series[0].series:
            raise ZeroDivisionError("division by zero")
        path.touch()

    paths, (problem,) = write_each_series(run, tmp_path, ".nii.gz", write)
    assert problem.path == run.series[0].series
    assert problem.reason.startswith("cannot be made (ZeroDivisionError: division by zero)")
    assert len(paths) == len(run.series) - 1
