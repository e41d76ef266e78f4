from __future__ import annotations

from dataclasses import replace

from tests.support.made import made_score, made_slice, with_facts
from tools.phantom.blurred_body import body

from distiliqa.ct import Acquisition
from distiliqa.metrics import measure_slice
from distiliqa.metrics.patient_mtf import PatientMtf
from distiliqa.metrics.slice_measures import SliceMeasures
from distiliqa.metrics.ssde import Ssde
from distiliqa.models.score_scale import ScoreScale
from distiliqa.report.plots.scene import Mark, Scene, Text
from distiliqa.report.series_entry import SeriesEntry
from distiliqa.report.series_plots import about_plot, missing_measures, series_plot
from distiliqa.scoring.series_score import SeriesScore
from distiliqa.scoring.slice_score import SliceScore

SCALE = ScoreScale(0, 4, True, "quality")
BODY = body(0.35, pixel_mm=0.7, size=320, noise_hu=12)
MEASURED = measure_slice(made_slice(BODY, spacing_mm=(0.7, 0.7))).numbers
SEVERAL = "fewer than 50 profiles"


def of(*slices: SliceScore) -> SeriesEntry:
    series = SeriesScore("1.2", slices)
    return SeriesEntry(1, "a", series, list(slices), shown=True, pictured=False)


def slice_at(z: float, measures: SliceMeasures | None, **facts: object) -> SliceScore:
    made = made_score(3.0, noise_hu=12.0, position_mm=z, measures=measures, number=int(z))
    return with_facts(made, **facts) if facts else made


def texts(scene: Scene) -> list[str]:
    return [shape.text for shape in scene.shapes if isinstance(shape, Text)]


def drawn(entry: SeriesEntry) -> Scene:
    return series_plot(entry.series, SCALE)


def test_all_that_is_known_stands_along_one_axis():
    known = replace(MEASURED, ssde=Ssde(12.0, 1.2))
    scene = drawn(of(slice_at(1, known), slice_at(2, known)))
    labels = {text for text in texts(scene) if not text.replace(".", "").isdigit()}
    assert labels == {
        "Score",
        "Noise level, HU",
        "Sharpness f50, 1/mm",
        "SSDE, mGy",
        "Water-equivalent diameter, mm",
        "Position, mm",
    }
    assert sum(isinstance(shape, Mark) for shape in scene.shapes) == 10


def test_a_dose_without_ssde_is_ctdivol_and_the_reason_is_named():
    dosed = {"acquisition": Acquisition(ctdivol_mgy=10.0)}
    entry = of(slice_at(1, MEASURED, **dosed), slice_at(2, MEASURED, **dosed))
    assert "CTDIvol, mGy" in texts(drawn(entry))
    assert "No slice has an SSDE: a phantom." in about_plot(entry.series)


def test_slices_without_a_measure_are_counted():
    lacking = replace(MEASURED, mtf=PatientMtf(reason=SEVERAL))
    entry = of(slice_at(1, MEASURED), slice_at(2, lacking), slice_at(3, lacking))
    assert f"2 slices without sharpness: {SEVERAL}." in about_plot(entry.series)
    assert sum(isinstance(shape, Mark) for shape in drawn(entry).shapes) == 3 + 3 + 1 + 3


def test_one_slice_without_a_measure_has_the_reason():
    lacking = replace(MEASURED, mtf=PatientMtf(reason=SEVERAL), ssde=Ssde(12.0, 1.2))
    assert list(missing_measures(of(slice_at(1, lacking)).series)) == [
        f"Without sharpness: {SEVERAL}."
    ]


def test_nothing_measured_is_score_and_noise_alone():
    entry = of(slice_at(1, None), slice_at(2, None))
    assert not {"Sharpness f50, 1/mm", "Water-equivalent diameter, mm"} & {*texts(drawn(entry))}
    assert about_plot(entry.series) == "Score on its whole scale; all else from zero."


def test_small_differences_of_size_are_no_slope():
    entry = of(slice_at(1, MEASURED), slice_at(2, MEASURED))
    ticks = [int(text) for text in texts(drawn(entry)) if text.isdigit() and int(text) >= 100]
    assert max(ticks) - min(ticks) >= 50
