from __future__ import annotations

import csv
from dataclasses import replace
from pathlib import Path

import pydicom
import pytest
from tests.support.made import with_facts

from distiliqa.report.csv import cells, write_csv
from distiliqa.scoring.hold_back import LOST_DETAIL
from distiliqa.scoring.result import ScoringRun


def read(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_one_row_a_slice_in_reading_order(run: ScoringRun, tmp_path: Path):
    write_csv(tmp_path / "scores.csv", run.slices)
    rows = read(tmp_path / "scores.csv")
    assert list(rows[0])[:7] == [
        "path",
        "slice",
        "series",
        "position_mm",
        "score",
        "spread",
        "warnings",
    ]
    assert [row["path"] for row in rows] == [slice_.path for slice_ in run.slices]
    for row, slice_ in zip(rows, run.slices, strict=True):
        assert (row["slice"], row["series"]) == ("0", slice_.series)
        assert float(row["position_mm"]) == slice_.position_mm
        assert row["score"] == repr(round(slice_.score, 6))
        assert row["spread"] == repr(round(slice_.spread or 0, 6))
        assert row["warnings"] == "64 x 64 padded to 512 x 512, not resampled"


def test_acquisition_facts_follow(run: ScoringRun, tmp_path: Path):
    write_csv(tmp_path / "scores.csv", run.slices)
    abdomen, thorax = read(tmp_path / "scores.csv")[:2]
    assert (thorax["kvp"], thorax["kernel"], thorax["ctdivol_mgy"]) == ("120.0", "B30f", "0.333333")
    assert (abdomen["kvp"], abdomen["ctdivol_mgy"]) == ("", "")


def test_noise_interval_and_distance(run: ScoringRun, tmp_path: Path):
    unknown = replace(run.slices[0], noise_hu=None)
    sure = replace(run.slices[1], interval=(0.25, 0.75), distance=0.5)
    write_csv(tmp_path / "scores.csv", [sure, unknown])
    known, empty = read(tmp_path / "scores.csv")
    names = ["noise_hu", "interval_low", "interval_high", "distance"]
    assert list(known)[16:20] == names
    assert [known[name] for name in names[1:]] == ["0.25", "0.75", "0.5"]
    assert [empty[name] for name in names] == [""] * 4
    assert float(known["noise_hu"]) == pytest.approx(30, rel=0.25)  # noise of 30 HU was written


def test_a_slice_has_its_number_and_sop_instance_uid(run: ScoringRun, tmp_path: Path):
    write_csv(tmp_path / "scores.csv", run.slices)
    rows = read(tmp_path / "scores.csv")
    assert list(rows[0])[20:23] == ["number", "sop_instance_uid", "processed"]
    assert [row["number"] for row in rows] == ["1", "1", "2", "3"]
    for row in rows:
        header = pydicom.dcmread(row["path"], stop_before_pixels=True)
        assert row["sop_instance_uid"] == header.SOPInstanceUID
    write_csv(tmp_path / "scores.csv", [with_facts(run.slices[0], sop_uid=None)])
    assert read(tmp_path / "scores.csv")[0]["sop_instance_uid"] == ""


def test_metrics_follow_where_a_reference_was_given(
    run: ScoringRun, compared: ScoringRun, tmp_path: Path
):
    write_csv(tmp_path / "scores.csv", compared.slices)
    none, first, second, _ = read(tmp_path / "scores.csv")
    assert list(none)[19:24] == ["distance", "ssim", "psnr", "vif", "gmsd"]
    assert list(none.values())[20:24] == [""] * 4
    assert list(first.values())[20:24] == ["0.5", "20.0", "0.333333", "0.25"]
    assert list(second.values())[20:24] == ["1.0", "", "", "0.0"]
    write_csv(tmp_path / "scores.csv", run.slices)
    assert "ssim" not in read(tmp_path / "scores.csv")[0]


def test_slices_out_of_domain_at_any_distance_are_marked_in_the_last_column(
    run: ScoringRun, tmp_path: Path
):
    by_header = replace(run.slices[1], distance=0.5, unlike=True)
    far, near = (replace(run.slices[0], distance=distance) for distance in (1.5, 0.5))
    write_csv(tmp_path / "scores.csv", [by_header, far, near])
    rows = read(tmp_path / "scores.csv")
    assert list(rows[0])[-1] == "outside"
    assert [row["outside"] for row in rows] == ["True", "True", "False"]


def test_nobody_is_named(run: ScoringRun, tmp_path: Path):
    write_csv(tmp_path / "scores.csv", run.slices)
    assert "DOE" not in (tmp_path / "scores.csv").read_text()


def test_awkward_text_survives(run: ScoringRun, tmp_path: Path):
    odd = replace(
        with_facts(run.slices[0], path='a,"b"\n.dcm', position_mm=None),
        spread=None,
        warnings=("1, 2", "3"),
    )
    write_csv(tmp_path / "scores.csv", [odd])
    (row,) = read(tmp_path / "scores.csv")
    assert row["path"] == 'a,"b"\n.dcm'
    assert (row["spread"], row["position_mm"], row["warnings"]) == ("", "", "1, 2; 3")


def test_no_text_is_a_formula():
    row = {"path": "=1.dcm", "path_b": "-1.dcm", "kernel": "@SUM(1)", "scanner": "\uff1d1"}
    assert list(cells(row).values()) == ["./=1.dcm", "./-1.dcm", "'@SUM(1)", "'\uff1d1"]
    assert Path("./=1.dcm") == Path("=1.dcm")
    plain = {"score": -1.5, "kernel": "B30f", "body_part": None}
    assert cells(plain) == plain


def test_processing_has_a_column(run: ScoringRun, denoised: ScoringRun, tmp_path: Path):
    write_csv(tmp_path / "scores.csv", denoised.slices)
    rows = read(tmp_path / "scores.csv")
    assert [row["processed"] for row in rows] == ["0.125", "0.125", "0.875", "0.875"]
    assert rows[2]["warnings"] == LOST_DETAIL
    write_csv(tmp_path / "scores.csv", run.slices)
    assert {row["processed"] for row in read(tmp_path / "scores.csv")} == {""}
