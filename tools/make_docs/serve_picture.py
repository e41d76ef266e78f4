"""Photograph docs/images/serve.png: two doses of the example series on the page of serve.

python -m tools.make_docs.serve_picture

Needs Chromium and its driver, and the extra dev.
"""

from __future__ import annotations

import base64
import io
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from PIL import Image
from selenium.webdriver.support.ui import WebDriverWait
from tests.support.chromium import chromium
from tests.support.page_server import page_server

from distiliqa.examples import EXAMPLE_SERIES
from distiliqa.outputs import Outputs
from distiliqa.scoring.model import load_model
from distiliqa.scoring.run import score_inputs
from distiliqa.serve.served_paths import ServedPaths

PICTURE = Path(__file__).resolve().parents[2] / "docs" / "images" / "serve.png"
SIZE, COLORS = (1400, 900), 128
DOSES = ("dose_100", "dose_010")


def main() -> None:
    with TemporaryDirectory() as place:
        folder = Path(place)
        run = score_inputs([EXAMPLE_SERIES / dose for dose in DOSES], load_model())
        Outputs(folder / "results").write(run, quiet=True)
        with page_server(folder / "own", ServedPaths(results=(folder / "results",))) as server:
            low, full = server.series()
            content = photograph(f"{server.url}/#/view/{low}?n=2&b={full}&mode=side")
    picture = Image.open(io.BytesIO(content)).convert("RGB").quantize(COLORS)
    picture.save(PICTURE, optimize=True)


def photograph(url: str) -> bytes:
    """The page in Chromium, once both series are shown."""
    with chromium() as browser:
        size = {"width": SIZE[0], "height": SIZE[1], "deviceScaleFactor": 1, "mobile": False}
        browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
        browser.get(url)
        WebDriverWait(browser, 120).until(is_shown)
        browser.execute_script("document.activeElement.blur()")
        time.sleep(1)  # what is drawn last, the second series, has no event of its own here
        return base64.b64decode(browser.get_screenshot_as_base64())


def is_shown(browser: Any) -> bool:
    """Whether the line beside the slices names both series."""
    return any(
        "beside" in one.text for one in browser.find_elements("css selector", "#slice-facts")
    )


if __name__ == "__main__":
    main()
