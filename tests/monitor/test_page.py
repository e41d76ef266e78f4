from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.support.made import made_score

from distiliqa.ct import Acquisition, CTSlice, Identification
from distiliqa.files import FileStamp
from distiliqa.metrics import measure_slice
from distiliqa.metrics.body_size import BodySize
from distiliqa.metrics.slice_measures import SliceMeasures
from distiliqa.models.folder import ONNX
from distiliqa.monitor.page import write_trend
from distiliqa.monitor.recording import Outcome
from distiliqa.monitor.store import Store
from distiliqa.report.names import short_hash
from distiliqa.scoring.hold_back import LOST_DETAIL
from distiliqa.scoring.model import Model
from distiliqa.statistics.control_chart import BASELINE
from distiliqa.version import __version__

FACTS = Acquisition(kvp=120, kernel="<b>B30f", scanner="Force")


@pytest.fixture
def store(tmp_path: Path, model: Model) -> Iterator[Store]:
    with closing(Store(tmp_path / "a.sqlite", model.config)) as store:
        yield store


@pytest.fixture
def draw(tmp_path: Path, store: Store, model: Model) -> Callable[..., str]:
    """Draw the page; ``draw.reported`` is what the function gave."""

    def write(**options: bool) -> str:
        page = tmp_path / "trend.html"
        write.reported = write_trend(page, store, model.config, Path("/in/DOE^JANE"), **options)
        return page.read_text()

    return write


def add(store: Store, scores: list[float], **facts: object) -> None:
    """A series of one slice of each score, in files of a patient."""
    known = len(store.done())
    for n, score in enumerate(scores, start=known):
        path = Path(f"/in/DOE^JANE/{n}.dcm")
        facts = {"acquisition": FACTS, "noise_hu": 10.0 + n % 2} | facts
        one = made_score(score, series=f"1.2.{n}", **facts)
        store.record([Outcome(path, FileStamp(1, n), f"{n}", scores=(one,))], {})


def test_a_folder_without_a_series_has_a_page(draw: Callable[..., str], model: Model):
    page = draw()
    assert "No series yet." in page
    assert "Research software, not a medical device." in page
    assert f"SHA-256 of the model: <code>{model.config.files[ONNX]}</code>" in page
    assert f"<dt>distiliqa</dt><dd>{__version__}</dd>" in page
    assert draw.reported == []


def test_few_series_have_no_limits_and_it_says_so(store: Store, draw: Callable[..., str]):
    add(store, [3.0, 2.9, 3.1])
    page = draw()
    assert f"3 of {BASELINE} series for a baseline: no limits yet. Higher is better." in page
    assert f"3 of {BASELINE} series for a baseline: no limits yet. Neither end is better:" in page
    assert "Lower is better" not in page
    assert "no limits yet</td>" in page
    assert 'dashed" fill' not in page


def test_an_alarm_is_listed_first_and_reported(store: Store, draw: Callable[..., str]):
    add(store, [3.0 + 0.1 * (n % 2) for n in range(BASELINE)], acquisition=replace(FACTS, kvp=80))
    add(store, [3.0 + 0.1 * (n % 2) for n in range(BASELINE)] + [1.0] * 4)
    page = draw()
    assert draw.reported == ["Force, 120 kV, <b>B30f: out of control, score lower"]
    assert "<b>B30f" not in page
    assert page.index("21 to 24") < page.index("<h2>Protocols")
    assert "Out of control since series 21: lower. Higher is better." in page
    headings = re.findall(r"<h2>(Force.*)</h2>", page)
    assert headings == ["Force, 120 kV, &lt;b&gt;B30f", "Force, 80 kV, &lt;b&gt;B30f"]
    assert page.count("out of control</title>") == 4
    for target in set(re.findall(r'href="#([^"]+)"', page)):
        assert f'id="{target}"' in page


def test_nobody_is_named_unless_asked(store: Store, draw: Callable[..., str]):
    add(store, [3.0])
    failed = Outcome(Path("/in/DOE^JANE/bad.dcm"), FileStamp(1, 1), None, "cut short", failed=True)
    store.record([failed], {})
    page = draw()
    assert short_hash("1.2.0") in page
    assert "DOE" not in page
    assert "1.2.0" not in page
    assert "1 failed" in page
    assert "digits of the SHA-256 of its UID" in page
    page = draw(identify=True)
    assert "1.2.0" in page
    assert "SHA-256 of its UID" not in page
    assert "/in/DOE^JANE/bad.dcm: cut short" in page


def test_what_the_model_does_not_know_is_marked(store: Store, draw: Callable[..., str]):
    add(store, [3.0, 3.1])
    add(store, [3.0], distance=1.5)
    assert "1 of 3 series have slices that are out of domain" in draw()


def test_an_alarm_leads_to_its_series_in_a_browser(
    tmp_path: Path, store: Store, draw: Callable[..., str], browser: Any
):
    add(store, [3.0 + 0.1 * (n % 2) for n in range(BASELINE)] + [1.0] * 4)
    draw()
    browser.get_log("browser")
    browser.get((tmp_path / "trend.html").as_uri())
    row = browser.find_element("id", "p1-24")
    assert not row.is_displayed()
    browser.find_element("css selector", "#alarms a[href='#p1-24']").click()
    assert row.is_displayed()
    assert row.find_element("css selector", "td:nth-child(7)").text == "score lower"
    browser.find_element("css selector", "input[data-filters=t1]").send_keys("lower")
    shown = browser.find_elements("css selector", "#t1 tbody tr:not([hidden])")
    assert len(shown) == 4
    assert browser.get_log("browser") == []


def test_series_with_processed_slices_are_counted_and_the_limits_of_the_model_shown(
    store: Store, draw: Callable[..., str]
):
    add(store, [3.0, 3.1], processed=0.25)
    add(store, [2.5], processed=0.75, counts_as_processed=True)
    page = draw()
    assert f"1 of 3 series have processed slices: {LOST_DETAIL}." in page
    assert "On simulated faults" not in page


def sized(mm: float) -> SliceMeasures:
    """The measures of a small slice, as if the body had this diameter."""
    found = measure_slice(CTSlice(np.zeros((32, 32), np.float32)))
    return replace(found.numbers, size=BodySize(diameter_mm=mm))


def add_dated(store: Store, scores: list[float], start: int = 1) -> None:
    """A series a day, the patients of which have many sizes; larger ones score lower."""
    known = len(store.done())
    for n, score in enumerate(scores):
        mm = 250.0 + 10 * (n % 7)
        when = Identification(scan_date=f"2026-0{1 + (start + n) // 28}-{1 + (start + n) % 28:02}")
        one = made_score(
            score - 0.01 * (mm - 280) + 0.01 * (n % 2),
            series=f"1.3.{known + n}",
            acquisition=FACTS,
            noise_hu=10.0,
            measures=sized(mm),
        )
        one = replace(one, info=replace(one.info, identification=when))
        path = Path(f"/in/{known + n}.dcm")
        store.record([Outcome(path, FileStamp(1, n), f"d{known + n}", scores=(one,))], {})


def test_charts_are_after_the_trend_with_size_and_over_the_days_of_the_scans(
    store: Store, draw: Callable[..., str]
):
    add_dated(store, [3.0] * BASELINE + [2.9] * 8)
    page = draw()
    assert "-0.100 for each cm of water-equivalent diameter." in page
    assert "Across: days since the first scan." in page
    assert "Out of control since series" in page
    assert f"Latest {BASELINE}: mean 2.9" in page
    assert "2026-01" not in page
    assert "2026-01-02" in draw(identify=True)
    assert "Across: date of the scan." in draw(identify=True)


def test_an_alarm_is_reported_once_also_after_a_new_start(
    tmp_path: Path, store: Store, draw: Callable[..., str], model: Model
):
    add_dated(store, [3.0] * BASELINE + [2.0] * 4)
    draw()
    assert draw.reported == ["Force, 120 kV, <b>B30f: out of control, score lower"]
    add_dated(store, [2.0] * 2, start=BASELINE + 4)
    draw()
    assert draw.reported == []
    with closing(Store(tmp_path / "a.sqlite", model.config)) as again:
        assert write_trend(tmp_path / "b.html", again, model.config, tmp_path) == []
    add_dated(store, [3.3] * 40, start=BASELINE + 6)
    draw()
    assert draw.reported == ["Force, 120 kV, <b>B30f: out of control, score higher"]


def test_a_stretch_that_begins_and_ends_within_one_look_is_reported_once(
    tmp_path: Path, store: Store, draw: Callable[..., str], model: Model
):
    add(store, [3.0 + 0.1 * (n % 2) for n in range(BASELINE)] + [1.0] + [3.05] * 40)
    page = draw()
    (span,) = re.findall(r'#p1-\d+">(21 to \d+)<', page)
    was = f"Force, 120 kV, <b>B30f: was out of control, series {span}, score lower"
    assert draw.reported == [was]
    with closing(Store(tmp_path / "a.sqlite", model.config)) as again:
        assert write_trend(tmp_path / "b.html", again, model.config, tmp_path) == []


def test_stretches_of_one_side_are_reported_apart(store: Store, draw: Callable[..., str]):
    add(store, [3.0 + 0.1 * (n % 2) for n in range(BASELINE)] + [1.0] + [3.05] * 40 + [1.0])
    draw()
    now, before = draw.reported
    assert now == "Force, 120 kV, <b>B30f: out of control, score lower"
    assert before.startswith("Force, 120 kV, <b>B30f: was out of control, series 21 to ")


def test_missing_dates_are_counted(store: Store, draw: Callable[..., str]):
    add(store, [3.0, 3.1])
    assert "No file states the date of its scan: series are in the order of arrival." in draw()
    add_dated(store, [3.0, 3.0])
    assert "2 of 4 series state no date" in draw()
