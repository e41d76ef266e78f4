from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from tests.support.made import with_facts

from distiliqa.compare.page import write_html
from distiliqa.compare.result import PairedRun


def page(path: Path, run: PairedRun, *, identify: bool = False) -> str:
    write_html(path, run, identify=identify)
    return path.read_text()


def test_shows_the_differences_and_what_was_not_compared(paired: PairedRun, tmp_path: Path):
    text = page(tmp_path / "p.html", paired)
    assert f"{paired.score.mean:+.2f}" in text
    assert "not compared: 1 slice of A, 0 slices of B" in text
    assert "&lt;b&gt;" in text
    assert "not a medical device" in text
    assert '<th scope="col">Quantity</th>' in text
    assert '<th scope="col">Fact</th>' in text
    assert "<th></th>" not in text
    assert text.count("<svg") == 2
    assert text.count("<img") == 4


def test_means_are_of_the_slices_that_the_difference_counts(paired: PairedRun, tmp_path: Path):
    (series,) = paired.series
    first, *others = series.slices
    far = replace(first, second=replace(first.second, score=0.0, distance=1.5))
    some = replace(series, slices=(far, *others))
    text = page(tmp_path / "p.html", replace(paired, series=(some,)))
    mean = sum(pair.second.score for pair in others) / len(others)
    assert f"<dt>Mean of B</dt><dd>{mean:.2f}</dd>" in text


def test_a_warning_stands_once_with_the_sides_that_have_it(paired: PairedRun, tmp_path: Path):
    (series,) = paired.series
    first, *others = series.slices
    strange = {"distance": 1.5, "warnings": ("odd", "both")}
    pair = replace(
        first,
        first=replace(first.first, **strange),
        second=replace(first.second, warnings=("both",)),
    )
    some = replace(series, slices=(pair, *others))
    text = page(tmp_path / "p.html", replace(paired, series=(some,)))
    assert "A: odd; A and B: both<" in text
    assert text.count("both") == 1


def test_names_nobody_unless_asked_to(paired: PairedRun, tmp_path: Path):
    text = page(tmp_path / "p.html", paired)
    for name in ("DOE", "0.dcm", "1.2.4", str(tmp_path.parent)):
        assert name not in text
    assert "DOE^JANE" in page(tmp_path / "q.html", paired, identify=True)


def test_what_models_may_lack_and_may_give(paired: PairedRun, tmp_path: Path):
    (series,) = paired.series
    bare = [
        replace(pair, first=replace(with_facts(pair.first, position_mm=None), noise_hu=None))
        for pair in series.slices
    ]
    text = page(tmp_path / "p.html", replace(paired, series=(replace(series, slices=tuple(bare)),)))
    assert '<th scope="row">Noise level, HU' not in text
    rich = [
        replace(pair, second=replace(pair.second, interval=(1.0, 3.0), distance=1.2))
        for pair in series.slices
    ]
    text = page(tmp_path / "q.html", replace(paired, series=(replace(series, slices=tuple(rich)),)))
    assert "out of domain: counted, as there are no others" in text
    assert 'class="band"' in text


def test_opens_without_an_error_and_sorts(browser: Any, paired: PairedRun, tmp_path: Path):
    path = tmp_path / "compare.html"
    write_html(path, paired)
    browser.get_log("browser")
    browser.get(path.as_uri())
    heading = browser.find_element("xpath", "//table[@id='slices']//th[button='Score B']")
    heading.find_element("tag name", "button").click()
    cells = browser.find_elements("css selector", "#slices tbody td:nth-child(4)")
    scores = [float(cell.text) for cell in cells]
    assert scores == sorted(scores)
    assert len(scores) == 4
    assert browser.get_log("browser") == []
