"""Pages on a telephone, 390 pixels wide: plots are whole and readable, nothing scrolls sideways."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

from distiliqa.cli import app

Write = Callable[..., Path]

# Texts of plots, and plots themselves, that reach beyond the page or out of a box that cuts them.
CUT = """
const cut = [];
for (const plot of document.querySelectorAll("svg.plot")) {
  plot.scrollIntoView({block: "center"});
  let [left, right] = [0, document.documentElement.clientWidth];
  for (let box = plot.parentElement; box; box = box.parentElement) {
    const style = getComputedStyle(box);
    if (style.contentVisibility === "auto" || style.overflowX !== "visible") {
      const edge = box.getBoundingClientRect();
      [left, right] = [Math.max(left, edge.left), Math.min(right, edge.right)];
    }
  }
  const inner = plot.getBoundingClientRect();
  if (getComputedStyle(plot).overflow !== "visible")
    [left, right] = [Math.max(left, inner.left), Math.min(right, inner.right)];
  for (const part of [plot, ...plot.querySelectorAll("text")]) {
    const edge = part.getBoundingClientRect();
    if (edge.left < left - 0.5 || edge.right > right + 0.5) cut.push(part.textContent);
  }
}
return cut;
"""

# Texts of plots by their size on the page, px.
SIZES = """
return [...document.querySelectorAll("svg.plot text")].map((text) =>
  [parseFloat(getComputedStyle(text).fontSize) * text.getScreenCTM().a, text.textContent]);
"""
MIN_TEXT_PX = 11


@pytest.fixture
def narrow(browser: Any) -> Iterator[Any]:
    size = {"width": 390, "height": 844, "deviceScaleFactor": 1, "mobile": False}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    yield browser
    browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


@pytest.fixture(scope="session")
def two_series(tmp_path_factory: pytest.TempPathFactory, write_ct: Write) -> tuple[Path, Path]:
    """A phantom at two noise levels, of a kernel with a long name; more slices for the charts."""
    y, x = np.mgrid[:96, :96] - 48
    folders = tmp_path_factory.mktemp("a"), tmp_path_factory.mktemp("b")
    for folder, noise in zip(folders, (6, 30), strict=True):
        for n in range(8):
            hu = np.random.default_rng(n).normal(40, noise, (96, 96))
            hu = np.where(np.hypot(x, y) < 40, hu, -1000)
            place = {"PixelSpacing": [4, 4], "ImagePositionPatient": [-192, -192, 3 * n]}
            tags = {"ConvolutionKernel": "A LONG KERNEL", "Manufacturer": "WIDE WORKS"}
            write_ct(folder / f"{n}.dcm", hu, **place, **tags)
    return folders


PAGES = {
    "report.html": ["score", "{a}", "{b}"],
    "compare.html": ["compare", "{a}", "{b}"],
    "dose-response.html": ["dose-response", "{a}", "--slices", "2", "--doses", "0.5,0.1"],
    "rank.html": ["rank", "{a}", "{b}"],
    "trend.html": ["monitor", "{a}", "--once", "--settle", "0"],
}


@pytest.mark.parametrize("page", PAGES)
def test_no_plot_is_cut_and_its_text_can_be_read(
    narrow: Any, tiny_model: Path, two_series: tuple[Path, Path], tmp_path: Path, page: str
):
    a, b = two_series
    arguments = [part.format(a=a, b=b) for part in PAGES[page]]
    done = CliRunner().invoke(app, [*arguments, "--model", str(tiny_model), "-o", str(tmp_path)])
    assert done.exit_code == 0, done.output
    narrow.get((tmp_path / page).as_uri())
    assert narrow.execute_script("return document.querySelectorAll('svg.plot').length") > 0
    assert narrow.execute_script(CUT) == []
    assert min(narrow.execute_script(SIZES))[0] >= MIN_TEXT_PX
    assert narrow.execute_script("return document.documentElement.scrollWidth") <= 390
