"""The viewer in a real browser: look, window, measure, keep."""

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
from tests.support.slices import write_ct, write_series

from distiliqa.ct import read_ct
from distiliqa.examples import EXAMPLE_SERIES
from distiliqa.scoring.model import load_model
from distiliqa.serve.served_paths import ServedPaths

MANY = 300  # slices of a long series


def test_wheel_keys_slider_and_plots_change_the_slice(page: Page, examples: PageServer):
    page.look(1, examples.series()[0])
    stage = page.find(".stage")
    page.run("arguments[0].dispatchEvent(new WheelEvent('wheel', {deltaY: 100, cancelable: true}))", stage)  # fmt: skip  # noqa: E501
    page.wait(lambda: page.facts.startswith("slice 2 of 4"))
    stage.send_keys(Keys.ARROW_DOWN)
    page.wait(lambda: page.facts.startswith("slice 3 of 4"))
    stage.send_keys(Keys.HOME)
    page.wait(lambda: page.facts.startswith("slice 1 of 4"))
    page.find("input[aria-label=Slice]").send_keys(Keys.END)
    page.wait(lambda: page.facts.startswith("slice 4 of 4"))
    assert page.find("figure[data-measure=ctdivol_mgy]").text.startswith("CTDIvol, mGy: ")
    plot = page.find("figure[data-measure=score] svg")
    width = plot.size["width"]
    ActionChains(page.browser).move_to_element_with_offset(plot, -width / 2 + 8, 0).click().perform()  # fmt: skip  # noqa: E501
    page.wait(lambda: page.facts.startswith("slice 1 of 4"))
    assert "z -4.5 mm" in page.facts
    page.check_console()


def test_the_hu_under_the_pointer_is_that_of_the_file(page: Page, examples: PageServer):
    dose_10 = examples.series()[0]
    page.look(2, dose_10)
    box = page.find("#slices-a")
    for x, y in ((0, 0), (60, -40), (-90, 30)):
        ActionChains(page.browser).move_to_element_with_offset(box, x, y).perform()
        page.wait(lambda: " HU at column " in page.find("#pointer").text)
        value, _, _, _, column, _, row = page.find("#pointer").text.replace(",", "").split()
        hu = list(read_ct(EXAMPLE_SERIES / "dose_010"))[1].hu
        assert hu[int(row), int(column)] == float(value)


def test_the_hu_under_a_hand_that_rests_is_that_of_the_new_slice(page: Page, examples: PageServer):
    page.look(2, examples.series()[0])
    ActionChains(page.browser).move_to_element_with_offset(page.find("#slices-a"), 7, -9).perform()
    page.wait(lambda: " HU at column " in page.find("#pointer").text)
    place = page.find("#pointer").text.partition(" at ")[2]
    column, row = (int(word) for word in re.findall(r"\d+", place))
    page.run("document.querySelector('.stage').dispatchEvent(new WheelEvent('wheel', {deltaY: 9}))")
    page.wait(lambda: page.facts.startswith("slice 3 of 4"))
    hu = list(read_ct(EXAMPLE_SERIES / "dose_010"))[2].hu[row, column]
    page.wait(lambda: page.find("#pointer").text == f"{hu:.0f} HU at {place}")


def test_all_of_a_slice_is_seen_without_scrolling(page: Page, examples: PageServer):
    for width, height in ((1440, 900), (1000, 700)):
        size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
        page.browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
        try:
            page.look(1, examples.series()[0])
            bottom = "return document.querySelector(arguments[0]).getBoundingClientRect().bottom"
            assert (
                page.run(bottom, ".stage") < page.run(bottom, "input[aria-label=Slice]") <= height
            )
            assert page.run("return document.documentElement.scrollHeight") <= height
            assert page.find(".stage").size["height"] > height / 3
        finally:
            page.browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


def test_windows(page: Page, examples: PageServer):
    page.look(2, examples.series()[0])
    bright = page.brightness()
    page.find(".stage").send_keys("2")
    page.wait(lambda: page.find("#window-width").get_attribute("value") == "1500")
    assert page.find("#window-level").get_attribute("value") == "-600"
    assert page.brightness() > bright + 10  # air is no longer black in a window of the lung
    page.find("[data-preset='4']").click()
    page.wait(lambda: page.find("#window-width").get_attribute("value") == "150")
    box = page.find("#slices-a")
    ActionChains(page.browser).move_to_element(box).click_and_hold().move_by_offset(60, 0).release().perform()  # fmt: skip  # noqa: E501
    page.wait(lambda: float(page.find("#window-width").get_attribute("value")) > 160)
    page.check_console()


def test_a_region_has_the_mean_and_the_sd_of_its_pixels(page: Page, examples: PageServer):
    page.look(2, examples.series()[0])
    page.choose("action", "roi")
    box = page.find("#slices-a")
    ActionChains(page.browser).move_to_element_with_offset(box, -60, 0).click_and_hold().move_by_offset(10, 0).move_by_offset(8, 0).release().perform()  # fmt: skip  # noqa: E501
    line = page.wait(lambda: page.find(".regions").text)
    shown = list(map(float, re.findall(r"-?\d+\.\d+", line)))
    stats = page.run(
        "return import('/static/cornerstone.js').then(({annotation}) =>"
        " annotation.state.getAllAnnotations()[0].data.handles.points.slice(0, 2))"
    )
    ct = list(read_ct(EXAMPLE_SERIES / "dose_010"))[1]
    (x, y, _), (edge_x, edge_y, _) = stats
    down, across = ct.spacing_mm
    row, column = np.mgrid[: ct.shape[0], : ct.shape[1]]
    inside = np.hypot(column * across - x, row * down - y) <= np.hypot(edge_x - x, edge_y - y)
    values = ct.hu[inside]
    assert values.size > 200
    assert shown[0] == pytest.approx(values.mean(), abs=1.5)  # the edge takes other pixels
    assert shown[1] == pytest.approx(values.std(), rel=0.05)
    assert shown[2] == pytest.approx(inside.sum() * down * across / 100, rel=0.05)


# Number of pixels of the heatmap that are drawn.
DRAWN = (
    "const canvas = document.querySelector('#slices-a .heatmap');"
    "const {data} = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);"
    "let count = 0; for (let at = 3; at < data.length; at += 4) count += data[at] > 0;"
    "return count"
)


def test_a_heatmap_as_colors_and_as_contours(page: Page, examples: PageServer):
    page.look(2, examples.series()[0])

    def limit(score: float) -> None:
        page.run(
            "const limit = document.getElementById('threshold');"
            "limit.value = arguments[0]; limit.dispatchEvent(new Event('input'))",
            score,
        )

    limit(4)
    page.choose("map", "overlay")
    whole = page.wait(lambda: page.run(DRAWN))
    limit(2.5)
    part = page.wait(lambda: (count := page.run(DRAWN)) < whole and count)
    page.choose("map", "contours")
    page.wait(lambda: 0 < page.run(DRAWN) < part)  # lines are thinner than areas
    page.choose("map", "off")
    page.wait(lambda: page.run(DRAWN) == 0)


def test_a_link_opens_a_slice_with_its_window(page: Page, examples: PageServer):
    low, full = examples.series()
    page.open(f"#/view/{low}?n=3&w=777&l=111&b={full}&mode=side")
    page.wait(lambda: page.facts.startswith("slice 3 of 4"))
    page.wait(lambda: page.find("#window-width").get_attribute("value") == "777")
    page.wait(lambda: page.address().get("b") == [full])
    found = page.address()
    assert (found["n"], found["w"], found["l"], found["mode"]) == (["3"], ["777"], ["111"], ["side"])  # fmt: skip  # noqa: E501


def test_a_long_series_is_read_as_it_is_looked_at(browser: Any, tmp_path: Path, tiny_model: Path):
    scan = tmp_path / "scan"
    hu = np.random.default_rng(0).normal(40, 20, (64, 64))
    for n in range(MANY):
        write_ct(scan / f"{n}.dcm", hu, ImagePositionPatient=[0, 0, float(n)])
    results = write_results(scan, tmp_path / "out", load_model(tiny_model), measures="none")
    with page_server(tmp_path / "own", ServedPaths(results=(results,))) as server:
        page = Page(browser, server.url).look(1, server.series()[0])
        counts = "return import('/static/hu_images.js').then(({counts}) => counts)"
        assert page.run(counts)["requests"] <= 5  # the first slice, and four ahead
        page.run(
            "const stage = document.querySelector('.stage');"
            f"for (let n = 0; n < {MANY}; n += 1)"
            "  stage.dispatchEvent(new WheelEvent('wheel', {deltaY: 100, cancelable: true}));"
        )
        page.wait(lambda: page.facts.startswith(f"slice {MANY} of {MANY}"))
        found = page.run(counts)
        # The wheel was faster than the slices: those that it passed are not read.
        assert found["requests"] < 30
        assert found["bytes"] <= found["requests"] * 64 * 64 * 2


def test_a_slice_whose_file_has_gone_says_so(browser: Any, tmp_path: Path, model: Any):
    scan = write_series(tmp_path / "scan", 3)
    results = write_results(scan, tmp_path / "out", model)
    with page_server(tmp_path / "own", ServedPaths(results=(results,))) as server:
        (scan / "1.dcm").unlink()
        page = Page(browser, server.url).open(f"#/view/{server.series()[0]}?n=2")
        for _ in range(2):  # opened there, and come to from another slice
            page.wait(lambda: page.find("#problem").text.startswith("slice 2: "))
            assert "is not there any more" in page.find("#problem").text
            assert page.facts == ""
            assert not page.find("#slices-a canvas").is_displayed()
            page.find(".stage").send_keys(Keys.END)  # the others are shown all the same
            page.wait(lambda: page.facts.startswith("slice 3 of 3"))
            page.wait(lambda: not page.find("#problem").is_displayed())
            assert page.find("#slices-a canvas").is_displayed()
            page.find(".stage").send_keys(Keys.ARROW_UP)


def test_the_heatmap_of_a_slice_is_on_no_other(page: Page, examples: PageServer):
    key = examples.series()[0]
    page.look(2, key)
    page.hold(f"/api/series/{key}/slices/2/heatmap")
    page.choose("map", "overlay")
    page.wait(lambda: page.run("return held()"))
    page.run("window.known = fetch; window.fetch = (path, ...rest) => path.includes('/3/heatmap') ? new Promise(() => {}) : known(path, ...rest)")  # fmt: skip  # noqa: E501
    page.find(".stage").send_keys(Keys.ARROW_DOWN)
    page.wait(lambda: page.facts.startswith("slice 3"))
    page.release()
    page.find(".stage").send_keys("+")
    assert page.run(DRAWN) == 0


def test_the_link_to_the_content_stays_on_the_page(page: Page, examples: PageServer):
    page.look(2, examples.series()[0])
    before = page.run("return location.hash")
    page.run("document.querySelector('.skip').focus()")
    page.find(".skip").send_keys(Keys.ENTER)
    assert page.run("return document.activeElement.id") == "main"
    assert page.run("return location.hash.split('?')[0]") == before.split("?")[0]
    assert page.facts.startswith("slice 2")


def test_the_next_series_is_that_of_the_list(page: Page, examples: PageServer):
    low, full = examples.series()
    page.look(1, low)
    page.find(".stage").send_keys("p")  # the worst one is the first
    page.find(".stage").send_keys("n")
    page.wait(lambda: full in page.run("return location.hash") and page.facts)
    page.open()
    page.wait(lambda: len(page.column("Series")) == 2)
    page.find("th[data-column=score] button").click()
    page.find("th[data-column=score] button").click()  # the best one first
    page.find("#series td[data-heading=Series] a").click()
    page.wait(lambda: full in page.run("return location.hash") and page.facts)
    assert [one.text for one in page.all("h1 .near")] == ["Next"]
    page.find("h1 .near").click()
    page.wait(lambda: low in page.run("return location.hash") and page.facts)
    page.check_console()


def test_all_of_the_viewer_by_keys(page: Page, examples: PageServer):
    page.open()
    page.wait(lambda: len(page.column("Series")) == 2)
    page.find("td[data-heading=Series] a").send_keys(Keys.ENTER)
    page.wait(lambda: page.facts)
    keys = ActionChains(page.browser)
    keys.send_keys(Keys.HOME, Keys.ARROW_DOWN, "2", "+").perform()  # the slices have the focus
    page.wait(lambda: page.facts.startswith("slice 2 of 4"))
    assert page.find("#window-width").get_attribute("value") == "1500"
    assert page.find("#status").get_attribute("textContent") == page.facts  # what is read out
