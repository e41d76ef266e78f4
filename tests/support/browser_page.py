"""The local page as a reader has it before them, in a browser."""

from __future__ import annotations

import base64
import io
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs

import numpy as np
from PIL import Image
from selenium.webdriver.support.ui import Select, WebDriverWait

END_S = 120  # a time-out only ends a hang
# Answers to requests that begin with an address wait, the first ones of them, until `release()`.
_HOLD = """
const [held, known] = [arguments[0], window.fetch];
const waiting = [];
window.release = () => { for (const go of waiting.splice(0)) go(); window.fetch = known; };
window.held = () => waiting.length;
window.fetch = async (path, options) => {
  const answer = await known(path, options);
  if (path.startsWith(held)) await new Promise((go) => { waiting.push(go); });
  return answer;
};
"""


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

    def hold(self, address: str) -> None:
        """Let answers to requests that begin with an address wait until `release`."""
        self.run(_HOLD, address)

    def release(self, count: int = 1) -> None:
        """Let the answers go once so many wait, and let the page take them."""
        self.wait(lambda: self.run("return held()") >= count)
        self.browser.execute_async_script(
            "release(); setTimeout(arguments[arguments.length - 1], 300)"
        )

    def press(self, text: str) -> None:
        """Click the button of that text."""
        next(one for one in self.all("button") if one.text == text).click()

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
        content = base64.b64decode(self.find(selector).screenshot_as_base64)
        return float(np.asarray(Image.open(io.BytesIO(content)).convert("L")).mean())

    def check_console(self) -> None:
        assert [line["message"] for line in self.browser.get_log("browser")] == []
