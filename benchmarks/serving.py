"""The page of ``distiliqa serve`` in a browser: the first slice, and the wheel in a long series.

Chromium without a screen and without a graphics card draws it, so that a PC with a screen is
faster. Requests and bytes do not depend on the machine. The first slice is that of the example
series, in a browser that has nothing of the page yet. The wheel turns `TICKS` times, one slice
each, as often a second as a fast hand turns it. Slices that it passes before they are there are
left out.
"""

from __future__ import annotations

import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import requests

from bench.figures import Figure, Found, main
from bench.model_sizes import small_model
from bench.slices import write_slices
from distiliqa.examples import EXAMPLE_SERIES
from distiliqa.outputs import Outputs
from distiliqa.scoring.model import Model, load_model
from distiliqa.scoring.run import score_inputs

SLICES, TICKS, TICKS_A_SECOND = 2000, 300, 60
ROUNDS = 3
_START_S, _END_S = 60, 60  # a time-out only ends a hang
_DRAWN = "return document.getElementById('slice-facts')?.textContent.startsWith(arguments[0])"
_LOADED = (
    "return performance.getEntriesByType('resource')"
    ".map((one) => [new URL(one.name).pathname, one.transferSize])"
)
# Turns the wheel; gives how often a slice was drawn, ms from the last turn to its slice, and of all
# turns.
_TURN = """
const [ticks, pause, done] = arguments;
const stage = document.querySelector('.stage');
const facts = () => document.getElementById('slice-facts').textContent;
let drawn = 0;
document.getElementById('slices-a')
  .addEventListener('CORNERSTONE_IMAGE_RENDERED', () => { drawn += 1; });
const start = performance.now();
let turned = 0;
const turn = () => {
  const due = Math.min(ticks, Math.floor((performance.now() - start) / pause) + 1);
  for (; turned < due; turned += 1) {
    stage.dispatchEvent(new WheelEvent('wheel', {deltaY: 100, cancelable: true}));
  }
  if (turned < ticks) { setTimeout(turn, pause); return; }
  const end = performance.now();
  const wait = () => {
    if (!facts().startsWith(`slice ${ticks + 1} of`)) { setTimeout(wait, 5); return; }
    done([drawn, performance.now() - end, end - start]);
  };
  wait();
};
turn();
"""


def measure() -> Found:
    """Score both series, serve them, and look."""
    about = (
        f"The page as `distiliqa serve` gives it, in Chromium without a screen or a graphics card: "
        f"the example series, and {SLICES} slices under a wheel that turns {TICKS_A_SECOND} times "
        "a second."
    )
    chromium, chromedriver = shutil.which("chromium"), shutil.which("chromedriver")
    if chromium is None or chromedriver is None:
        left_out = ["the page in a browser: no chromium and chromedriver here"]
        return Found("The local page", about, left_out=left_out)
    with TemporaryDirectory() as name, _browser(chromium, chromedriver) as browser:
        folder = Path(name)
        example = _results(EXAMPLE_SERIES / "dose_100", folder / "example", load_model())
        slices = write_slices(folder / "slices", SLICES, in_series=SLICES)
        long = _results(slices, folder / "long", small_model(folder / "model"))
        with _served(example, folder / "first") as url:
            first = [_first(browser, url) for _ in range(ROUNDS)]
        with _served(long, folder / "second") as url:
            wheel = _wheel(browser, url)
    return Found("The local page", about, [*_of_first(first), *wheel])


def _of_first(rounds: list[tuple[float, int, int]]) -> list[Figure]:
    seconds, requests_made, size = sorted(rounds)[len(rounds) // 2]
    return [
        Figure("first slice of the example series", seconds, "s", at_most=1),
        Figure("requests until then", requests_made, "", note="a browser that has nothing yet"),
        Figure("bytes until then", size / 1e6, "MB", note="most of them the viewer library"),
    ]


def _first(browser: Any, url: str) -> tuple[float, int, int]:
    """Seconds to the first slice, requests and bytes until then."""
    key = requests.get(f"{url}/api/series", timeout=_START_S).json()[0]["key"]
    browser.get("about:blank")
    browser.execute_cdp_cmd("Network.clearBrowserCache", {})
    begin = time.perf_counter()
    browser.get(f"{url}/#/view/{key}?n=1")
    _until(lambda: browser.execute_script(_DRAWN, "slice 1 of"))
    seconds = time.perf_counter() - begin
    loaded = browser.execute_script(_LOADED)
    return seconds, 1 + len(loaded), sum(size for _, size in loaded)


def _wheel(browser: Any, url: str) -> list[Figure]:
    series = requests.get(f"{url}/api/series", timeout=_START_S).json()
    key = max(series, key=lambda row: row["slices"])["key"]
    browser.get(f"{url}/#/view/{key}?n=1")
    _until(lambda: browser.execute_script(_DRAWN, "slice 1 of"))
    before = len(browser.execute_script(_LOADED))
    browser.set_script_timeout(_END_S)
    drawn, behind_ms, turning_ms = browser.execute_async_script(_TURN, TICKS, 1000 / TICKS_A_SECOND)
    loaded = browser.execute_script(_LOADED)[before:]
    return [
        Figure("pictures drawn a second under the wheel", 1000 * drawn / turning_ms, "1/s"),
        Figure("slice of the last turn of the wheel", behind_ms / 1000, "s", at_most=0.25),
        Figure("requests a turn", len(loaded) / TICKS, "", at_most=1.1),
        Figure("bytes a slice", sum(size for _, size in loaded) / len(loaded) / 1e6, "MB"),
    ]


def _results(inputs: Path, out: Path, model: Model) -> Path:
    run = score_inputs([inputs], model, measures="none")
    Outputs(out).write(run, quiet=True)
    return out


@contextmanager
def _served(results: Path, own: Path) -> Iterator[str]:
    """``distiliqa serve`` in a process of its own; gives its address."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    program = [sys.executable, "-m", "distiliqa", "serve", str(results), "--no-browser"]
    options = ["--port", str(port), "--out", str(own)]
    process = subprocess.Popen([*program, *options], stdout=subprocess.DEVNULL)
    try:
        _until(lambda: _answers(port))
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait()


def _answers(port: int) -> bool:
    with socket.socket() as asked:
        return asked.connect_ex(("127.0.0.1", port)) == 0


def _until(is_so: Any) -> None:
    end = time.monotonic() + _END_S
    while not is_so():
        if time.monotonic() > end:
            raise RuntimeError(f"not there after {_END_S} s")
        time.sleep(0.005)


@contextmanager
def _browser(chromium: str, chromedriver: str) -> Iterator[Any]:
    from selenium import webdriver

    options = webdriver.ChromeOptions()
    options.binary_location = chromium
    for argument in ("--headless=new", "--no-sandbox", "--disable-gpu"):
        options.add_argument(argument)
    options.add_argument("--enable-unsafe-swiftshader")
    options.add_argument("--window-size=1300,1000")
    service = webdriver.ChromeService(executable_path=chromedriver)
    driver = webdriver.Chrome(options=options, service=service)
    try:
        yield driver
    finally:
        driver.quit()


if __name__ == "__main__":
    main(measure, __doc__)
