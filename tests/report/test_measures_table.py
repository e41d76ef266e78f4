from __future__ import annotations

import io

from rich.console import Console
from tests.support.made import made_score
from tests.support.sized import sized_series

from distiliqa.report.measures_table import MAX_SERIES, Labeled, measures_table, missing_lines
from distiliqa.scoring.series_score import SeriesScore


def printed(series: Labeled, width: int = 80) -> list[list[str]]:
    file = io.StringIO()
    Console(width=width, file=file).print(measures_table(series))
    return [line.split() for line in file.getvalue().splitlines() if line.strip()]


def test_a_line_has_the_means_of_a_series_below_names_and_units():
    one = sized_series(1, dw_mm=281, noise_hu=7.84, ssde_mgy=12.345, score=3.841, ctdivol_mgy=9.0)
    f50, dprime = one.slices[0].measures.mtf.f50_per_mm, one.slices[0].measures.detectability.npw
    names, units, _, line = printed([("a", one)])
    assert names == ["Score", "Noise", "f50", "d'", "Dw", "CTDIvol", "SSDE"]
    assert units == ["Measures", "HU", "1/mm", "mm", "mGy", "mGy"]
    assert line == ["a", "3.84", "7.8", f"{f50:.3f}", f"{dprime:.1f}", "281", "9.00", "12.35"]


def test_a_column_without_a_value_is_left_out_and_has_a_reason():
    series = [("a", sized_series(1, ssde_mgy=None, reason="a phantom")), ("b", sized_series(2))]
    assert "SSDE" in printed(series)[0]
    assert list(missing_lines(series)) == [
        "no CTDIvol for 2 of 2 series: not stated (2)",
        "no SSDE for 1 of 2 series: a phantom (1)",
    ]
    assert "SSDE" not in printed(series[:1])[0]


def test_the_worst_of_very_many_series_are_shown():
    series = [(f"s{n}", sized_series(n)) for n in range(MAX_SERIES + 5)]
    lines = printed(series)
    assert [line[0] for line in lines[3:]] == [label for label, _ in series[:MAX_SERIES]]
    assert lines[1][:3] == ["Measures,", f"{MAX_SERIES}", "worst"]


def test_a_run_without_measures_has_no_table():
    assert measures_table([("a", SeriesScore("1.2", (made_score(),)))]) is None
