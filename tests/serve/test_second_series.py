"""A second series in the viewer: linked, subtracted, and chosen while another is on its way."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("starlette")
pytest.importorskip("selenium")
from selenium.webdriver import ActionChains
from selenium.webdriver.common.keys import Keys
from tests.support.browser_page import Page
from tests.support.page_server import PageServer, page_server, write_results
from tests.support.slices import write_ct

from distiliqa.ct import read_ct
from distiliqa.examples import EXAMPLE_SERIES
from distiliqa.scoring.model import load_model
from distiliqa.serve.served_paths import ServedPaths


def choose_and_wait(page: Page, examples: PageServer) -> str:
    """Choose a second series whose answer is held back; its key."""
    low, full = examples.series()
    page.look(2, low)
    page.hold(f"/api/series/{full}")
    page.choose("other", full)
    page.wait(lambda: page.run("return held()"))
    return full


def test_two_series_are_linked_and_subtracted(page: Page, examples: PageServer):
    low, full = examples.series()
    page.look(2, low)
    page.choose("other", full)
    page.wait(lambda: "beside slice 2" in page.facts)
    page.find(".stage").send_keys(Keys.ARROW_DOWN)
    page.wait(lambda: "beside slice 3" in page.facts)
    page.find(".stage").send_keys("3")
    page.wait(lambda: page.find("#window-width").get_attribute("value") == "2000")
    page.choose("mode", "swipe")
    page.wait(lambda: page.find("#swipe").is_displayed())
    assert "50%" in page.run("return document.getElementById('slices-b').style.clipPath")
    page.choose("mode", "difference")
    box = page.find("#slices-a")
    first, second = (list(read_ct(EXAMPLE_SERIES / f"dose_{dose}"))[2].hu for dose in ("010", "100"))  # fmt: skip  # noqa: E501

    def is_difference() -> bool:
        ActionChains(page.browser).move_to_element_with_offset(box, 30, 20).perform()
        ActionChains(page.browser).move_to_element_with_offset(box, 31, 20).perform()
        words = page.find("#pointer").text.replace(",", "").split()
        at = int(words[6]), int(words[4])
        return float(words[0]) == float(first[at] - second[at])

    page.wait(is_difference)
    page.check_console()


def test_the_second_series_has_curves_of_its_own(page: Page, examples: PageServer):
    low, full = examples.series()
    page.look(2, low)
    path = "figure[data-measure=score] path.second"
    assert page.find(path).get_attribute("d") == ""
    page.choose("other", full)
    page.wait(lambda: "beside slice 2" in page.facts)
    curve = page.wait(lambda: page.find(path).get_attribute("d"))
    first = page.find("figure[data-measure=score] path.curve:not(.second)").get_attribute("d")
    # The example has the same positions at both doses, and better scores at the full one.
    points, own = (re.findall(r"[ML]([\d.]+) ([\d.]+)", found) for found in (curve, first))
    assert [x for x, _ in points] == [x for x, _ in own]
    assert all(
        float(y) < float(y_of_low) for (_, y), (_, y_of_low) in zip(points, own, strict=True)
    )
    score = re.findall(r"score ([\d.]+)", page.facts)[-1]
    assert f", second {score} " in page.find("figure[data-measure=score] figcaption").text
    page.choose("other", "")
    page.wait(lambda: page.find(path).get_attribute("d") == "")
    page.check_console()


def test_the_zoom_stays_in_the_difference(page: Page, examples: PageServer):
    low, full = examples.series()
    page.look(2, low).choose("other", full)
    page.wait(lambda: "beside slice 2" in page.facts)
    bar = "return parseFloat(document.querySelector('#slices-a .scale-bar').style.width)"
    mm = "return parseFloat(document.querySelector('#slices-a .scale-bar').textContent)"

    def pixels_a_mm() -> float:
        return page.run(bar) / page.run(mm)

    before = page.wait(pixels_a_mm)
    page.find(".stage").send_keys("+", "+", "+")
    page.wait(lambda: pixels_a_mm() == pytest.approx(before * 1.25**3, rel=0.01))
    page.choose("mode", "difference")
    page.wait(lambda: page.find("#window-level").get_attribute("value") == "0")
    page.wait(lambda: pixels_a_mm() == pytest.approx(before * 1.25**3, rel=0.01))
    page.check_console()


@pytest.mark.parametrize("has_one_study", [True, False])
def test_series_of_different_fields_of_view_show_the_same_place(
    browser: Any, tmp_path: Path, tiny_model: Path, has_one_study: bool
):
    # In one study the place in the patient is the same, else the middle of both fields of view.
    hu = np.random.default_rng(0).normal(40, 20, (64, 64))
    for n, (mm, start) in enumerate(((1.0, -31.5), (0.5, -3.0)), 1):
        place = {"ImagePositionPatient": [start, start, 0], "PixelSpacing": [mm, mm]}
        study = {"StudyInstanceUID": "1.2" if has_one_study else f"1.2.{n}"}
        write_ct(tmp_path / f"scan/{n}.dcm", hu, SeriesInstanceUID=f"1.2.3.{n}", KVP=n, **place, **study)  # fmt: skip  # noqa: E501
    results = write_results(tmp_path / "scan", tmp_path / "out", load_model(tiny_model))
    with page_server(tmp_path / "own", ServedPaths(results=(results,))) as server:
        rows = sorted(server.json("/api/series"), key=lambda row: row["protocol"])
        page = Page(browser, server.url).look(1, rows[0]["key"])
        page.choose("other", rows[1]["key"])
        page.wait(lambda: "beside slice 1" in page.facts)
        page.find(".stage").send_keys("+")

        def column(box: str, x: int) -> int:
            for aside in (x + 1, x):
                ActionChains(browser).move_to_element_with_offset(page.find(box), aside, 0).perform()  # fmt: skip  # noqa: E501
            found = re.search(r"column (\d+)", page.find("#pointer").text)
            return int(found[1]) if found else -1

        def is_linked(x: int) -> bool:
            across = column("#slices-a", x) - 31.5  # mm from the middle of the first
            wanted = (across + 3) / 0.5 if has_one_study else 31.5 + across / 0.5
            return abs(column("#slices-b", x) - wanted) <= 1.5  # places are whole pixels

        page.wait(lambda: is_linked(20) and is_linked(60))
        page.choose("mode", "difference")
        page.wait(lambda: "differ in size or pixel spacing" in page.find("#problem").text)


@pytest.mark.parametrize(
    ("moved_mm", "has_one_study", "is_shown"),
    [(20.0, True, False), (0.4, True, True), (20.0, False, True)],
)
def test_a_difference_is_of_one_place_in_the_patient(
    browser: Any,
    tmp_path: Path,
    tiny_model: Path,
    moved_mm: float,
    has_one_study: bool,
    is_shown: bool,
):
    hu = np.random.default_rng(0).normal(40, 20, (64, 64))
    for n, x in enumerate((-31.5, -31.5 + moved_mm), 1):
        place = {"ImagePositionPatient": [x, -31.5, 0], "PixelSpacing": [1, 1]}
        uids = {"StudyInstanceUID": "1.2" if has_one_study else f"1.2.{n}"}
        uids["SeriesInstanceUID"] = f"1.2.3.{n}"
        write_ct(tmp_path / f"scan/{n}.dcm", hu, **place, **uids)
    results = write_results(tmp_path / "scan", tmp_path / "out", load_model(tiny_model))
    with page_server(tmp_path / "own", ServedPaths(results=(results,))) as server:
        first, second = server.series()
        page = Page(browser, server.url).look(1, first)
        page.choose("other", second)
        page.wait(lambda: "beside slice 1" in page.facts)
        page.choose("mode", "difference")
        if is_shown:
            page.wait(lambda: page.find("#window-level").get_attribute("value") == "0")
            assert page.find("#problem").text == ""
        else:
            page.wait(lambda: "differ in position" in page.find("#problem").text)


def test_two_series_show_the_same_part_of_the_slice(page: Page, examples: PageServer):
    low, full = examples.series()
    page.look(2, low).choose("other", full)
    page.wait(lambda: "beside slice 2" in page.facts)
    page.find(".stage").send_keys("+", "+")
    page.choose("action", "pan")
    hand = ActionChains(page.browser).move_to_element(page.find("#slices-a"))
    hand.click_and_hold().move_by_offset(40, 20).move_by_offset(20, 10).release().perform()

    def place(box: str) -> str:
        for x in (10, 11):
            ActionChains(page.browser).move_to_element_with_offset(page.find(box), x, 5).perform()
        return page.find("#pointer").text.partition(" at ")[2]

    page.wait(lambda: place("#slices-a") == place("#slices-b") != "")
    moved = place("#slices-a")
    page.find(".stage").send_keys("0")
    page.wait(lambda: place("#slices-a") == place("#slices-b") != moved)
    page.check_console()


def test_of_choices_of_a_second_series_the_last_one_counts(page: Page, examples: PageServer):
    full = choose_and_wait(page, examples)
    page.choose("other", "")
    page.release()
    assert "beside" not in page.facts
    assert not page.find("#slices-b").is_displayed()
    page.choose("other", full)
    page.wait(lambda: "beside slice 2" in page.facts)
    page.check_console()


def test_a_second_series_that_comes_late_stays_off_another_page(page: Page, examples: PageServer):
    choose_and_wait(page, examples)
    page.find("nav a[href='#/']").click()
    page.wait(lambda: page.all(".drop"))
    page.release()
    assert page.run("return location.hash") == "#/"


def test_a_link_with_a_second_series_opens_it_beside_the_one_that_is_shown(
    page: Page, examples: PageServer
):
    low, full = examples.series()
    page.look(2, low)
    page.run("location.hash = arguments[0]", f"#/view/{low}?n=3&b={full}&mode=swipe")
    page.wait(lambda: "beside slice 3" in page.facts)
    assert page.find("#mode").get_attribute("value") == "swipe"


def test_the_second_series_leads_where_the_hand_is_on_it(page: Page, examples: PageServer):
    low, full = examples.series()
    page.look(2, low).choose("other", full)
    page.wait(lambda: "beside slice 2" in page.facts)
    hand = ActionChains(page.browser).move_to_element(page.find("#slices-b"))
    hand.click_and_hold().move_by_offset(60, 0).release().perform()
    page.wait(lambda: float(page.find("#window-width").get_attribute("value")) > 360)
    page.check_console()


def test_circles_of_the_second_series_go_with_it(page: Page, examples: PageServer):
    low, full = examples.series()
    page.look(2, low)
    page.choose("action", "roi")
    page.choose("other", full)
    page.wait(lambda: "beside slice 2" in page.facts)
    for box in ("#slices-a", "#slices-b"):
        hand = ActionChains(page.browser).move_to_element_with_offset(page.find(box), -40, 0)
        hand.click_and_hold().move_by_offset(10, 0).move_by_offset(8, 0).release().perform()
    page.wait(lambda: "first: " in page.find(".regions").text)
    page.wait(lambda: "second: " in page.find(".regions").text)
    page.choose("other", "")
    page.wait(lambda: len(page.all(".regions li")) == 1)
    page.wait(lambda: page.find(".regions").text.startswith("mean "))
