"""The page of the readers: its routes, and in a real browser."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import requests

pytest.importorskip("starlette")
from tests.support.disks import full_disk
from tests.support.page_server import running_server
from tests.support.slices import write_ct

from distiliqa.serve.access import LOOPBACK
from distiliqa.serve.rating.rate_app import make_rate_app
from distiliqa.serve.rating.rating_files import RATINGS
from distiliqa.serve.rating.rating_study import Study
from distiliqa.serve.rating.study_design import Asked


@pytest.fixture
def data(tmp_path: Path) -> Path:
    for n in range(4):
        hu = np.random.default_rng(n).normal(40, 10 + 30 * n, (64, 64))
        write_ct(tmp_path / "DOE^JOHN" / f"secret{n}.dcm", hu, PatientName="DOE^JOHN")
    return tmp_path / "DOE^JOHN"


@pytest.fixture(params=["pairs", "scale"])
def study(request: pytest.FixtureRequest, data: Path, tmp_path: Path) -> Study:
    return Study(data, tmp_path / "out", Asked(request.param))


@pytest.fixture
def url(study: Study) -> Iterator[str]:
    with running_server(make_rate_app(study, LOOPBACK, None)) as address:
        yield address


def test_no_answer_names_an_image(url: str, study: Study):
    paths = ("/", "/api/study", "/api/question?reader=A", "/api/series/study/slices/9/pixels")
    for path in paths:
        found = requests.get(url + path, timeout=60)
        assert not any(word in found.text for word in ("DOE", "secret", str(study.folder))), path
    pixels = requests.get(f"{url}/api/series/study/slices/1/pixels", timeout=60)
    hu = np.frombuffer(pixels.content, "<i2").reshape(64, 64)
    assert (hu == study.read(0).hu).all()


@pytest.mark.parametrize("name", ["a\0b", "a" * 5000, "\ud800", ""], ids=range(4))
def test_no_odd_name_of_a_reader_is_an_error_of_the_server(url: str, name: str):
    for path in ("/api/answers", "/api/answers/back"):
        content = {"reader": name, "images": [1], "answer": 1}
        answer = requests.post(url + path, json=content, timeout=60)
        assert answer.status_code == 400
        assert answer.json()["error"]
    asked = {"reader": name.encode("utf-8", "surrogatepass")}
    assert requests.get(f"{url}/api/question", params=asked, timeout=60).status_code == 400
    for number, status in (("0", 400), ("9" * 400, 400), ("9" * 5000, 414)):
        path = f"/api/series/study/slices/{number}/pixels"
        assert requests.get(url + path, timeout=60).status_code == status


def test_answers_are_checked(url: str):
    def send(**content: Any) -> tuple[int, str]:
        answer = requests.post(f"{url}/api/answers", json=content, timeout=60)
        return answer.status_code, answer.json().get("error", "")

    def shown() -> list[int]:
        return requests.get(f"{url}/api/question?reader=A", timeout=60).json()["images"]

    first = shown()
    assert send(reader="A", images=first, answer=1)[0] == 200
    assert send(reader="A", images=first, answer=1)[1].startswith("another question is asked")
    assert send(reader="A", images=shown(), answer=9)[1].startswith("no such answer")
    assert send(reader="image", images=[1], answer=1)[1].startswith(
        "'image' is the name of another"
    )
    for images in (None, 1, "1", [True], ["1"]):
        assert send(reader="A", images=images, answer=1)[1].startswith("an answer needs the images")
    assert send()[0] == 400


def test_on_a_full_disk_the_answer_stands_without_its_ratings(
    url: str, study: Study, monkeypatch: pytest.MonkeyPatch
):
    def send(path: str, **content: Any) -> Any:
        shown = requests.get(f"{url}/api/question?reader=A", timeout=60).json()["images"]
        content = {"reader": "A", "images": shown, **content}
        return requests.post(url + path, json=content, timeout=60)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", full_disk)  # the log is appended to, tables are replaced
        answers = send("/api/answers", answer=1), send("/api/answers/back")
        assert [answer.status_code for answer in answers] == [200, 200]
        assert [answer.json()["number"] for answer in answers] == [1, 0]
        for answer in answers:
            assert answer.json()["problem"].startswith("all answers are kept, but their ratings")
            assert "free some space" in answer.json()["problem"]
            assert str(study.folder) not in answer.json()["problem"]
    assert send("/api/answers", answer=0).json()["problem"] == ""
    assert [entry.answer for entry in study._entries] == [0]
    with monkeypatch.context() as patch:
        patch.setattr("distiliqa.serve.rating.answer_log.os.fsync", full_disk)
        assert send("/api/answers", answer=1).status_code == 400
    assert [entry.answer for entry in study._entries] == [0]


def test_readers_answer_at_the_same_time(url: str, study: Study):
    def rate(reader: str) -> None:
        question = requests.get(f"{url}/api/question?reader={reader}", timeout=60).json()
        while question["images"]:
            content = {"reader": reader, "images": question["images"], "answer": 1}
            question = requests.post(f"{url}/api/answers", json=content, timeout=60).json()

    threads = [threading.Thread(target=rate, args=(reader,)) for reader in "ABC"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    again = Study(study.folder.parent / "DOE^JOHN", study.folder, Asked())
    assert all(not again.question(reader).images for reader in "ABC")


@pytest.mark.parametrize("study", ["pairs"], indirect=True)
def test_a_reader_compares_by_keys(browser: Any, url: str, study: Study):
    pytest.importorskip("selenium")
    from selenium.webdriver import ActionChains
    from selenium.webdriver.common.keys import Keys
    from tests.support.browser_page import Page

    page = begun(Page(browser, url))

    def press(key: str, done: int) -> None:
        page.wait(lambda: page.find("[data-answer='0']").is_enabled() or done == 6)
        ActionChains(browser).send_keys(key).perform()
        page.wait(lambda: page.find("#progress").text.startswith(f"{done} of 6"))

    assert "window 350, level 40 HU" in page.find("#window").text
    press(Keys.ARROW_LEFT, 1)
    press(Keys.ARROW_DOWN, 2)
    press(Keys.BACKSPACE, 1)
    press(Keys.ARROW_RIGHT, 2)
    assert [entry.answer for entry in study._entries] == [1, -1]
    browser.refresh()
    begun(page)
    page.wait(lambda: page.find("#progress").text.startswith("2 of 6 done, Anna"))
    for done in (3, 4, 5, 6):
        press(Keys.ARROW_LEFT, done)
    page.wait(lambda: page.find("h1").text == "All is done. Thank you.")
    assert (study.folder / RATINGS).is_file()
    page.check_console()


@pytest.mark.parametrize("study", ["pairs"], indirect=True)
def test_images_above_each_other_are_upper_and_lower(browser: Any, url: str, study: Study):
    pytest.importorskip("selenium")
    from tests.support.browser_page import Page

    size = {"width": 390, "height": 844, "deviceScaleFactor": 1, "mobile": False}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    try:
        page = begun(Page(browser, url))
        page.wait(lambda: page.find("[data-answer='-1']").is_enabled())
        top = "return document.querySelector(arguments[0]).getBoundingClientRect().top"
        assert page.run(top, "#left") < page.run(top, "#right")
        page.press("Lower is better")
        page.wait(lambda: page.find("#progress").text.startswith("1 of 6"))
    finally:
        browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
    assert [entry.answer for entry in study._entries] == [-1]
    page.wait(lambda: page.find("[data-answer='-1']").text == "Right is better (→)")


@pytest.mark.parametrize("study", ["scale"], indirect=True)
def test_a_reader_rates_by_buttons_on_a_telephone(browser: Any, url: str, study: Study):
    pytest.importorskip("selenium")
    from tests.support.browser_page import Page

    size = {"width": 390, "height": 844, "deviceScaleFactor": 1, "mobile": False}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    try:
        page = begun(Page(browser, url))
        assert page.run("return document.documentElement.scrollWidth") <= 390
        page.wait(lambda: page.find("[data-answer='3']").is_enabled())
        lowest = "return Math.max(...arguments[0].map((one) => one.getBoundingClientRect().bottom))"
        assert page.run(lowest, page.all("[data-answer]")) <= 844  # nobody must scroll to answer
        page.find("[data-answer='3']").click()
        page.wait(lambda: page.find("#progress").text.startswith("1 of 4"))
    finally:
        browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
    assert (study.folder / RATINGS).read_text().splitlines()[0] == "image,slice,Anna"
    page.check_console()


@pytest.mark.parametrize("study", ["scale"], indirect=True)
def test_an_image_that_cannot_be_shown_cannot_be_rated(
    browser: Any, url: str, study: Study, data: Path
):
    pytest.importorskip("selenium")
    from tests.support.browser_page import Page

    page = begun(Page(browser, url))
    page.wait(lambda: page.find("[data-answer='3']").is_enabled())
    away = data.rename(data.with_name("away"))
    page.find("[data-answer='3']").click()
    page.wait(lambda: page.find("#problem").text)
    retry = page.find(".answers button:last-child")
    page.wait(retry.is_displayed)
    assert not any(button.is_enabled() for button in page.all("[data-answer]"))
    assert not page.find("#image canvas").is_displayed()
    away.rename(data)
    retry.click()
    page.wait(lambda: page.find("[data-answer='3']").is_enabled())
    assert page.find("#image canvas").is_displayed()
    assert not page.find("#problem").is_displayed()
    assert [entry.answer for entry in study._entries] == [3]


@pytest.mark.parametrize("study", ["pairs"], indirect=True)
def test_back_takes_one_answer_back_and_leaves_the_keys_alive(browser: Any, url: str, study: Study):
    pytest.importorskip("selenium")
    from selenium.webdriver import ActionChains
    from tests.support.browser_page import Page

    page = begun(Page(browser, url))
    for done in (1, 2):
        page.wait(lambda: page.find("[data-answer='0']").is_enabled())
        page.find("[data-answer='0']").click()
        page.wait(lambda done=done: page.find("#progress").text.startswith(f"{done} of 6"))
    page.wait(lambda: page.find(".back").is_enabled())
    page.run("const back = document.querySelector('.back'); back.click(); back.click()")
    page.wait(lambda: page.find("[data-answer='0']").is_enabled())
    assert page.find("#progress").text.startswith("1 of 6")
    page.find(".back").click()
    page.wait(lambda: page.find("#progress").text.startswith("0 of 6"))
    page.wait(lambda: page.find("[data-answer='0']").is_enabled())
    ActionChains(browser).send_keys("0").perform()
    page.wait(lambda: page.find("#progress").text.startswith("1 of 6"))


@pytest.mark.parametrize("study", ["pairs"], indirect=True)
def test_a_double_click_begins_once(browser: Any, url: str, study: Study):
    pytest.importorskip("selenium")
    from selenium.webdriver import ActionChains
    from tests.support.browser_page import Page

    page = Page(browser, url)
    name_reader(page)
    page.run("const start = document.querySelector('form button'); start.click(); start.click()")
    page.wait(lambda: page.all("[data-answer]") and page.find("[data-answer='0']").is_enabled())
    page.run(COUNT_REQUESTS)
    ActionChains(browser).send_keys("0").perform()
    page.wait(lambda: page.find("#progress").text.startswith("1 of 6"))
    page.wait(lambda: page.find("[data-answer='0']").is_enabled())
    assert page.run("return window.sent") == 1
    assert not page.find("#problem").is_displayed()
    assert [entry.answer for entry in study._entries] == [0]


COUNT_REQUESTS = """window.sent = 0; const real = window.fetch;
window.fetch = (path, options) => {
  window.sent += options?.method === 'POST';
  return real(path, options);
};"""


@pytest.mark.parametrize("study", ["pairs"], indirect=True)
def test_an_older_window_shows_what_is_asked_now(browser: Any, url: str, study: Study):
    pytest.importorskip("selenium")
    from tests.support.browser_page import Page

    page = begun(Page(browser, url))
    page.wait(lambda: page.find("[data-answer='0']").is_enabled())
    page.find("[data-answer='0']").click()
    page.wait(lambda: page.find(".back").is_enabled())
    study.answer("Anna", study.question("Anna").images, 1)  # in another window
    page.find(".back").click()
    page.wait(lambda: page.find("#progress").text.startswith("2 of 6"))
    assert page.find("#problem").text.startswith("another question is asked by now")
    assert [entry.answer for entry in study._entries] == [0, 1]


@pytest.mark.parametrize("study", ["pairs"], indirect=True)
def test_a_page_reports_ratings_that_cannot_be_written(
    browser: Any, url: str, study: Study, monkeypatch: pytest.MonkeyPatch
):
    pytest.importorskip("selenium")
    from tests.support.browser_page import Page

    page = begun(Page(browser, url))
    for done, problem in ((1, True), (2, False)):
        page.wait(lambda: page.find("[data-answer='0']").is_enabled())
        with monkeypatch.context() as patch:
            if problem:
                patch.setattr(Path, "replace", full_disk)
            page.find("[data-answer='0']").click()
            page.wait(lambda done=done: page.find("#progress").text.startswith(f"{done} of 6"))
            page.wait(lambda p=problem: page.find("#problem").is_displayed() is p)
    assert [entry.answer for entry in study._entries] == [0, 0]


def begun(page: Any) -> Any:
    """The first question of the reader Anna."""
    name_reader(page)
    page.press("Begin")
    page.wait(lambda: page.all("[data-answer]"))
    return page


def name_reader(page: Any) -> None:
    """Enter the name Anna."""
    page.open("")
    page.wait(lambda: page.all("#reader"))
    page.find("#reader").clear()
    page.find("#reader").send_keys("Anna")
