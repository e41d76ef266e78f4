from __future__ import annotations

import copy
import csv
import pickle
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import pytest

from distiliqa.errors import DistiliqaError
from distiliqa.report import report
from distiliqa.report.plots.scene import Mark, Scene
from distiliqa.report.scores import Scores
from distiliqa.scoring.result import ScoringRun

SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture
def scores(run: ScoringRun) -> Scores:
    return Scores(run)


def test_it_is_a_list_of_series(scores: Scores, run: ScoringRun) -> None:
    assert scores == list(run.series)
    assert [series.series for series in scores] == [series.series for series in run.series]
    assert scores.run.failed == run.failed
    assert scores.model is run.model


def test_parts_and_copies_are_of_the_same_kind(scores: Scores) -> None:
    first = scores[:1]
    assert isinstance(first, Scores)
    assert first.run.slices == scores[0].slices
    assert first.run.failed == scores.run.failed
    for other in (pickle.loads(pickle.dumps(scores)), copy.copy(scores)):
        assert (type(other), other, other.model.title) == (Scores, scores, scores.model.title)


def test_reprs_are_short(scores: Scores) -> None:
    assert repr(scores).startswith("<Scores by tiny 1")
    assert "2 series, 4 slices" in repr(scores)
    assert "3 slices>" in repr(scores[1]) + repr(scores[0])
    for shown in (scores, *scores, *scores[0].slices):
        assert "\n" not in repr(shown)
        assert len(repr(shown)) < 200
    assert repr(scores[:0]) == "<Scores by tiny 1.0: 0 series, 0 slices>"


def test_a_slice_names_its_file_noise_and_domain(run: ScoringRun) -> None:
    slice_ = replace(run.slices[0], score=3.5, interval=(3.0, 4.0), noise_hu=7.84, distance=1.5)
    name = Path(slice_.path).name
    found = f"<SliceScore of {name}: 3.50 (3.00 to 4.00), noise 7.8 HU, out of domain>"
    assert repr(slice_) == found


def test_a_notebook_shows_what_the_command_prints(scores: Scores) -> None:
    html = scores._repr_html_()
    for text in ("tiny", "thorax", "abdomen", "mean of 3", "level, HU"):
        assert text in html
    assert " s (" not in html  # no seconds: the same scores look the same each time
    assert html == Scores(replace(scores.run, seconds={"total": 99.0}))._repr_html_()


def test_frames_have_the_columns_of_the_files(scores: Scores, tmp_path: Path) -> None:
    pytest.importorskip("pandas")
    report(scores, tmp_path, identify=True)
    for name, found in (("scores.csv", scores.to_frame()), ("series.csv", scores.series_frame())):
        with (tmp_path / name).open(newline="", encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
        assert list(found.columns) == list(rows[0])
        assert len(found) == len(rows)
        column = "score" if name == "scores.csv" else "score_mean"
        assert found[column].tolist() == pytest.approx([float(row[column]) for row in rows])


def test_plots_show_each_slice(scores: Scores) -> None:
    one, several = scores[:1].plot(), scores.plot()
    assert len(marks(one)) >= len(scores[0].slices)
    assert one.title.endswith(("by Position, mm", "by Slice"))
    drawn = ElementTree.fromstring(several._repr_svg_())
    assert drawn.get("width") == f"{several.width:g}"
    assert len(list(drawn.iter(f"{SVG}circle"))) == 4
    assert not list(drawn.iter(f"{SVG}a"))
    assert "--ink: #1b1f24" in (drawn.findtext(f"{SVG}style") or "")


def marks(scene: Scene) -> list[Mark]:
    return [shape for shape in scene.shapes if isinstance(shape, Mark)]


def test_a_plot_is_saved_as_a_file(scores: Scores, tmp_path: Path) -> None:
    plot = scores.plot()
    plot.save(tmp_path / "plot.svg")
    assert (tmp_path / "plot.svg").read_text("utf-8") == plot._repr_svg_()
    assert repr(plot) == f"<Scene {plot.title}>"


def test_nothing_is_neither_drawn_nor_reported(scores: Scores, tmp_path: Path) -> None:
    with pytest.raises(DistiliqaError, match="no series to draw"):
        scores[:0].plot()
    with pytest.raises(DistiliqaError, match="no scores to report"):
        report(scores[:0], tmp_path)
    assert not list(tmp_path.iterdir())
