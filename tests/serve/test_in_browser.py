"""The local page in a real browser: drop, list, look, window, measure, compare, keep."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import numpy as np
import pytest

pytest.importorskip("starlette")
pytest.importorskip("selenium")
from selenium.webdriver import ActionChains
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import Select, WebDriverWait
from tests.support.page_server import PageServer, page_server, write_results
from tests.support.slices import write_ct, write_series

from distiliqa.cli.demo import EXAMPLE_SERIES
from distiliqa.ct import read_ct
from distiliqa.scoring.levels import read_levels
from distiliqa.scoring.model import load_model
from distiliqa.scoring.protocol_rules import read_protocol_rules
from distiliqa.serve.app import STATIC
from distiliqa.serve.given import Given

END_S = 120  # a time-out only ends a hang
MANY = 300  # slices of a long series
TRENDS = "#/trends?x=noise_hu&y=score&by=kernel"
pytestmark = pytest.mark.skipif(
    not (STATIC / "cornerstone.js").is_file(), reason="run make viewer-library first"
)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PageServer]:
    """The example series at full and a tenth of the dose, with levels."""
    place = tmp_path_factory.mktemp("page")
    (place / "rules.csv").write_text("standard_name,kernel\nabdomen,STANDARD\n")
    (place / "levels.csv").write_text("standard_name,measure,low,high\nabdomen,noise_hu,,12\n")
    from dataclasses import replace

    from distiliqa.outputs import Outputs
    from distiliqa.scoring.run import score_inputs

    inputs = [EXAMPLE_SERIES / name for name in ("dose_100", "dose_010")]
    run = score_inputs(inputs, load_model(), measures="none")
    rules, levels = read_protocol_rules(place / "rules.csv"), read_levels(place / "levels.csv")
    Outputs(place / "results").write(replace(run, protocols=rules, levels=levels), quiet=True)
    with page_server(place / "own", Given(results=(place / "results",))) as running:
        yield running


class Page:
    """The page as a reader has it before them."""

    def __init__(self, browser: Any, url: str) -> None:
        self.browser, self.url = browser, url

    def open(self, place: str = "#/") -> Page:
        self.browser.get("about:blank")
        self.browser.get_log("browser")
        self.browser.get(f"{self.url}/{place}")
        return self

    def look(self, number: int, key: str) -> Page:
        """Open the viewer at a slice."""
        self.open(f"#/view/{key}?n={number}")
        self.wait(lambda: self.facts.startswith(f"slice {number} of"))
        return self

    def wait(self, until: Callable[[], Any]) -> Any:
        return WebDriverWait(self.browser, END_S).until(lambda _: until())

    def find(self, selector: str) -> Any:
        return self.browser.find_element("css selector", selector)

    def all(self, selector: str) -> list[Any]:
        return self.browser.find_elements("css selector", selector)

    def run(self, script: str, *arguments: Any) -> Any:
        return self.browser.execute_script(script, *arguments)

    def choose(self, name: str, value: str) -> None:
        Select(self.find(f"#{name}")).select_by_value(value)

    @property
    def facts(self) -> str:
        found = self.all("#slice-facts")
        return found[0].text if found else ""

    def column(self, heading: str) -> list[str]:
        return [cell.text for cell in self.all(f"#series td[data-heading='{heading}']")]

    def address(self) -> dict[str, list[str]]:
        return parse_qs(self.run("return location.hash").partition("?")[2])

    def brightness(self, selector: str = "#slices-a canvas") -> float:
        """Mean of what is drawn, 0 to 255, from a picture of the screen."""
        import base64
        import io

        from PIL import Image

        content = base64.b64decode(self.find(selector).screenshot_as_base64)
        return float(np.asarray(Image.open(io.BytesIO(content)).convert("L")).mean())

    def check_console(self) -> None:
        assert [line["message"] for line in self.browser.get_log("browser")] == []


@pytest.fixture
def page(browser: Any, server: PageServer) -> Page:
    return Page(browser, server.url)


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


def test_thumbnails_are_slices(page: Page):
    page.open()
    page.wait(lambda: page.run(
        "const all = [...document.querySelectorAll('.thumbnail img')];"
        "return all.length === 2 && all.every((image) => image.naturalWidth === 96)"
    ))  # fmt: skip


def test_wheel_keys_slider_and_plots_change_the_slice(page: Page, server: PageServer):
    page.look(1, server.series()[0])
    stage = page.find(".stage")
    page.run("arguments[0].dispatchEvent(new WheelEvent('wheel', {deltaY: 100, cancelable: true}))", stage)  # fmt: skip  # noqa: E501
    page.wait(lambda: page.facts.startswith("slice 2 of 4"))
    stage.send_keys(Keys.ARROW_DOWN)
    page.wait(lambda: page.facts.startswith("slice 3 of 4"))
    stage.send_keys(Keys.HOME)
    page.wait(lambda: page.facts.startswith("slice 1 of 4"))
    page.find("input[aria-label=Slice]").send_keys(Keys.END)
    page.wait(lambda: page.facts.startswith("slice 4 of 4"))
    plot = page.find("figure[data-measure=score] svg")
    width = plot.size["width"]
    ActionChains(page.browser).move_to_element_with_offset(plot, -width / 2 + 8, 0).click().perform()  # fmt: skip  # noqa: E501
    page.wait(lambda: page.facts.startswith("slice 1 of 4"))
    assert "z -4.5 mm" in page.facts
    page.check_console()


def test_the_hu_under_the_pointer_is_that_of_the_file(page: Page, server: PageServer):
    dose_10 = server.series()[0]
    page.look(2, dose_10)
    box = page.find("#slices-a")
    for x, y in ((0, 0), (60, -40), (-90, 30)):
        ActionChains(page.browser).move_to_element_with_offset(box, x, y).perform()
        page.wait(lambda: " HU at column " in page.find("#pointer").text)
        value, _, _, _, column, _, row = page.find("#pointer").text.replace(",", "").split()
        hu = list(read_ct(EXAMPLE_SERIES / "dose_010"))[1].hu
        assert hu[int(row), int(column)] == float(value)


def test_windows(page: Page, server: PageServer):
    page.look(2, server.series()[0])
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


def test_a_region_has_the_mean_and_the_sd_of_its_pixels(page: Page, server: PageServer):
    page.look(2, server.series()[0])
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


def test_a_heatmap_as_colors_and_as_contours(page: Page, server: PageServer):
    page.look(2, server.series()[0])
    drawn = (
        "const canvas = document.querySelector('#slices-a .heatmap');"
        "const {data} = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);"
        "let count = 0; for (let at = 3; at < data.length; at += 4) count += data[at] > 0;"
        "return count"
    )

    def limit(score: float) -> None:
        page.run(
            "const limit = document.getElementById('threshold');"
            "limit.value = arguments[0]; limit.dispatchEvent(new Event('input'))",
            score,
        )

    limit(4)
    page.choose("map", "overlay")
    whole = page.wait(lambda: page.run(drawn))
    limit(2.9)
    part = page.wait(lambda: (count := page.run(drawn)) < whole and count)
    page.choose("map", "contours")
    page.wait(lambda: 0 < page.run(drawn) < part)  # lines are thinner than areas
    page.choose("map", "off")
    page.wait(lambda: page.run(drawn) == 0)


def test_two_series_are_linked_and_subtracted(page: Page, server: PageServer):
    low, full = server.series()
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


def test_a_link_opens_a_slice_with_its_window(page: Page, server: PageServer):
    low, full = server.series()
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
    with page_server(tmp_path / "own", Given(results=(results,))) as server:
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
    with page_server(tmp_path / "own", Given(results=(results,))) as server:
        (scan / "1.dcm").unlink()
        page = Page(browser, server.url).open(f"#/view/{server.series()[0]}?n=2")
        page.wait(lambda: "is not there any more" in page.find("#problem").text)


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


def test_a_trend_leads_to_its_series(page: Page, server: PageServer):
    page.open(TRENDS)
    page.wait(lambda: page.all("svg.plot a"))
    assert page.find("figcaption").text.startswith("2 series.")
    page.find("svg.plot a").click()
    page.wait(lambda: page.facts)
    page.check_console()


@pytest.mark.parametrize("place", ["#/", TRENDS, "viewer"])
def test_pages_on_a_telephone(page: Page, server: PageServer, place: str):
    size = {"width": 390, "height": 844, "deviceScaleFactor": 1, "mobile": False}
    page.browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    try:
        if place == "viewer":
            page.look(1, server.series()[0])
        else:
            page.open(place)
            page.wait(lambda: page.all("#series td, svg.plot"))
        assert page.run("return document.documentElement.scrollWidth") <= 390
    finally:
        page.browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


@pytest.mark.parametrize("place", ["#/", TRENDS, "viewer"])
def test_controls_have_names_and_the_dark_room_stays(page: Page, server: PageServer, place: str):
    if place == "viewer":
        page.look(1, server.series()[0])
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


def test_what_identifies_is_in_no_page(page: Page, server: PageServer):
    text = json.dumps(server.json("/api/series"))
    assert "dose_010" not in text
    page.look(1, server.series()[0])
    assert "dose_010" not in page.run("return document.documentElement.outerHTML")
