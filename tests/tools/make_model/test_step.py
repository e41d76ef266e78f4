"""Steps are done once, again when what they depend on changes, and go on when interrupted."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from tools.make_model.log import Log
from tools.make_model.step import Outcome, Step, run_steps

from distiliqa.errors import DistiliqaError


class Recorder:
    """Two steps, the second of which reads the first, and what was done of them."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.done = folder, list[str]()
        self.log = Log(folder / "log.txt")
        self.fails = False

    def steps(self, **settings: Any) -> list[Step]:
        return [
            Step("one", self.one, {"value": settings.get("one", 1)}),
            Step("two", self.two, {"value": settings.get("two", 1)}, ("one",)),
        ]

    def one(self, out: Path) -> Outcome:
        self.done.append("one")
        (out / "result").write_text("1")
        return Outcome([out / "result"], {"images": 3})

    def two(self, out: Path) -> Outcome:
        self.done.append("two, resumed" if (out / "half").is_file() else "two")
        (out / "half").touch()
        if self.fails:
            raise DistiliqaError("disk full")
        (out / "result").write_text("2")
        return Outcome([out / "result"])

    def run(self, settings: Mapping[str, Any] | None = None, **options: Any) -> list[str]:
        self.done.clear()
        steps = self.steps(**(settings or {}))
        run_steps(steps, self.folder, self.log, **options)
        return self.done


@pytest.fixture
def recorder(tmp_path: Path) -> Recorder:
    return Recorder(tmp_path)


def test_done_steps_are_not_done_again(recorder: Recorder) -> None:
    assert recorder.run() == ["one", "two"]
    assert recorder.run() == []


def test_a_changed_setting_redoes_the_step_and_what_follows(recorder: Recorder) -> None:
    recorder.run()
    assert recorder.run({"two": 2}) == ["two"]
    assert recorder.run({"one": 2, "two": 2}) == ["one", "two"]


def test_a_file_of_settings_counts_by_its_content(recorder: Recorder) -> None:
    recipe = recorder.folder / "recipe.yaml"
    recipe.write_text("a: 1")
    assert recorder.run({"two": recipe}) == ["one", "two"]
    recipe.write_text("a: 2")
    assert recorder.run({"two": recipe}) == ["two"]


def test_an_interrupted_step_goes_on_unless_its_settings_have_changed(recorder: Recorder) -> None:
    recorder.fails = True
    with pytest.raises(DistiliqaError, match="disk full"):
        recorder.run()
    recorder.fails = False
    assert recorder.run() == ["two, resumed"]
    assert recorder.run({"two": 2}) == ["two"]


def test_a_missing_result_is_made_again(recorder: Recorder) -> None:
    recorder.run()
    (recorder.folder / "two" / "result").unlink()
    assert recorder.run() == ["two, resumed"]


def test_a_run_may_end_early_and_begin_anew(recorder: Recorder) -> None:
    assert recorder.run(until="one") == ["one"]
    assert recorder.run(redo_from="one") == ["one", "two"]
    with pytest.raises(DistiliqaError, match="no step three; give one of one, two"):
        recorder.run(until="three")


def test_the_log_names_steps_figures_and_no_path(recorder: Recorder) -> None:
    recorder.fails = True
    with pytest.raises(DistiliqaError):
        recorder.run()
    words = [line.split()[1:3] for line in recorder.log.path.read_text().splitlines()]
    assert words == [["start", "one"], ["done", "one"], ["start", "two"], ["stopped", "two"]]
    text = recorder.log.path.read_text()
    assert "images 3; results " in text
    assert "DistiliqaError" in text
    assert str(recorder.folder) not in text
