from __future__ import annotations

import csv
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.support.made import with_facts

from distiliqa.ct import Acquisition
from distiliqa.dose_response.answers import half_dose_text, lowest_text, verdict
from distiliqa.dose_response.files import write_response
from distiliqa.dose_response.result import DosePoint, DoseResponse
from distiliqa.dose_response.screen import response_blocks
from distiliqa.report.notebook import print_blocks
from distiliqa.scoring.hold_back import LOST_DETAIL
from distiliqa.scoring.model import load_model
from distiliqa.scoring.result import ScoringRun
from distiliqa.scoring.run import score_inputs


@pytest.fixture(scope="module")
def run(
    tmp_path_factory: pytest.TempPathFactory, tiny_model: Path, write_series: Callable[..., Path]
) -> ScoringRun:
    """Six slices of a patient."""
    series = write_series(tmp_path_factory.mktemp("series"), 6, PatientID="DOE^JANE")
    return score_inputs([series], load_model(tiny_model))


@pytest.fixture
def found(run: ScoringRun) -> DoseResponse:
    """Six slices of a patient at three doses, with scores made up."""
    above = (0.0, 0.2, 0.1, 0.2, 0.0, 0.1)
    points = tuple(
        DosePoint(
            dose,
            tuple(
                replace(slice_, score=score + more)
                for slice_, more in zip(run.slices, above, strict=True)
            ),
        )
        for dose, score in ((1.0, 3.8), (0.5, 3.2), (0.1, 1.5))
    )
    shown = tuple(np.full((64, 64), value, np.float32) for value in (0, 20, 40))
    return DoseResponse(run.model, "/DOE^JANE", 3.0, points, 0, (), 9, 0, {"/DOE/a": "ab"}, shown)


def test_three_files_hold_the_same(found: DoseResponse, tmp_path: Path):
    write_response(found, tmp_path)
    record = json.loads((tmp_path / "dose-response.json").read_text())
    assert record["answers"][0]["bound"] == "crossing"
    assert 0.1 < record["answers"][0]["lowest_dose"] < 0.5
    assert record["answers"][0]["at_half_dose"] == pytest.approx(3.3)
    with (tmp_path / "dose-response.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["dose"] for row in rows] == ["1.0"] * 6 + ["0.5"] * 6 + ["0.1"] * 6
    assert record["verdict"] == verdict(found)
    assert [point["worst_tenth"] for point in record["doses"]] == [3.8, 3.2, 1.5]


def test_the_page_says_what_it_assumes_and_names_nobody(found: DoseResponse, tmp_path: Path):
    write_response(found, tmp_path)
    page = (tmp_path / "dose-response.html").read_text()
    for words in ("What this assumes", "scatter", "not a medical device", "dose 0.1"):
        assert words in page
    assert "of this patient. The worse end" in " ".join(page.split())
    assert "DOE" not in page
    assert page.count("<img") == 3


def test_the_page_opens_without_an_error(found: DoseResponse, browser: Any, tmp_path: Path):
    write_response(found, tmp_path)
    browser.get_log("browser")
    browser.get((tmp_path / "dose-response.html").as_uri())
    assert browser.find_element("tag name", "h1").text == "Image quality against dose"
    assert browser.get_log("browser") == []


def test_the_answer_in_words(found: DoseResponse, capsys: pytest.CaptureFixture[str]):
    interval, tenth = verdict(found).split(". ")
    assert interval.startswith(
        "95 % interval of the mean, worse end: a score of at least 3 holds down to"
    )
    assert tenth.startswith("Worst tenth of the slices: a score of at least 3 holds down to")
    assert half_dose_text(found).startswith("3.30 (")
    easy, hard = replace(found, least=1.0), replace(found, least=3.95)
    assert verdict(easy).count("holds down to 10 % of the dose, the lowest simulated.") == 2
    assert lowest_text(easy, easy.bases[0]).endswith("or lower: the lowest simulated suffices")
    words = "slices: a score of at least 3.95 is not met at full dose, which has 3.80."
    assert words in verdict(hard)
    assert lowest_text(hard, hard.bases[0]) == "none: it is not met at full dose"
    print_blocks(response_blocks(found))
    assert "score at half dose: 3.30" in capsys.readouterr().out


def test_a_criterion_of_noise_is_part_of_the_answer(unmeasured: DoseResponse):
    asked = replace(unmeasured, max_noise_hu=8.0)
    words = "Noise level: a noise level of at most 8 HU is not met at full dose, which has 13.0 HU"
    assert verdict(asked).endswith(f"{words}, by 4 of 6 slices.")
    asked = replace(unmeasured, max_noise_hu=15.0)
    words = "Noise level: a noise level of at most 15 HU holds down to 10 % of the dose, the lowest"
    assert verdict(asked).endswith(f"{words} simulated, by 4 of 6 slices.")


def test_a_stated_dose_of_0_is_none(found: DoseResponse):
    stated = Acquisition(ctdivol_mgy=0.0)
    points = tuple(
        replace(
            point, slices=tuple(with_facts(slice_, acquisition=stated) for slice_ in point.slices)
        )
        for point in found.points
    )
    assert "mGy" not in lowest_text(replace(found, points=points), found.bases[0])


@pytest.mark.parametrize(
    ("dose", "share", "expected"),
    [
        (0.314, "32 %", "0.32 (3.2 mGy CTDIvol)"),
        (0.0041, "0.41 %", "0.0041 (0.041 mGy CTDIvol)"),
        (0.07, "7 %", "0.07 (0.7 mGy CTDIvol)"),
        (0.996, "100 %", "1 (10 mGy CTDIvol)"),
    ],
)
def test_a_dose_is_never_rounded_down(found: DoseResponse, dose: float, share: str, expected: str):
    stated = Acquisition(ctdivol_mgy=10.0)
    slices = [with_facts(slice_, acquisition=stated) for slice_ in found.points[0].slices]
    points = tuple(
        DosePoint(at, tuple(replace(slice_, score=score) for slice_ in slices))
        for at, score in ((1.0, 4.0), (dose, 3.0), (dose / 2, 2.0))
    )
    answer = replace(found, points=points)
    assert verdict(answer).endswith(f"a score of at least 3 holds down to {share} of the dose.")
    assert lowest_text(answer, answer.bases[0]) == expected


def test_one_slice_is_reported_to_have_no_interval(found: DoseResponse, tmp_path: Path):
    single = tuple(replace(point, slices=point.slices[:1]) for point in found.points)
    write_response(replace(found, points=single), tmp_path)
    page = (tmp_path / "dose-response.html").read_text()
    assert "1 slice: too few, or neighbors too alike, for an interval of the mean" in page


@pytest.fixture
def unmeasured(found: DoseResponse) -> DoseResponse:
    """The noisiest two of six slices lose their noise level at lower doses; none has a d'."""
    points = tuple(
        replace(
            point,
            slices=tuple(
                replace(slice_, noise_hu=hu if point.dose == 1 or hu < 50 else None, measures=None)
                for slice_, hu in zip(point.slices, (10, 12, 14, 16, 80, 90), strict=True)
            ),
        )
        for point in found.points
    )
    return replace(found, points=points)


def shown(found: DoseResponse, folder: Path, capsys: pytest.CaptureFixture[str]) -> list[str]:
    """The page and the screen."""
    write_response(found, folder)
    print_blocks(response_blocks(found))
    page = (folder / "dose-response.html").read_text("utf-8").replace("&#39;", "'")
    return [" ".join(text.split()) for text in (page, capsys.readouterr().out)]


def test_noise_does_not_fall_with_the_dose_because_slices_lose_it(
    unmeasured: DoseResponse, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    for text in shown(unmeasured, tmp_path, capsys):
        assert text.count("13.0") == 3
        assert "Noise level: mean of 4 of 6 slices, which have it at all doses." in text
        assert "d': no slice has it at all doses." in text
    record = json.loads((tmp_path / "dose-response.json").read_text())
    assert [point["noise_hu"] for point in record["doses"]] == [13, 13, 13]
    counts = [record["slices"][name] for name in ("counted", "with_noise_hu", "with_dprime")]
    assert counts == [6, 4, 0]


def test_a_criterion_that_cannot_be_judged_is_reported(
    unmeasured: DoseResponse, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    asked = replace(unmeasured, min_dprime=5.0, max_noise_hu=15.0)
    words = "Detectability d': no slice has it at all doses, so it was not judged."
    assert verdict(asked).endswith(words)
    for text in shown(asked, tmp_path, capsys):
        assert words in text
        assert "not judged: no slice has it at all doses" in text
        assert "the lowest simulated suffices, by 4 of 6 slices" in text
    *_, noise, dprime = json.loads((tmp_path / "dose-response.json").read_text())["answers"]
    assert (noise["basis"], noise["slices"], noise["reason"]) == ("noise level", 4, None)
    assert dprime == {
        "basis": "detectability d'",
        "goal": 5.0,
        "slices": 0,
        "lowest_dose": None,
        "bound": None,
        "at_half_dose": None,
        "reason": "no slice has it at all doses",
    }


def test_processed_slices_at_full_dose_are_warned_of(
    found: DoseResponse, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    first, *others = found.points
    flagged = {"processed": 0.75, "counts_as_processed": True}
    slices = (replace(first.slices[0], **flagged), *first.slices[1:])
    denoised = replace(found, points=(replace(first, slices=slices), *others))
    write_response(denoised, tmp_path)
    record = json.loads((tmp_path / "dose-response.json").read_text())
    assert record["slices"]["processed_at_full_dose"] == 1
    page = (tmp_path / "dose-response.html").read_text("utf-8")
    assert f"1 slice at full dose: {LOST_DETAIL}." in page
    print_blocks(response_blocks(denoised))
    assert f"1 slice at full dose: {LOST_DETAIL}" in " ".join(capsys.readouterr().out.split())
    print_blocks(response_blocks(found))
    assert "detail may be lost" not in capsys.readouterr().out
