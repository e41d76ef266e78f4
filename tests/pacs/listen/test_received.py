from __future__ import annotations

import csv
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from distiliqa.errors import DistiliqaError
from distiliqa.examples import EXAMPLE_SERIES
from distiliqa.models.config import ModelConfig
from distiliqa.models.folder import ONNX, read_config
from distiliqa.pacs.listen.received import MAX_SHOWN, SCORED, UNCHANGED, Received
from distiliqa.pacs.listen.received_doses import ReceivedDoses
from distiliqa.pacs.listen.scorer import Scorer
from distiliqa.scoring.model import load_model


@pytest.fixture
def start(tmp_path: Path, tiny_model: Path) -> Callable[[], Scorer]:
    return lambda: Scorer(tmp_path, load_model(tiny_model), None, ReceivedDoses(tmp_path / "doses"))


@pytest.fixture
def model_config(tiny_model: Path) -> ModelConfig:
    return read_config(tiny_model)


def rows(tmp_path: Path) -> list[dict[str, str]]:
    with (tmp_path / "received.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def test_a_listener_that_received_nothing_has_a_page(tmp_path: Path, start: Callable[[], Scorer]):
    start()
    assert "Nothing yet." in (tmp_path / "received.html").read_text()


def test_what_was_scored_is_listed_with_what_was_measured(
    tmp_path: Path, start: Callable[[], Scorer]
):
    source = tmp_path / "complete" / "ab12"
    shutil.copytree(EXAMPLE_SERIES / "dose_100", source)
    scorer = start()
    scorer.score(source)
    (row,) = rows(tmp_path)
    assert (row["name"], row["outcome"]) == ("ab12", SCORED)
    assert (row["images"], row["scored"], row["failed"]) == ("4", "4", "0")
    assert (list(row)[-1], row["model"]) == ("model", scorer.model.title)
    with (scorer.results / "ab12" / "series.csv").open(newline="") as file:
        (expected,) = csv.DictReader(file)
    for ours, theirs in {"score": "score_mean", "noise_hu": "noise_hu", "dw_mm": "dw_mm"}.items():
        assert float(row[ours]) == pytest.approx(float(expected[theirs]), abs=0.5)
    page = (tmp_path / "received.html").read_text()
    assert 'href="results/ab12/report.html"' in page
    assert (tmp_path / "results" / "ab12" / "report.html").exists()


def test_what_was_not_scored_is_listed_with_the_reason_and_nobody_is_named(
    tmp_path: Path, start: Callable[[], Scorer], write_series: Callable[..., Path]
):
    source = write_series(tmp_path / "complete" / "ab12", 2, PatientName="Doe^Jane")
    for path in source.iterdir():
        path.write_bytes(path.read_bytes()[:2000])
    start().score(source)
    (row,) = rows(tmp_path)
    assert row["outcome"] == "not scored: none of its images can be read"
    assert (row["images"], row["scored"]) == ("2", "")
    page = (tmp_path / "received.html").read_text()
    assert "none of its images can be read" in page
    assert "Doe" not in page + (tmp_path / "received.csv").read_text()


def test_the_list_goes_on_after_a_new_start(
    tmp_path: Path, start: Callable[[], Scorer], write_series: Callable[..., Path]
):
    first = write_series(tmp_path / "complete" / "ab12", 2)
    again = shutil.copytree(first, tmp_path / "complete" / "ab12-2")
    start().score(first)
    start().score(again)
    assert [row["outcome"] for row in rows(tmp_path)] == [SCORED, UNCHANGED]
    page = (tmp_path / "received.html").read_text()
    assert page.index(UNCHANGED) < page.index(f"<td>{SCORED}</td>")  # the latest first


def test_the_page_shows_the_latest_and_the_file_keeps_all(tmp_path: Path, tiny_model: Path):
    lines = [f"2026-01-01 00:00,s{n},scored" for n in range(MAX_SHOWN + 3)]
    (tmp_path / "received.csv").write_text("\n".join(["received,name,outcome", *lines]))
    received = Received(tmp_path, load_model(tiny_model).config)
    received.add("last", SCORED, 1)
    page = (tmp_path / "received.html").read_text()
    assert f"{MAX_SHOWN} of {MAX_SHOWN + 4}" in page
    assert "<td>s4</td>" in page
    assert "<td>s3</td>" not in page
    assert len(rows(tmp_path)) == MAX_SHOWN + 4


def test_scores_of_several_models_have_a_warning(tmp_path: Path, model_config: ModelConfig):
    path, page = tmp_path / "received.csv", tmp_path / "received.html"
    named, head = model_config.title, "received,name,outcome,score"
    for lines, warned in {
        (f"{head},model", f"2026-01-01 00:00,a,scored,3.0,{named}"): False,
        (f"{head},model", f"2026-01-01 00:00,a,scored,3.0,{named}", "t,b,scored,2.0,other 1"): True,
        (head, "2026-01-01 00:00,a,scored,3.0"): False,  # as earlier versions wrote it
    }.items():
        path.write_text("\n".join(lines))
        Received(tmp_path, model_config)
        assert ("Scores of different models are not on one scale" in page.read_text()) is warned
    assert f"What comes now is scored by {named}" in page.read_text()
    digest = model_config.files[ONNX]
    assert f"SHA-256 of the model: <code>{digest}</code>" in page.read_text()


def test_rows_of_earlier_versions_are_kept_without_a_model(
    tmp_path: Path, model_config: ModelConfig
):
    (tmp_path / "received.csv").write_text("received,name,outcome,score\n2026-01-01,a,scored,3.0")
    Received(tmp_path, model_config).add("b", UNCHANGED, 1)
    assert [(row["name"], row["score"], row["model"]) for row in rows(tmp_path)] == [
        ("a", "3.0", ""),
        ("b", "", ""),
    ]


def test_a_damaged_file_is_reported(tmp_path: Path, start: Callable[[], Scorer]):
    (tmp_path / "received.csv").write_bytes(b"name\n\xff\xfe")
    with pytest.raises(DistiliqaError, match=r"received\.csv: cannot be read .*move it away"):
        start()
