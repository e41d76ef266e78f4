from __future__ import annotations

import html
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from highdicom.sr import MeasurementsAndQualitativeEvaluations, srread
from pydicom import Dataset, dcmread
from pydicom.sr.coding import Code

from distiliqa.ct import index_ct
from distiliqa.examples import EXAMPLE_SERIES
from distiliqa.metrics import measure_slice
from distiliqa.metrics.off_center import OffCenter
from distiliqa.metrics.slice_measures import SliceMeasures
from distiliqa.metrics.ssde import Ssde
from distiliqa.models.config import ModelConfig
from distiliqa.pacs.results.dicom_result import MEAN, SCHEME, SLICES
from distiliqa.pacs.results.structured_report import write_sr
from distiliqa.report.mean_columns import known_values, measures_of
from distiliqa.scoring.series_score import SeriesScore

Scored = Callable[..., list[SeriesScore]]


@pytest.fixture(scope="module")
def measures() -> SliceMeasures:
    """Of a slice of the example, with a dose estimate and centering that its header lacks."""
    found = measure_slice(index_ct(EXAMPLE_SERIES).slices[0].read())
    return replace(found, ssde=Ssde(2.25, 1.7), off_center=OffCenter(3.0, 4.0))


@pytest.fixture
def filed(
    tmp_path: Path, scored: Scored, model: ModelConfig, measures: SliceMeasures
) -> tuple[Path, SeriesScore]:
    series = scored(EXAMPLE_SERIES, measures=measures)[0]
    write_sr(tmp_path / "sr.dcm", series, model)
    return tmp_path / "sr.dcm", series


def values_of(group: MeasurementsAndQualitativeEvaluations) -> dict[str, tuple[float, str]]:
    """Value and unit by the code of the name."""
    return {m.name.value: (m.value, m.unit.value) for m in group.get_measurements()}


def test_a_slice_has_what_was_measured_in_it(
    filed: tuple[Path, SeriesScore], measures: SliceMeasures
):
    path, series = filed
    _, *slices = srread(path).content.get_image_measurement_groups()
    assert len(slices) == len(series.slices)
    mtf, nps = measures.mtf, measures.nps
    assert None not in (mtf.f50_per_mm, nps.mean_per_mm, nps.peak_per_mm)
    expected = {
        "mtf-50": (10 * mtf.f50_per_mm, "/cm"),
        "nps-mean": (10 * nps.mean_per_mm, "/cm"),
        "nps-peak": (10 * nps.peak_per_mm, "/cm"),
        "dprime": (measures.detectability.npw, "1"),
        "113995": (measures.size.diameter_mm, "mm"),
        "truncated": (0.0, "1"),
        "off-center": (5.0, "mm"),
        "113830": (series.slices[0].acquisition.ctdivol_mgy, "mGy"),
        "113993": (2.25, "mGy"),
        "streaks": (measures.streaks.tissue.index_hu, "[hnsf'U]"),
        "rings": (measures.rings.index_hu, "[hnsf'U]"),
    }
    found = values_of(slices[0])
    for code, (value, unit) in expected.items():
        assert found[code] == (pytest.approx(value), unit), code
    assert mtf.f10_per_mm is None
    assert "mtf-10" not in found


def test_a_series_has_the_means_of_results(filed: tuple[Path, SeriesScore]):
    path, series = filed
    summary, *_ = srread(path).content.get_image_measurement_groups()
    columns = {column.name: column for column in measures_of(compared=False)}
    for code, column in (
        (Code("113930", "DCM", ""), "ssde_mgy"),
        (Code("113980", "DCM", ""), "dw_mm"),
        (Code("113830", "DCM", ""), "ctdivol_mgy"),
        (Code("rings", SCHEME, ""), "ring_index"),
    ):
        (found,) = summary.get_measurements(code)
        values = known_values(series, columns[column])
        assert found.value == pytest.approx(sum(values) / len(values)), column
        assert found.derivation == MEAN


def test_without_measures_there_is_ctdivol_alone(
    tmp_path: Path, scored: Scored, model: ModelConfig
):
    write_sr(tmp_path / "sr.dcm", scored(EXAMPLE_SERIES)[0], model)
    _, first, *_ = srread(tmp_path / "sr.dcm").content.get_image_measurement_groups()
    assert values_of(first).keys() == {"111029", "score", "noise-level", "113830"}


def items(item: Dataset) -> Iterator[Dataset]:
    yield item
    for inner in item.get("ContentSequence", ()):
        yield from items(inner)


def test_numbers_show_two_decimals_and_containers_are_separate(filed: tuple[Path, SeriesScore]):
    found = list(items(dcmread(filed[0])))
    continuity = {item.ContinuityOfContent for item in found if item.ValueType == "CONTAINER"}
    assert continuity == {"SEPARATE"}
    texts = {
        (item.ConceptNameCodeSequence[0].CodeValue, str(item.MeasuredValueSequence[0].NumericValue))
        for item in found
        if item.ValueType == "NUM"
    }
    counts = {text for code, text in texts if code.startswith("slices")}
    assert counts == {str(len(filed[1].slices)), "3"}  # 3 are out of domain
    for code, text in texts:
        assert code.startswith("slices") or re.fullmatch(r"-?\d+\.\d\d", text), (code, text)


def test_dciodvfy_finds_no_error_with_measures(
    filed: tuple[Path, SeriesScore], dicom_errors: Callable[[Path], list[str]]
):
    assert dicom_errors(filed[0]) == []


def test_a_viewer_of_reports_shows_name_value_and_unit(filed: tuple[Path, SeriesScore]):
    if shutil.which("dsr2html") is None:
        pytest.skip("no dsr2html (Debian's dcmtk) on this machine")
    done = subprocess.run(["dsr2html", str(filed[0])], capture_output=True)
    page = done.stdout.decode("utf-8", "replace")
    shown = " ".join(html.unescape(re.sub(r"<[^>]+>", " ", page)).split())
    assert re.search(r"Size Specific Dose Estimate At Longitudinal Position Z ?: 2\.25 mGy", shown)
    assert re.search(r"MTF at the skin, 50 % ?: \d\.\d\d /cm", shown)
    assert re.search(rf"{SLICES.meaning} ?: 4 1", shown)
