from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from pydicom import Dataset
from tests.support.dose_reports import (
    PHANTOMS,
    coded,
    dose_event,
    event_summary,
    write_dose_report,
    write_enhanced_report,
)
from tests.support.made import made_slice
from tests.support.slices import write_ct
from tools.phantom.blurred_body import body

import distiliqa
from distiliqa.metrics import SliceParts, measure_slice
from distiliqa.report.dose_facts import dose_texts
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


@pytest.mark.parametrize(("header", "report"), [(None, 32), (32, 32), (16, 32), (None, None)])
def test_the_phantom_of_the_dose_report_gives_a_dose_estimate(
    tmp_path: Path, tiny_model: Path, header: int | None, report: int | None
):
    codes = [] if header is None else coded(*PHANTOMS[header])
    write_patient(tmp_path / "0.dcm", CTDIvol=10.0, CTDIPhantomTypeCodeSequence=codes)
    write_dose_report(tmp_path / "dose.dcm", dose_event("1.2.3.4", phantom=report))
    (slice_,) = score_inputs([tmp_path], load_model(tiny_model)).slices
    found = slice_.measures.ssde
    if (header, report) in ((None, 32), (32, 32)):
        assert found.factor == pytest.approx(3.704369 * np.exp(-0.03671937 * diameter(slice_)))
    else:
        assert found.ssde_mgy is None
        reason = "16 cm in the header and 32 cm" if header else "phantom of CTDIvol is not stated"
        assert reason in found.reason


def test_a_refused_phantom_is_that_of_no_slice_of_the_series(tmp_path: Path, tiny_model: Path):
    for n, codes in enumerate((coded(*PHANTOMS[32]), [])):
        place = {"ImagePositionPatient": [-100, -100, 3 * n]}
        stated = {"CTDIvol": 10.0, "CTDIPhantomTypeCodeSequence": codes}
        write_patient(tmp_path / f"{n}.dcm", **place, **stated)
    write_dose_report(tmp_path / "dose.dcm", dose_event("1.2.3.4", phantom=16))
    slices = score_inputs([tmp_path], load_model(tiny_model)).slices
    assert [slice_.measures.ssde.ssde_mgy for slice_ in slices] == [None, None]
    reasons = sorted(slice_.measures.ssde.reason for slice_ in slices)
    assert reasons == [
        "other slices of the series state another phantom of CTDIvol than the dose report",
        "the phantom of CTDIvol has 32 cm in the header and 16 cm in the dose report",
    ]
    assert sorted(slice_.ctdi_phantom_cm or 0 for slice_ in slices) == [0, 32]


@pytest.mark.parametrize(
    ("write", "event"),
    [(write_dose_report, dose_event), (write_enhanced_report, event_summary)],
    ids=["classic", "enhanced"],
)
def test_the_ctdivol_of_the_dose_report_stands_in(
    tmp_path: Path,
    tiny_model: Path,
    write: Callable[..., Path],
    event: Callable[..., Dataset],
):
    write_patient(tmp_path / "0.dcm")
    write(tmp_path / "dose.dcm", event("1.2.3.4", ctdivol=8.0))
    (series,) = score_inputs([tmp_path], load_model(tiny_model)).series
    (slice_,) = series.slices
    found = slice_.measures.ssde
    assert found.ssde_mgy == pytest.approx(8 * 3.704369 * np.exp(-0.03671937 * diameter(slice_)))
    assert dict(dose_texts(series))["SSDE is made from"] == "the mean CTDIvol of the dose report"


def test_without_a_ctdivol_anywhere_there_is_a_reason(tmp_path: Path, tiny_model: Path):
    write_patient(tmp_path / "0.dcm")
    (slice_,) = score_inputs([tmp_path], load_model(tiny_model)).slices
    assert slice_.measures.reasons["ssde"] == "no CTDIvol above 0, in the header or a dose report"


def write_patient(path: Path, **tags: object) -> Path:
    """A slice with fat and bone, which phantoms lack, of the event 1.2.3.4."""
    patient = hu()
    patient[120:160, 80:240] -= 150
    patient[220:236, 140:180] += 600
    return write_ct(path, patient, IrradiationEventUID="1.2.3.4", **tags)


def diameter(slice_) -> float:
    return slice_.measures.size.diameter_mm / 10


def test_measures_are_none_of_single_slices_unless_asked_for(tiny_model: Path):
    model, ct = load_model(tiny_model), made_slice(hu(), **SPACING)
    assert model.score(ct).measures is None
    assert next(model.score_slices([ct])).measures is None
    found = [model.score(ct, measures="basic"), *model.score_slices([ct], measures="basic")]
    assert [one.measures.mtf.f50_per_mm for one in found] == [measure_slice(ct).mtf.f50_per_mm] * 2


def test_arrays_without_spacing_have_a_noise_level_and_reasons(tiny_model: Path):
    found = distiliqa.score(hu(), tiny_model)[0].slices[0].measures
    assert found.noise.noise_hu == pytest.approx(12, rel=0.2)
    assert found.mtf.f50_per_mm is None
    assert found.reasons["mtf"] == "the pixel spacing is not known"


def test_another_word_is_refused_before_anything_is_read(tiny_model: Path):
    model = load_model(tiny_model)
    for ask in (
        lambda: distiliqa.score("nowhere", model, measures="full"),
        lambda: model.score(hu(), measures="full"),
        lambda: model.score_slices([], measures="full"),
    ):
        with pytest.raises(ValueError, match="measures 'full'; give none, basic, all"):
            ask()


def test_scores_do_not_depend_on_measures(scans: Path, tiny_model: Path):
    model = load_model(tiny_model)
    runs = [score_inputs([scans], model, measures=how).slices for how in ("none", "basic", "all")]
    assert len({tuple(slice_.score for slice_ in slices) for slices in runs}) == 1
    assert len({tuple(slice_.noise_hu for slice_ in slices) for slices in runs}) == 1
