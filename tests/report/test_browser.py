"""The report in a real browser: it opens, sorts, filters, leads to slices, and stays quick."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.support.made import with_facts

from distiliqa.ct import Acquisition
from distiliqa.report.html import write_html
from distiliqa.scoring.result import ScoringRun
from distiliqa.scoring.slice_score import SliceScore

SERIES, SLICES = 100, 50  # 5,000 slices
MAX_BYTES, MAX_ELEMENTS = 30e6, 60  # of a page, and for each slice
LAYOUT = """
const sections = [...document.querySelectorAll('section.series')];
return [
  document.getElementsByTagName('*').length,
  sections.filter((one) => getComputedStyle(one).contentVisibility !== 'auto').length,
  sections.length,
];
"""


def made(run: ScoringRun, series: int, slices: int) -> ScoringRun:
    """A run of ``series`` series of ``slices`` slices, without files, with all facts."""

    def one(number: int, n: int) -> SliceScore:
        score = 2 + 1.5 * math.sin(number + n / 10)
        return replace(
            with_facts(run.slices[0], **facts(number, n)),
            score=score,
            interval=(max(0.0, score - 0.4), min(4.0, score + 0.4)),
            distance=(7 * number + n) % 23 / 20,
            noise_hu=10 + number % 7,
            warnings=("lossy compression has changed the noise",) if number % 5 == 0 else (),
        )

    def facts(number: int, n: int) -> dict[str, object]:
        made = Acquisition(
            kvp=(80, 100, 120)[number % 3],
            exposure_mas=50.0 + number,
            kernel=("B30f", "Br40d\\3", "LUNG", "STANDARD")[number % 4],
            slice_thickness_mm=1.0 + number % 2,
            scanner=f"Scanner {number % 6}",
            body_part="CHEST" if number % 2 else "ABDOMEN",
        )
        return {
            "path": f"/gone/{number}/{n}.dcm",
            "series": f"1.2.{number}",
            "position_mm": 5.0 * n,
            "acquisition": made,
            "decode": None,
        }

    every = tuple(one(number, n) for number in range(series) for n in range(slices))
    hashes = {item.path: f"{hash(item.path):064x}"[-64:] for item in every}
    return replace(run, slices=every, sha256=hashes, found=len(every))


def test_the_notes_of_a_series_are_in_sight(run: ScoringRun, browser: Any, tmp_path: Path):
    """Also beside ranges of mAs and dose, and counts of slices out of domain and processed."""
    whole = made(run, 4, 2)
    slices = [
        replace(
            with_facts(
                one,
                acquisition=replace(
                    one.acquisition, exposure_mas=27.25 + 100 * n, ctdivol_mgy=8.59 + 9 * (n % 2)
                ),
            ),
            distance=1.5 * (n % 2),
            processed=0.9,
            counts_as_processed=True,
            warnings=tuple(f"warning {number}" for number in range(12)),
        )
        for n, one in enumerate(whole.slices)
    ]
    write_html(tmp_path / "report.html", replace(whole, slices=tuple(slices)))
    size = {"width": 1440, "height": 900, "deviceScaleFactor": 1, "mobile": False}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    browser.get((tmp_path / "report.html").as_uri())
    box = "const box = document.querySelector('#series').parentElement;"
    headings = browser.execute_script("return document.querySelector('#series thead').innerText")
    hidden = browser.execute_script(f"{box} return box.scrollWidth - box.clientWidth")
    browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
    assert "Notes" in headings
    assert "Processed" in headings
    assert hidden <= 0


# Names and values of facts that are wider than their column.
TOO_WIDE = """
const wide = [];
for (const one of document.querySelectorAll("section")) one.style.contentVisibility = "visible";
for (const part of document.querySelectorAll(".facts dt, .facts dd, .figures dt, .figures dd")) {
  const text = document.createRange();
  text.selectNodeContents(part);
  const column = part.parentElement.getBoundingClientRect();
  if (text.getBoundingClientRect().right > column.right + 0.5) wide.push(part.textContent);
}
return wide;
"""
PAPER = 703  # px, what the margins leave of A4


@pytest.fixture
def open_report(browser: Any, run: ScoringRun, tmp_path: Path) -> Callable[..., Any]:
    """Write the report of a made run and open it from its file."""

    def opened(series: int = 12, slices: int = 5) -> Any:
        path = tmp_path / "report.html"
        write_html(path, made(run, series, slices))
        browser.get_log("browser")
        browser.get(path.as_uri())
        return browser

    return opened


def column(browser: Any, name: str) -> list[str]:
    """The cells of a column of the table of series that are shown, from top to bottom."""
    return browser.execute_script(
        """
        const table = document.getElementById("series");
        const names = [...table.tHead.rows[0].cells].map((cell) => cell.textContent);
        return [...table.tBodies[0].rows].filter((row) => row.offsetParent)
            .map((row) => row.cells[names.indexOf(arguments[0])].textContent);
        """,
        name,
    )


def click_heading(browser: Any, name: str) -> str:
    """Click the heading of a column of the table of series; returns how it is sorted then."""
    heading = browser.find_element("xpath", f"//table[@id='series']//th[button='{name}']")
    heading.find_element("tag name", "button").click()
    return heading.get_attribute("aria-sort")


def test_the_table_sorts(open_report: Callable[..., Any]):
    browser = open_report()
    assert click_heading(browser, "Exposure, mAs") == "ascending"
    assert column(browser, "Exposure, mAs") == [str(50 + n) for n in range(12)]
    assert click_heading(browser, "Exposure, mAs") == "descending"
    assert column(browser, "Exposure, mAs") == [str(61 - n) for n in range(12)]
    click_heading(browser, "Notes")
    assert column(browser, "Notes") == ["1"] * 3 + [""] * 9
    assert browser.get_log("browser") == []


def test_a_heading_is_pressed_with_the_keyboard(open_report: Callable[..., Any]):
    browser = open_report()
    heading = browser.find_element("xpath", "//table[@id='series']//th[button='Scanner']")
    heading.find_element("tag name", "button").send_keys("\n")
    assert heading.get_attribute("aria-sort") == "ascending"
    assert column(browser, "Scanner") == sorted(column(browser, "Scanner"))


def test_the_table_filters(open_report: Callable[..., Any]):
    browser = open_report()
    box = browser.find_element("css selector", "input[data-filters=series]")
    box.send_keys("chest LUNG")
    assert column(browser, "Kernel") == []
    box.clear()
    box.send_keys("abdomen lung")
    assert column(browser, "Kernel") == ["LUNG"] * 3
    assert browser.find_element("css selector", ".filter output").text == "3 of 12"
    box.send_keys("\b" * 12)
    assert len(column(browser, "Kernel")) == 12
    assert browser.get_log("browser") == []


def test_a_dot_leads_to_its_slice(open_report: Callable[..., Any]):
    browser = open_report()
    dot = browser.find_element("css selector", ".strip a[href='#s9-2'] circle")
    assert "slice 2, z 5.0 mm" in dot.get_attribute("textContent")
    browser.execute_script("arguments[0].scrollIntoView({block: 'center'})", dot)
    dot.click()
    row = browser.find_element("id", "s9-2")
    assert browser.execute_script("return location.hash") == "#s9-2"
    assert row.is_displayed()
    assert in_sight(browser, row)
    assert browser.get_log("browser") == []


def test_a_series_leads_to_its_section(open_report: Callable[..., Any]):
    browser = open_report(40)
    browser.find_element("css selector", "#r37 a").click()
    assert in_sight(browser, browser.find_element("css selector", "#s37 h3"))


def test_a_picture_is_shown_pixel_for_pixel_and_back(browser: Any, run: ScoringRun, tmp_path: Path):
    write_html(tmp_path / "report.html", run)
    browser.get((tmp_path / "report.html").as_uri())
    button = browser.find_element("css selector", "#s2 .pictures button")
    image = button.find_element("tag name", "img")
    assert image.size["width"] < 512
    browser.execute_script("arguments[0].scrollIntoView({block: 'center'})", button)
    button.click()
    assert image.size["width"] == 512
    button.send_keys(" ")
    assert image.size["width"] < 512


def in_sight(browser: Any, element: Any) -> bool:
    return browser.execute_script(
        "const box = arguments[0].getBoundingClientRect();"
        "return box.height > 0 && box.top >= 0 && box.bottom <= innerHeight",
        element,
    )


@pytest.mark.parametrize(("media", "width"), [("screen", 1440), ("screen", 390), ("print", PAPER)])
def test_facts_stay_in_their_columns(
    browser: Any, run: ScoringRun, tmp_path: Path, media: str, width: int
):
    made = Acquisition(
        reconstruction_method="filtered back-projection",
        reconstruction_algorithm="Deep_Learning_Reconstruction_High",
        reconstruction_strength="A" * 40,
        field_of_view_mm=350.5,
        rotation_time_s=0.285,
    )
    slices = tuple(with_facts(slice_, acquisition=made) for slice_ in run.slices)
    write_html(tmp_path / "report.html", replace(run, slices=slices))
    size = {"width": width, "height": 1000, "deviceScaleFactor": 1, "mobile": False}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": media})
    try:
        browser.get((tmp_path / "report.html").as_uri())
        assert "Reconstruction" in browser.find_element("css selector", ".facts").text
        assert browser.execute_script(TOO_WIDE) == []
    finally:
        browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": ""})
        browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


def wait_for_sections(browser: Any) -> None:
    """Wait for a large page: on a busy machine Chromium runs scripts before it has read it."""
    from selenium.webdriver.support.ui import WebDriverWait

    WebDriverWait(browser, 60).until(
        lambda _: (
            browser.find_elements("css selector", "section.series")
            and browser.execute_script("return document.readyState") == "complete"
        )
    )


@pytest.mark.parametrize(("series", "slices"), [(SERIES, SLICES), (SERIES * SLICES, 1)])
def test_thousands_of_slices_stay_light(
    browser: Any, run: ScoringRun, tmp_path: Path, series: int, slices: int
):
    path = tmp_path / "report.html"
    write_html(path, made(run, series, slices))
    assert path.stat().st_size < MAX_BYTES
    browser.get_log("browser")
    browser.get(path.as_uri())
    wait_for_sections(browser)
    elements, laid_out, sections = browser.execute_script(LAYOUT)
    assert elements < MAX_ELEMENTS * series * slices
    assert sections > 0
    assert laid_out == 0  # but what is in sight
    assert len(column(browser, "Mean")) == series
    assert browser.get_log("browser") == []
