from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from tests.support.made import made_slice
from tests.support.slices import write_ct
from tools.phantom.blurred_body import body

import distiliqa
from distiliqa.metrics import SliceParts, measure_slice
from distiliqa.scoring.measuring import SeriesPool, measured
from distiliqa.scoring.model import load_model
from distiliqa.scoring.run import score_inputs

PIXEL = 0.7
SPACING = {"spacing_mm": (PIXEL, PIXEL)}


def hu(seed: int = 0) -> np.ndarray:
    return body(0.35, pixel_mm=PIXEL, size=320, noise_hu=12, seed=seed)


@pytest.fixture(scope="module")
def scans(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two series of three slices and one."""
    folder = tmp_path_factory.mktemp("scans")
    for series, count in (("1.2.3", 3), ("1.2.4", 1)):
        for at in range(count):
            write_ct(
                folder / f"{series}-{at}.dcm",
                hu(at),
                SeriesInstanceUID=series,
                ImagePositionPatient=[-100, -100, 3 * at],
            )
    return folder


def test_nothing_is_measured_unless_asked_for():
    ct = made_slice(hu(), **SPACING)
    assert measured(ct, SliceParts(ct.hu, ct.spacing_mm), "none") is None


def test_numbers_are_kept_and_arrays_only_to_pool_them():
    ct = made_slice(hu(), **SPACING)
    basic, full = (measured(ct, SliceParts(ct.hu, ct.spacing_mm), how) for how in ("basic", "all"))
    assert basic.mtf.f50_per_mm == full.mtf.f50_per_mm == measure_slice(ct).mtf.f50_per_mm
    assert (basic.evidence, basic.mtf.response, basic.nps.spectrum) == (None, None, None)
    assert full.evidence.edges is not None


def test_each_series_is_pooled_when_it_ends(scans: Path, tiny_model: Path):
    run = score_inputs([scans], load_model(tiny_model), measures="all")
    three, one = sorted(run.series, key=lambda series: -len(series.slices))
    assert (three.pooled.slices, one.pooled.slices) == (3, 1)
    low, high = three.pooled.npw_interval
    assert low <= three.pooled.detectability.npw <= high
    assert one.pooled.npw_interval is None
    assert all(slice_.measures.evidence is None for slice_ in run.slices)


def test_only_one_series_is_held_at_a_time(scans: Path, tiny_model: Path):
    pool = SeriesPool(count_outside=False)
    model = load_model(tiny_model)
    slices = model.score(
        [made_slice(hu(at), series=str(at // 2), **SPACING) for at in range(5)], measures="all"
    )
    held = []
    for slice_ in slices:
        pool.add(slice_)
        held.append(len(pool._slices))
    assert held == [1, 2, 1, 2, 1]
    pool.close()
    assert list(pool.pooled) == ["0", "1", "2"]


def test_slices_that_do_not_count_are_not_pooled(tiny_model: Path):
    images = [made_slice(hu(at), series="s", **SPACING) for at in range(3)]
    first, *others = load_model(tiny_model).score(images, measures="all")
    for count_outside, slices in ((False, 2), (True, 3)):
        pool = SeriesPool(count_outside=count_outside)
        for slice_ in (replace(first, distance=2.0), *others):
            pool.add(slice_)
        pool.close()
        assert pool.pooled["s"].slices == slices


def test_basic_is_the_default_of_files_and_arrays(scans: Path, tiny_model: Path):
    of_files = distiliqa.score(scans, tiny_model)[0].slices[0]
    of_arrays = distiliqa.score(hu(), tiny_model, spacing_mm=PIXEL)[0].slices[0]
    assert of_files.measures.mtf.f50_per_mm == pytest.approx(0.35, rel=0.05)
    assert of_arrays.measures.mtf.f50_per_mm == pytest.approx(0.35, rel=0.05)
    none = distiliqa.score(hu(), tiny_model, measures="none")[0]
    assert (none.slices[0].measures, none.pooled) == (None, None)
    pooled = distiliqa.score([hu(0), hu(1)], tiny_model, spacing_mm=PIXEL, measures="all")
    assert sum(series.pooled.slices for series in pooled) == 2


def test_scores_do_not_depend_on_measures(scans: Path, tiny_model: Path):
    model = load_model(tiny_model)
    runs = [score_inputs([scans], model, measures=how).slices for how in ("none", "basic", "all")]
    assert len({tuple(slice_.score for slice_ in slices) for slices in runs}) == 1
    assert len({tuple(slice_.noise_hu for slice_ in slices) for slices in runs}) == 1
