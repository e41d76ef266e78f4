"""The one call: it takes files, folders, arrays and slices."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import distiliqa
from distiliqa.ct import CTWarning
from distiliqa.errors import DistiliqaError
from distiliqa.scoring.model import Model
from distiliqa.scoring.run import score_inputs

Write = Callable[..., Path]


def test_the_one_call(tmp_path: Path, tiny_model: Path, model: Model, write_series: Write):
    folder = write_series(tmp_path, 3)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        (series,) = distiliqa.score(folder, model=tiny_model)
        (same,) = distiliqa.score(str(folder), model=model)
    assert len(series.slices) == 3
    assert series.score == same.score == np.mean([slice_.score for slice_ in series.slices])
    assert series.series == "1.2.826.0.1.3680043.8.498.2"


def test_the_one_call_takes_paths_arrays_and_slices(
    tmp_path: Path, model: Model, write_series: Write
):
    folders = [write_series(tmp_path / "a", 1), write_series(tmp_path / "b", 2)]
    by_path = distiliqa.score(folders, model)
    slices = [ct for folder in folders for ct in distiliqa.read_ct(folder)]
    expected = [score.score for series in by_path for score in series.slices]
    for images in (slices, [ct.hu for ct in slices], np.stack([ct.hu for ct in slices])):
        series = distiliqa.score(images, model)
        found = [score.score for one in series for score in one.slices]
        assert found == pytest.approx(expected, abs=1e-5)
    (alone,) = distiliqa.score(slices[0], model)
    assert (alone.series, alone.score) == (slices[0].series, pytest.approx(expected[0], abs=1e-5))


@pytest.mark.parametrize(
    ("source", "options", "said"),
    [
        (["a.dcm", np.zeros((64, 64))], {}, "one kind"),
        (np.zeros((64, 64)), {"reference": "b"}, "arrays have no position"),
        ("a.dcm", {"spacing_mm": 0.7}, "files have their own"),
        ([], {}, "at least one slice"),
    ],
)
def test_the_one_call_refuses_what_it_cannot_do(model: Model, source, options, said):
    with pytest.raises(ValueError, match=said):
        distiliqa.score(source, model, **options)


def test_the_one_call_warns_of_bad_files_and_fails_on_none(
    tmp_path: Path, model: Model, write_series: Write
):
    folder = write_series(tmp_path / "good", 2)
    (folder / "text.dcm").write_text("text")
    with pytest.warns(CTWarning, match=r"text\.dcm: "):
        assert len(distiliqa.score(folder, model)) == 1
    with pytest.raises(DistiliqaError, match="no such file"):
        distiliqa.score(tmp_path / "missing", model)


def test_the_one_call_compares_with_a_reference(tmp_path: Path, model: Model, write_series: Write):
    scan, clean = write_series(tmp_path / "scan", 2), write_series(tmp_path / "clean", 2)
    (series,) = distiliqa.score(scan, model, reference=clean)
    assert series.slices == score_inputs([scan], model, reference=clean).slices
    assert series.slices[0].comparison is not None


def test_a_run_of_arrays_is_the_same_as_that_of_their_slices(model: Model):
    hu = np.random.default_rng(0).normal(40, 20, (3, 64, 64))
    scores = distiliqa.score([hu[:2], hu[2]], model, measures="all", spacing_mm=0.7)
    assert [(series.series, len(series.slices)) for series in scores] == [("stack 0", 2), ("", 1)]
    assert all(series.pooled is not None for series in scores)
    run = scores.run
    assert (run.inputs, run.found, run.measures, run.failed) == (("array",), 3, "all", ())
    assert [slice_.number for slice_ in run.slices] == [1, 2, 1]


def test_maps_of_quality_are_kept():
    """They are a few numbers a slice, and pictures need them."""
    (slice_,) = distiliqa.score(np.full((64, 64), 40.0), measures="none")[0].slices
    assert slice_.heatmap is not None
    assert slice_.heatmap.size < 1000
