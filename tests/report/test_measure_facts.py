from __future__ import annotations

import csv
import json
from dataclasses import replace
from pathlib import Path

from tests.support.made import made_score, made_slice
from tools.phantom.blurred_body import body

from distiliqa.metrics import measure_slice
from distiliqa.report.json import scores_record
from distiliqa.report.measure_facts import (
    NOT_MEASURED,
    commonest_reason,
    measures_record,
    reason_counts,
)
from distiliqa.report.series_csv import write_series_csv
from distiliqa.scoring.result import ScoringRun
from distiliqa.scoring.series_score import SeriesScore

HU = body(0.35, pixel_mm=0.7, size=320, noise_hu=12)
MEASURED = measure_slice(made_slice(HU, spacing_mm=(0.7, 0.7))).numbers
UNKNOWN = measure_slice(made_slice(HU)).numbers
PHANTOM = "a phantom"  # of one material


def test_measures_have_their_parameters_and_reasons():
    record = json.loads(json.dumps(measures_record(MEASURED)))
    assert record["mtf"]["f50_per_mm"] == MEASURED.mtf.f50_per_mm
    assert record["noise"]["tissue_hu"] == [0, 100]
    assert record["detectability"]["task"] == {"diameter_mm": 10, "contrast_hu": 20}
    assert record["detectability"]["eye"]["c"] == 3.22
    assert record["reasons"]["ssde"] == PHANTOM
    assert not {"response", "spectrum", "radial", "evidence"} & {*record, *record["mtf"]}
    assert not {"f10_reason", "reasons"} & {*record["mtf"], *record["tissue_noise"]}
    assert measures_record(None) is None


def test_a_series_counts_the_reasons_of_its_slices():
    slices = [made_score(measures=found) for found in (MEASURED, UNKNOWN, UNKNOWN)]
    counts = reason_counts(SeriesScore("s", tuple(slices)))
    assert counts["mtf"] == {"the pixel spacing is not known": 2}
    assert counts["ssde"] == {PHANTOM: 3}
    assert commonest_reason(SeriesScore("s", tuple(slices)), "ssde_mgy") == PHANTOM
    assert commonest_reason(SeriesScore("s", tuple(slices[:1])), "mtf50_per_mm") is None
    text = NOT_MEASURED.value(SeriesScore("s", tuple(slices)))
    assert "mtf 2 (the pixel spacing is not known)" in text
    assert counts["noise in lung"] == {"fewer than 100 boxes of the tissue": 1}
    assert "noise in" not in text
    assert NOT_MEASURED.value(SeriesScore("s", (made_score(),))) is None


def test_files_have_the_measures_of_slices_and_their_mean(run: ScoringRun, tmp_path: Path):
    slices = tuple(replace(slice_, measures=MEASURED) for slice_ in run.slices)
    changed = replace(run, slices=slices)
    write_series_csv(tmp_path / "series.csv", changed)
    with (tmp_path / "series.csv").open(newline="", encoding="utf-8") as file:
        row = list(csv.DictReader(file))[-1]
    assert float(row["mtf50_per_mm"]) == round(MEASURED.mtf.f50_per_mm, 6)
    assert (row["mtf50_per_mm_sd"], row["ssde_mgy"]) == ("0.0", "")
    assert "pooled_dprime" not in row
    series = scores_record(changed)["series"][-1]
    assert series["over_slices"]["dw_mm"]["mean"] == round(MEASURED.size.diameter_mm, 6)
    assert series["not_measured"]["ssde"] == {PHANTOM: 3}
    assert series["pooled"] is None
    assert series["slices"][0]["measures"]["size"]["truncated_share"] == 0
