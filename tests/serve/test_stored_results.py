from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

pytest.importorskip("starlette")
from tests.support.page_server import write_results
from tests.support.slices import write_series

from distiliqa.errors import DistiliqaError
from distiliqa.report.names import short_hash
from distiliqa.scoring.model import Model
from distiliqa.serve.stored_results import is_results, read_results


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, model: Model) -> Path:
    place = tmp_path_factory.mktemp("stored")
    tags = {"StudyDate": "20240102", "ProtocolName": "=Thorax", "SeriesNumber": 7}
    write_series(place / "DOE^JOHN", 3, ConvolutionKernel="B30f", **tags)
    return write_results(place / "DOE^JOHN", place / "out", model, identify=True)


def test_what_was_written_is_read(folder: Path):
    found = read_results(folder, "x")
    written = json.loads((folder / "scores.json").read_text())["series"][0]
    (series,) = found.series
    assert is_results(folder)
    assert not is_results(folder.parent)
    assert (series.facts["score"], series.facts["kernel"]) == (written["score"], "B30f")
    assert series.facts["noise_hu"] == written["noise_hu"]
    assert [one["number"] for one in series.slices] == [1, 2, 3]
    assert [one["position_mm"] for one in series.slices] == [3.0, 6.0, 9.0]
    assert found.window == {"width": 350.0, "level": 40.0}
    assert series.key.startswith("x.")


def test_levels_are_read_as_the_report_shows_them(folder: Path, tmp_path: Path):
    record = json.loads((folder / "scores.json").read_text())
    checks = [("mtf50_per_mm", 0.2, 0.25, 0.4, "below"), ("ssde_mgy", None, None, 15, "not known")]
    names = ("measure", "value", "low", "high", "verdict")
    record["series"][0]["levels"] = [dict(zip(names, check, strict=True)) for check in checks]
    (tmp_path / "scores.json").write_text(json.dumps(record))
    shutil.copy(folder / "series.csv", tmp_path)
    (series,) = read_results(tmp_path, "x").series
    assert [check["text"] for check in series.facts["checks"]] == [
        "Level of sharpness f50: 0.2: below, 0.25 to 0.4",
        "Level of SSDE: not known, up to 15",
    ]
    assert series.facts["levels"] == "not in range"


def test_names_only_with_identify(folder: Path):
    (series,) = read_results(folder, "x").series
    hidden, named = series.row(identify=False), series.row(identify=True)
    text = json.dumps(hidden)
    assert not any(word in text for word in ("DOE", "20240102", "2024-01-02", "Thorax", series.uid))
    assert hidden["name"] == f"series 7, {short_hash(series.uid)}"
    assert named["study_date"] == "2024-01-02"
    assert named["protocol_name"] == "'=Thorax"


def test_results_are_read_once_until_they_change(folder: Path, monkeypatch: pytest.MonkeyPatch):
    first = read_results(folder, "y")
    assert read_results(folder, "y") is first
    (folder / "series.csv").write_text((folder / "series.csv").read_text() + "\n")
    assert read_results(folder, "y") is not first


def test_a_cell_may_hold_ends_of_lines(folder: Path, tmp_path: Path):
    table = '"name","series_description"\n"a\u2028b","first\nsecond"\n'
    (tmp_path / "series.csv").write_text(table, encoding="utf-8")
    shutil.copy(folder / "scores.json", tmp_path)
    (series,) = read_results(tmp_path, "x").series
    assert series.cells == {"name": "a\u2028b", "series_description": "first\nsecond"}


@pytest.mark.parametrize("content", ["{}", "[]", '{"series": [{}]}', '{"series": 3}'])
def test_other_files_are_refused(tmp_path: Path, content: str):
    (tmp_path / "scores.json").write_text(content)
    (tmp_path / "series.csv").write_text("name\n")
    with pytest.raises(DistiliqaError, match="not of distiliqa score"):
        read_results(tmp_path, "x")


def test_results_that_have_gone(tmp_path: Path):
    with pytest.raises(DistiliqaError, match="is not there any more"):
        read_results(tmp_path, "x")


def test_the_phantom_of_a_dose_report_stands_in_for_that_of_the_header(
    folder: Path, tmp_path: Path
):
    copy = tmp_path / "copy"
    shutil.copytree(folder, copy)
    written = json.loads((copy / "scores.json").read_text())
    assert written["series"][0]["acquisition"]["ctdi_phantom_cm"] is None
    written["series"][0]["dose"] = {"event": {"ctdi_phantom_cm": 16}}
    (copy / "scores.json").write_text(json.dumps(written))
    (series,) = read_results(copy, "x").series
    assert series.numbers["ctdi_phantom_cm"] == 16
