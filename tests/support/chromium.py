"""Debian's Chromium without a screen, driven by Selenium."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


def is_installed() -> bool:
    """Whether Chromium and its driver are here, see tools/ci/install_test_tools.sh."""
    return all(map(shutil.which, ("chromium", "chromedriver")))


@contextmanager
def chromium() -> Iterator[Any]:
    """A browser; its console is kept, see `get_log`."""
    from selenium import webdriver

    options = webdriver.ChromeOptions()
    options.binary_location = shutil.which("chromium") or ""
    # SwiftShader draws WebGL without a graphics card.
    drawing = ("--disable-gpu", "--enable-unsafe-swiftshader")
    for argument in ("--headless=new", "--no-sandbox", *drawing, "--window-size=1300,1000"):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    service = webdriver.ChromeService(executable_path=shutil.which("chromedriver"))
    with webdriver.Chrome(options=options, service=service) as driver:
        yield driver
