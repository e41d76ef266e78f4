"""The local page in a real browser: drop, list, plot, export, what goes wrong."""

from __future__ import annotations

import csv
import io
import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("starlette")
pytest.importorskip("selenium")
from selenium.webdriver.common.keys import Keys
from tests.serve.test_monitor_routes import write_listener, write_monitor
from tests.support.browser_page import Page
from tests.support.page_server import PageServer, page_server
from tests.support.slices import write_ct, write_series

from distiliqa.serve import uploads
from distiliqa.serve.job import new_job
from distiliqa.serve.served_paths import classify

TRENDS = "#/trends?x=noise_hu&y=score&by=kernel"


def test_the_list_sorts_filters_and_shows_levels(page: Page):
    page.open()
    page.wait(lambda: len(page.column("Series")) == 2)
    scores = [float(text) for text in page.column("Score")]
    assert scores == sorted(scores)  # the worst first
    assert page.column("Levels") == ["▲ not in range", "● in range"]
    page.find("th[data-column=score] button").click()
    page.find("th[data-column=score] button").click()
    assert [float(text) for text in page.column("Score")] == sorted(scores, reverse=True)
    assert page.find("th[data-column=score]").get_attribute("aria-sort") == "descending"
    page.find(".filters summary").click()
    page.find("[data-filter=noise_hu]").send_keys("> 20")
    assert len(page.column("Series")) == 1
    page.find("[data-filter=scanner]").send_keys("fan simulated")
    assert len(page.column("Series")) == 1
    page.find("[data-filter=kernel]").send_keys("LUNG")
    assert page.column("Series") == []
    assert page.find(".count").text.startswith("0 of 2 series")
    page.check_console()


def test_a_filter_that_is_not_understood_is_marked(page: Page):
    page.open()
    page.wait(lambda: len(page.column("Series")) == 2)
    page.find(".filters summary").click()
    field = page.find("[data-filter=noise_hu]")
    field.send_keys("20-99")
    assert field.get_attribute("aria-invalid") == "true"
    assert "not understood" in field.get_attribute("title")
    assert len(page.column("Series")) == 2
    field.send_keys(*[Keys.BACKSPACE] * 3, "..99")
    assert field.get_attribute("aria-invalid") == "false"
    assert len(page.column("Series")) == 1
    page.check_console()


def test_the_list_is_the_same_on_the_way_back_and_after_a_reload(page: Page):
    page.open()
    page.wait(lambda: len(page.column("Series")) == 2)
    page.find(".filters summary").click()
    page.find("[data-filter=noise_hu]").send_keys("> 20")
    page.find("th[data-column=kernel] button").click()
    page.find("#series tbody input").click()
    page.find("#series td[data-heading=Series] a").click()
    page.wait(lambda: page.facts)
    for again in (page.browser.back, page.browser.refresh):
        again()
        page.wait(lambda: page.find(".count").text == "1 of 2 series, 1 selected")
        assert page.find("[data-filter=noise_hu]").get_attribute("value") == "> 20"
        assert page.find("th[data-column=kernel]").get_attribute("aria-sort") == "ascending"


def test_a_page_that_is_left_before_it_is_there_stays_away(page: Page, examples: PageServer):
    page.open()
    page.wait(lambda: len(page.column("Series")) == 2)
    key = examples.series()[0]
    page.run(f"location.hash = '#/view/{key}'; setTimeout(() => {{ location.hash = '#/'; }})")
    read = "return performance.getEntriesByType('resource').some((one) => /pixels/.test(one.name))"
    page.wait(lambda: page.run(read))  # the viewer goes on in the background
    page.wait(lambda: len(page.column("Series")) == 2)
    page.browser.execute_async_script("setTimeout(arguments[0], 1000)")  # it kept its address later
    assert page.run("return location.hash") == "#/"


def test_thumbnails_are_slices(page: Page):
    page.open()
    page.wait(lambda: page.run(
        "const all = [...document.querySelectorAll('.thumbnail img')];"
        "return all.length === 2 && all.every((image) => image.naturalWidth === 96)"
    ))  # fmt: skip


def test_drop_files_and_see_their_score(browser: Any, tmp_path: Path, tiny_model: Path):
    path = write_ct(tmp_path / "a.dcm", np.random.default_rng(0).normal(40, 20, (64, 64)))
    settings = {"model": str(tiny_model), "measures": "none"}
    with page_server(tmp_path / "own", starts_jobs=True, **settings) as server:
        page = Page(browser, server.url).open()
        page.wait(lambda: page.all("#files"))
        page.find("#files").send_keys(str(path))
        page.wait(lambda: "done, 1 of 1 slices" in page.find(".jobs").text)
        page.wait(lambda: len(page.column("Series")) == 1)
        browser.refresh()
        page.wait(lambda: "done, 1 of 1 slices" in page.find(".jobs").text)
        page.check_console()


def drop(page: Page, *paths: Path) -> None:
    """Drop files and folders in the middle of the page, as a hand does."""
    files = {"items": [], "files": [str(path) for path in paths], "dragOperationsMask": 1}
    for kind in ("dragEnter", "dragOver", "drop"):
        event = {"type": kind, "x": 500, "y": 400, "data": files}
        page.browser.execute_cdp_cmd("Input.dispatchDragEvent", event)


def test_a_folder_is_dropped_anywhere(browser: Any, tmp_path: Path):
    scan = write_series(tmp_path / "a scan", 3)
    (scan / ".hidden").touch()
    with page_server(tmp_path / "own") as server:
        page = Page(browser, server.url).open("#/trends")
        page.wait(lambda: page.all("#x"))
        drop(page, scan)
        page.wait(lambda: "3 files that were dropped" in page.find(".jobs").text)
        (upload,) = server.workspace.uploads.folder.iterdir()
        assert sorted(path.name for path in (upload / "a scan").iterdir()) == sorted(
            path.name for path in scan.glob("*.dcm")
        )


def test_files_on_their_way_can_be_stopped_or_vanish(browser: Any, tmp_path: Path):
    for n in range(2000):
        (tmp_path / "scan" / f"{n}").parent.mkdir(exist_ok=True)
        (tmp_path / "scan" / f"{n}").write_bytes(b"1")
    with page_server(tmp_path / "own") as server:
        page = Page(browser, server.url).open()
        page.wait(lambda: page.all(".drop"))
        uploads = server.workspace.uploads.folder
        drop(page, tmp_path / "scan")
        page.wait(lambda: "of 2000 files" in page.find(".sending").text)
        page.find("nav a[href='#/trends']").click()  # they go on meanwhile
        page.find("nav a[href='#/']").click()
        page.wait(lambda: page.all(".sending button"))
        page.find(".sending button").click()
        page.wait(lambda: not page.all(".sending li") and not list(uploads.iterdir()))
        assert page.find("#problem").text == ""
        drop(page, tmp_path / "scan")
        page.wait(lambda: "of 2000 files" in page.find(".sending").text)
        shutil.rmtree(tmp_path / "scan")
        page.wait(lambda: "cannot be read, perhaps they were moved" in page.find("#problem").text)
        page.wait(lambda: not list(uploads.iterdir()))
        assert server.json("/api/jobs") == []


def test_a_control_keeps_the_focus_while_a_job_moves_on(browser: Any, tmp_path: Path):
    with page_server(tmp_path / "own") as server:
        job = server.workspace.queue.add(new_job("a", ("/x",)))
        page = Page(browser, server.url).open()
        page.wait(lambda: page.all(".jobs button"))
        page.run("document.querySelector('.jobs button').focus()")
        server.workspace.queue._note(job.id, step="scoring", scored=1, found=9)
        page.wait(lambda: "scoring, 1 of 9 slices" in page.find(".jobs").text)
        assert page.run("return document.activeElement.textContent") == "Cancel"
        server.workspace.queue.cancel(job.id)
        page.wait(lambda: "cancelled" in page.find(".jobs").text)
        assert page.run("return document.activeElement.closest('.job') !== null")


def test_a_server_that_starts_again_is_found_again(page: Page, examples: PageServer):
    page.open()
    page.wait(lambda: len(page.column("Series")) == 2)
    page.run("window.known = fetch; window.fetch = () => Promise.reject(new TypeError('gone'))")
    page.wait(lambda: "the server does not answer" in page.find("#problem").text)
    page.run("window.fetch = known")
    page.wait(lambda: not page.find("#problem").is_displayed())


@pytest.mark.parametrize("held", ["/api/trends/measures", "/api/trends/plot"])
def test_a_late_answer_leaves_the_page_that_is_shown_alone(browser: Any, tmp_path: Path, held: str):
    with page_server(tmp_path / "own") as server:
        page = Page(browser, server.url).open()
        page.wait(lambda: page.all(".drop"))
        page.hold(held)
        page.find("nav a[href='#/trends']").click()
        page.wait(lambda: page.run("return held()"))
        page.find("nav a[href='#/']").click()
        page.wait(lambda: page.all(".drop"))
        page.release()
        assert page.find("#problem").text == ""
        assert page.run("return location.hash") == "#/"


def test_of_late_plots_the_last_one_counts(page: Page, examples: PageServer):
    page.open(TRENDS)
    page.wait(lambda: page.all("svg.plot"))
    page.hold("/api/trends/plot?x=noise_hu&y=dw_mm")
    page.choose("y", "dw_mm")
    page.wait(lambda: page.run("return held()"))
    page.choose("y", "score")
    page.wait(lambda: page.all("svg.plot"))
    page.run("document.querySelector('svg.plot').id = 'last'")
    page.release()
    assert page.all("#last")


def test_the_list_comes_with_the_server(page: Page, examples: PageServer):
    page.open(TRENDS)
    page.wait(lambda: page.all("svg.plot"))
    page.run("window.known = fetch; window.fetch = () => Promise.reject(new TypeError('gone'))")
    page.find("nav a[href='#/']").click()
    page.wait(lambda: "the server does not answer" in page.find("#problem").text)
    page.run("window.fetch = known")
    page.wait(lambda: len(page.column("Series")) == 2)


def test_a_trend_leads_to_its_series(page: Page, examples: PageServer):
    page.open(TRENDS)
    page.wait(lambda: page.all("svg.plot a"))
    assert page.find("figcaption").text.startswith("2 series.")
    height = "return document.querySelector('svg.plot text').getBoundingClientRect().height"
    assert page.run(height) >= 11  # px: large enough to read
    page.find("svg.plot a").click()
    page.wait(lambda: page.facts)
    page.check_console()


@pytest.mark.parametrize("place", ["#/", TRENDS, "viewer"])
def test_pages_on_a_telephone(page: Page, examples: PageServer, place: str):
    size = {"width": 390, "height": 844, "deviceScaleFactor": 1, "mobile": False}
    page.browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    try:
        if place == "viewer":
            page.look(1, examples.series()[0])
        else:
            page.open(place)
            page.wait(lambda: page.all("#series td, svg.plot"))
        assert page.run("return document.documentElement.scrollWidth") <= 390
    finally:
        page.browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


@pytest.mark.parametrize("place", ["#/", TRENDS, "viewer"])
def test_controls_have_names_and_the_dark_room_stays(page: Page, examples: PageServer, place: str):
    if place == "viewer":
        page.look(1, examples.series()[0])
    else:
        page.open(place)
        page.wait(lambda: page.all("h1"))
    nameless = page.run(
        "return [...document.querySelectorAll('button, input, select, a')]"
        ".filter((one) => !(one.textContent.trim() || one.getAttribute('aria-label')"
        " || one.labels?.[0]?.textContent.trim() || one.getAttribute('aria-hidden')))"
        ".map((one) => one.outerHTML)"
    )
    assert nameless == []
    theme = page.find("#theme")
    before = theme.get_attribute("aria-pressed")
    theme.click()
    page.browser.refresh()
    assert page.find("#theme").get_attribute("aria-pressed") != before
    contrast = page.run(CONTRAST)
    assert contrast >= 4.5, contrast  # WCAG 2.2, 1.4.3
    page.find("#theme").click()


CONTRAST = """
const light = (text) => {
  const parts = text.match(/[\\d.]+/g).slice(0, 3).map((part) => part / 255)
    .map((part) => part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4);
  return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2];
};
const paper = light(getComputedStyle(document.body).backgroundColor);
const inks = [document.body, ...document.querySelectorAll("a, .warning, label > span, figcaption")]
  .map((one) => light(getComputedStyle(one).color));
return Math.min(...inks.map((ink) =>
  (Math.max(ink, paper) + 0.05) / (Math.min(ink, paper) + 0.05)));
"""


def test_what_identifies_is_in_no_page(page: Page, examples: PageServer):
    text = json.dumps(examples.json("/api/series"))
    assert "dose_010" not in text
    page.look(1, examples.series()[0])
    assert "dose_010" not in page.run("return document.documentElement.outerHTML")


def test_what_is_selected_is_exported(page: Page, examples: PageServer):
    page.open()
    page.wait(lambda: len(page.column("Series")) == 2)
    page.find("#series tbody input").click()
    page.run(
        "URL.createObjectURL = (blob) => { blob.text().then((text) => { window.saved = text; });"
        " return 'about:blank'; }; HTMLAnchorElement.prototype.click = () => {};"
    )
    page.press("CSV")
    saved = page.wait(lambda: page.run("return window.saved"))
    (row,) = csv.DictReader(io.StringIO(saved))
    assert float(row["score_mean"]) == examples.json("/api/series")[0]["score"]
    page.press("PDF")
    page.wait(lambda: "report and PDF of 1 selected series" in page.find(".jobs").text)
    assert page.find(".count").text == "2 of 2 series, 1 selected"
    (job,) = examples.json("/api/jobs")
    assert (job["pdf"], job["sr"], job["export"]) == (True, False, True)
    page.press("Cancel")
    page.wait(lambda: "cancelled before it had scores" in page.find(".jobs").text)


def test_what_is_dropped_and_cannot_be_scored(
    browser: Any, tmp_path: Path, tiny_model: Path, monkeypatch: pytest.MonkeyPatch
):
    (tmp_path / "half.zip").write_bytes(b"PK\x03\x04" + bytes(100))
    (tmp_path / "notes.txt").write_text("no image")
    sound = write_ct(tmp_path / "a.dcm", np.random.default_rng(0).normal(40, 20, (64, 64)))
    settings = {"model": str(tiny_model), "measures": "none"}
    with page_server(tmp_path / "own", starts_jobs=True, **settings) as server:
        page = Page(browser, server.url).open()
        browser.switch_to.new_window("tab")
        second = Page(browser, server.url).open()
        second.wait(lambda: second.all(".drop"))
        browser.switch_to.window(browser.window_handles[0])
        for name, line in (
            ("half.zip", "not readable as a zip"),
            ("notes.txt", "no CT slice that can be read"),
            ("a.dcm", "done, 1 of 1 slices"),
        ):
            page.wait(lambda: page.all("#files"))
            page.find("#files").send_keys(str(sound.with_name(name)))
            page.wait(lambda line=line: line in page.find(".jobs").text)
        browser.switch_to.window(browser.window_handles[-1])
        second.wait(lambda: len(second.all(".jobs li")) == 3)  # two tabs show the same
        second.wait(lambda: len(second.column("Series")) == 1)
        browser.close()
        browser.switch_to.window(browser.window_handles[0])
        monkeypatch.setattr(uploads, "MIN_FREE_BYTES", 1 << 60)
        page.find("#files").send_keys(str(sound))
        page.wait(lambda: "the disk is almost full" in page.find("#problem").text)
        assert len(page.column("Series")) == 1


def test_control_charts_and_arrivals(browser: Any, tmp_path: Path, model: Any):
    monitor = write_monitor(tmp_path / "monitor.sqlite", model)
    given = classify([monitor, write_listener(tmp_path / "listen", tmp_path / "scan", model)])
    with page_server(tmp_path / "own", given) as server:
        page = Page(browser, server.url).open("#/monitor")
        page.wait(lambda: len(page.all("svg.plot")) >= 2)
        assert "out of control" in page.find("main").text
        assert "score lower than the baseline" in page.find("main li").text
        assert "Out of control since series" in page.find("main figcaption").text
        page.open("#/received")
        page.wait(lambda: len(page.all("main td a")) == 1)
        page.find("main td a").click()
        page.wait(lambda: page.facts.startswith("slice"))
        page.check_console()
