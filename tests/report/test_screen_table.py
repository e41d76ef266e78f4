from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from tests.support.made import with_facts

from distiliqa.models.interval_calibration import IntervalCalibration
from distiliqa.report.screen_table import MAX_SLICES, WORST_SLICES, print_scores
from distiliqa.scoring.hold_back import LOST_DETAIL
from distiliqa.scoring.result import ScoringRun


@pytest.fixture(params=["80", "120"])
def width(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> int:
    monkeypatch.setenv("COLUMNS", request.param)
    return int(request.param)


def many(run: ScoringRun, count: int) -> ScoringRun:
    """The run with its first slice many times over, the last one the worst."""
    first = run.slices[0]
    slices = [
        replace(with_facts(first, frame=n, path=f"{n}.dcm"), score=3 - n / count)
        for n in range(count)
    ]
    return replace(run, slices=tuple(slices))


def rows(printed: str) -> list[list[str]]:
    """The words of each line above the table of measures."""
    scores, _, _ = printed.partition("\n  Measures")
    return [line.split() for line in scores.splitlines() if line.split()]


def test_every_slice_of_a_short_run(run: ScoringRun, width: int, capsys: pytest.CaptureFixture):
    print_scores(run)
    printed = capsys.readouterr().out
    assert max(map(len, printed.splitlines())) <= width
    assert "score 0 to 4, higher is better" in printed
    assert "window width 350, level 40 HU" in printed
    mean = next(row for row in rows(printed) if row[0] == "thorax")
    thorax = run.series[1]
    assert mean == ["thorax", "mean", "of", "3", f"{thorax.score:.2f}", f"{thorax.noise_hu:.1f}"]
    found = [row for row in rows(printed) if row[0].endswith(".dcm")]
    alone = Path(run.slices[0].path).relative_to(Path(run.inputs[0])).as_posix()
    assert thorax.score < run.series[0].score  # the worst first
    assert [row[0] for row in found] == [*(Path(one.path).name for one in run.slices[1:]), alone]
    for row, slice_ in zip(found, (*run.slices[1:], run.slices[0]), strict=True):
        assert row[1:] == [
            f"{slice_.position_mm:.1f}",
            f"{slice_.score:.2f}",
            f"{slice_.spread:.2f}",
            f"{slice_.noise_hu:.1f}",
            *(["1", "2"] if row[0] == alone else ["1"]),
        ]
    assert "note 1, 4 slices: 64 x 64 padded to 512 x 512, not resampled" in printed
    assert "note 2, 1 series: one slice only" in printed


def test_the_column_of_intervals_holds_no_spread(run: ScoringRun, capsys: pytest.CaptureFixture):
    config = replace(run.model, interval_calibration=IntervalCalibration(0.9, 1.0, 0.1, 10, 2))
    known, empty = run.slices[1:3]
    known = replace(with_facts(known, position_mm=7.0), interval=(0.25, 3.5))
    empty = replace(with_facts(empty, position_mm=8.0), empty=True, score=0.0, noise_hu=None)
    print_scores(replace(run, model=config, slices=(known, empty)))
    found = [row for row in rows(capsys.readouterr().out) if row[0].endswith(".dcm")]
    noise = f"{known.noise_hu:.1f}"
    assert found[0][1:-1] == ["7.0", f"{known.score:.2f}", "0.25", "to", "3.50", noise]
    assert found[1][1:-1] == ["8.0", "0.00"]


def test_numbers_of_a_long_run_are_of_the_slices_that_count(
    run: ScoringRun, capsys: pytest.CaptureFixture
):
    long = many(run, MAX_SLICES + 2)
    *known, last = long.slices
    print_scores(replace(long, slices=(*known, replace(last, empty=True, score=0.0))))
    printed = rows(capsys.readouterr().out)
    count = len(known)
    mean = next(row for row in printed if f"{count}" in row and "of" in row)
    lowest = min(slice_.score for slice_ in known)
    assert mean[1:4] == [f"{count}", "of", f"{count + 1}"]
    assert mean[5] == f"{lowest:.2f}"
    assert not [row for row in printed if row[0] == Path(last.path).name]


def test_a_mean_states_its_number_of_slices(run: ScoringRun, capsys: pytest.CaptureFixture):
    *others, last = run.slices
    print_scores(replace(run, slices=(*others, replace(last, distance=1.5))))
    mean = next(row for row in rows(capsys.readouterr().out) if row[0] == "thorax")
    assert mean[1:4] == ["mean", "of", "2"]


def test_a_series_with_all_slices_out_of_domain_is_reported_to_count(
    run: ScoringRun, capsys: pytest.CaptureFixture
):
    words = "1 series with all slices out of domain: counted, as there are no others"
    alone, *others = run.slices
    strange = replace(run, slices=(replace(alone, distance=1.5), *others))
    for shown, expected in ((run, 0), (strange, 1), (replace(strange, count_outside=True), 0)):
        print_scores(shown)
        assert capsys.readouterr().out.count(words) == expected


def test_what_is_wrong_with_a_series_stands_with_its_mean(
    run: ScoringRun, capsys: pytest.CaptureFixture
):
    print_scores(replace(run, patients={run.series[1].series: 2}))
    printed = capsys.readouterr().out
    mean = next(row for row in rows(printed) if row[0] == "thorax")
    assert mean[-1] == "3"
    assert "note 3, 1 series: slices of 2 patients in one series" in printed


def test_many_notes_take_no_room_from_the_scores(
    run: ScoringRun, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
):
    monkeypatch.setenv("COLUMNS", "80")
    warnings = tuple(f"warning {number}" for number in range(20))
    long = many(run, MAX_SLICES + 2)
    print_scores(replace(long, slices=tuple(replace(s, warnings=warnings) for s in long.slices)))
    printed = capsys.readouterr().out
    assert "\u2026" not in printed.partition("\n  note ")[0]
    assert [word for row in rows(printed) for word in row if word == "20"]


def test_series_and_worst_slices_of_a_long_run(
    run: ScoringRun, width: int, capsys: pytest.CaptureFixture
):
    long = many(run, MAX_SLICES + 10)
    print_scores(long)
    printed = capsys.readouterr().out
    assert max(map(len, printed.splitlines())) <= width
    assert "50 slices in 1 series" in printed
    (mean,) = (row for row in rows(printed) if row[1:2] == ["50"])
    assert mean[2:5] == ["2.51", "2.02", "3.00"]
    assert mean[5] == f"{run.slices[0].noise_hu:.1f}"
    worst = [row[0] for row in rows(printed) if row[0].endswith(".dcm")]
    assert worst == [f"{n}.dcm" for n in range(49, 49 - WORST_SLICES, -1)]


def test_the_worst_score_is_the_highest_where_lower_is_better(
    run: ScoringRun, capsys: pytest.CaptureFixture
):
    scale = replace(run.model.scale, higher_is_better=False)
    print_scores(replace(many(run, 50), model=replace(run.model, scale=scale)))
    printed = capsys.readouterr().out
    assert "lower is better" in printed
    assert next(row[0] for row in rows(printed) if row[0].endswith(".dcm")) == "0.dcm"


def test_noise_that_is_not_known_is_left_empty(run: ScoringRun, capsys: pytest.CaptureFixture):
    (each,) = run.series[0].slices
    print_scores(replace(run, slices=(replace(each, noise_hu=None, warnings=()),)))
    (row,) = (row for row in rows(capsys.readouterr().out) if row[0].endswith(".dcm"))
    numbers = [f"{each.position_mm:.1f}", f"{each.score:.2f}", f"{each.spread:.2f}"]
    assert row[1:] == [*numbers, "1"]  # the note of a series of one slice


def test_means_against_a_reference(
    run: ScoringRun, compared: ScoringRun, width: int, capsys: pytest.CaptureFixture
):
    print_scores(compared)
    printed = capsys.readouterr().out
    assert max(map(len, printed.splitlines())) <= width
    _, table = printed.split("Means against the reference")
    thorax, abdomen = (row for row in rows(table) if row[0] in ("abdomen/0.dcm", "thorax"))
    assert abdomen[1:] == ["0"]
    assert thorax[1:] == ["2", "0.750", "20.0", "0.333", "0.125"]
    print_scores(run)
    assert "reference" not in capsys.readouterr().out


def test_series_are_in_range_or_not_in_words(
    leveled: ScoringRun, width: int, capsys: pytest.CaptureFixture
):
    print_scores(leveled)
    printed = capsys.readouterr().out
    assert max(map(len, printed.splitlines())) <= width
    thorax, abdomen = rows(printed.split("Levels")[1])[2:4]
    assert " ".join(thorax) == "thorax chest score below, sharpness f50 not known"
    assert " ".join(abdomen) == "abdomen/0.dcm abdomen in range"


def test_names_are_not_taken_for_markup(run: ScoringRun, capsys: pytest.CaptureFixture):
    odd = replace(with_facts(run.slices[0], path="[bold]/[red]1.dcm"), warnings=("seen [twice]",))
    print_scores(replace(run, slices=(odd,)))
    printed = capsys.readouterr().out
    assert "[red]1.dcm" in printed
    assert "seen [twice]" in printed


def test_a_denoiser_is_warned_of_once(
    denoised: ScoringRun, width: int, capsys: pytest.CaptureFixture
):
    print_scores(denoised)
    printed = " ".join(capsys.readouterr().out.split())
    assert printed.count(LOST_DETAIL) == 1
    assert f"2 slices: {LOST_DETAIL}" in printed
