from __future__ import annotations

import csv
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import distiliqa
from distiliqa.compare.files import write_comparison
from distiliqa.compare.result import PairedRun
from distiliqa.compare.run import compare
from distiliqa.compare.verdict import scope
from distiliqa.errors import DistiliqaError
from distiliqa.scoring.equivalence import NO_EVIDENCE
from distiliqa.scoring.hold_back import LOST_DETAIL
from distiliqa.scoring.model import Model, load_model

Write = Callable[..., Path]


def test_slices_of_one_place_are_compared(two: tuple[str, str], model: Model):
    seen = []
    run = compare(*two, model, progress=lambda *at: seen.append(at))
    assert [pair.first.position_mm for pair in run.slices] == [3, 6, 9]
    assert [pair.second.position_mm for pair in run.slices] == [3, 6, 9]
    assert run.score.n == 3
    differences = [pair.second.score - pair.first.score for pair in run.slices]
    assert run.score.mean == pytest.approx(np.mean(differences))
    assert run.score.mean < 0
    assert [len(slices) for slices in run.unmatched] == [1, 2]
    assert seen[-1] == (9, 9)
    assert run.complete


def test_slices_that_failed_have_no_pair(two: tuple[str, str], model: Model):
    broken = Path(two[1]) / "1.dcm"
    broken.write_bytes(broken.read_bytes()[:-100])
    run = compare(*two, model)
    assert [pair.first.position_mm for pair in run.slices] == [3, 9]
    assert not run.complete


def test_no_pair_that_could_be_scored_names_the_first_file_that_failed(
    two: tuple[str, str], model: Model
):
    for name in ("0.dcm", "1.dcm", "2.dcm"):
        broken = Path(two[1]) / name
        broken.write_bytes(broken.read_bytes()[:-100])
    words = (
        rf"no pair of slices could be scored; the first that failed is {re.escape(two[1])}.0.dcm: "
    )
    with pytest.raises(DistiliqaError, match=words):
        compare(*two, model)


def test_a_series_that_is_damaged_as_a_whole_leaves_the_others(
    tmp_path: Path, write_series: Write, model: Model
):
    for side in "ab":
        for n, folder in enumerate("pqr"):
            tags = {"SeriesInstanceUID": f"1.{n}.{ord(side)}"}
            write_series(tmp_path / side / folder, 2, **tags)
    for broken in (tmp_path / "b" / "q").iterdir():
        broken.write_bytes(broken.read_bytes()[:-100])
    run = compare(str(tmp_path / "a"), str(tmp_path / "b"), model)
    assert (len(run.series), len(run.second.failed), run.complete) == (2, 2, False)


def test_slices_outside_do_not_count_where_others_do(two: tuple[str, str], model: Model):
    run = compare(*two, model)
    far, *rest = run.series[0].slices
    marked = (replace(far, second=replace(far.second, distance=1.5)), *rest)
    some = replace(run, series=(replace(run.series[0], slices=marked),))
    assert (some.score.n, len(some.slices)) == (2, 3)
    assert some.noise is not None
    assert some.noise.n == 2
    every = tuple(replace(pair, first=replace(pair.first, distance=2)) for pair in marked)
    assert replace(run, series=(replace(run.series[0], slices=every),)).score.n == 3
    air = (replace(every[0], second=replace(every[0].second, empty=True)), *every[1:])
    assert replace(run, series=(replace(run.series[0], slices=air),)).score.n == 2


def test_one_slice_each(tmp_path: Path, write_series: Write, model: Model):
    a, b = (str(write_series(tmp_path / name, 1, KVP=kvp)) for name, kvp in (("a", 80), ("b", 90)))
    run = compare(a, b, model)
    assert (run.score.n, run.score.interval) == (1, None)


def test_one_input_given_twice_is_refused(two: tuple[str, str], model: Model):
    with pytest.raises(DistiliqaError, match="given twice: it equals itself"):
        compare(two[0], f"{two[0]}/../a", model)
    with pytest.raises(DistiliqaError, match="is part of both inputs"):
        compare(two[0], f"{two[0]}/1.dcm", model)


def test_arrays_are_no_paths(two: tuple[str, str]):
    with pytest.raises(TypeError, match="not ndarray"):
        distiliqa.compare(np.zeros((64, 64)), two[1])


def test_inputs_with_nothing_in_common_are_refused(
    tmp_path: Path, two: tuple[str, str], write_ct: Write, model: Model
):
    far = tmp_path / "far" / "0.dcm"
    write_ct(far, np.random.default_rng(0).normal(40, 9, (64, 64)), ImagePositionPatient=[0, 0, 99])
    with pytest.raises(DistiliqaError, match=r"far: no slice of it has the position .*/a; give"):
        compare(two[0], str(far.parent), model)


def test_another_pixel_size_is_refused_unless_the_user_says_what_belongs_together(
    tmp_path: Path, write_series: Write, model: Model
):
    a = str(write_series(tmp_path / "a", 2))
    b = str(write_series(tmp_path / "b", 2, PixelSpacing=[0.9, 0.9]))
    with pytest.raises(DistiliqaError, match=r"b: pixels of 0.9 x 0.9 mm, not 0.7 x 0.7 as in "):
        compare(a, b, model)
    for side in "ab":
        spacing = [0.9, 0.9] if side == "b" else [0.7, 0.7]
        tags = {"SeriesInstanceUID": "1.2.99", "PixelSpacing": spacing}
        write_series(tmp_path / side / "more", 2, **tags)
    run = compare(a, b, model, match="order")
    assert run.match == "order"
    assert len(run.series) == 2
    (note,) = run.notes
    assert "part of the difference is that of the pixels" in note


def test_series_without_a_counterpart_are_reported(
    tmp_path: Path, write_series: Write, model: Model
):
    for side, folders in (("a", "pq"), ("b", "p")):
        for n, folder in enumerate(folders):
            write_series(tmp_path / side / folder, 2 + n, SeriesInstanceUID=f"1.{n}", KVP=ord(side))
    run = compare(str(tmp_path / "a"), str(tmp_path / "b"), model)
    assert len(run.slices) == 2
    assert run.notes == ("1 series of A has no counterpart",)
    assert len(run.unmatched[0]) == 3


@pytest.mark.slow
def test_real_doses(real_pairs: Path):
    from distiliqa.scoring.model import load_model

    pairs = real_pairs / "B30f"
    run = compare(str(pairs / "full"), str(pairs / "quarter"), load_model())
    assert run.score.n == 7
    assert run.score.interval is not None
    assert run.score.interval[1] < 0


def test_the_side_with_a_denoiser_is_named_once(
    tmp_path: Path, write_ct: Write, processed_model: Path
):
    rng = np.random.default_rng(0)
    for side, noise in (("a", 160), ("b", 20)):  # an eighth of it over the padded slice
        for k in range(2):
            place = {"ImagePositionPatient": [-100, -100, 3 * k], "SeriesInstanceUID": f"1.{noise}"}
            write_ct(tmp_path / side / f"{k}.dcm", rng.normal(40, noise, (64, 64)), **place)
    sides = [str(tmp_path / side) for side in "ab"]
    run = compare(*sides, load_model(processed_model))
    assert run.notes == (f"2 of 2 slices of B: {LOST_DETAIL}; {NO_EVIDENCE}",)
    write_comparison(run, tmp_path / "out")
    page = (tmp_path / "out" / "compare.html").read_text("utf-8")
    assert page.count(LOST_DETAIL) == 1
    assert "Processed B" in page
    assert "9 of 10 pairs rightly for noise" in page
    with (tmp_path / "out" / "compare.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert all(float(row["processed_a"]) < 0.5 < float(row["processed_b"]) for row in rows)
    assert all(float(row["score_b"]) < float(row["raw_score_b"]) for row in rows)


def test_a_notebook_shows_the_comparison(paired: PairedRun) -> None:
    pytest.importorskip("pandas")
    html, frame = paired._repr_html_(), paired.to_frame()
    for text in ("B minus A", "Score, points", *paired.notes):
        assert text in html
    expected = [pair.difference for pair in paired.slices]
    assert frame["difference"].dropna().tolist() == pytest.approx(expected, abs=1e-6)
    assert len(frame) == len(paired.slices) + sum(map(len, paired.unmatched))
    assert repr(paired).startswith(f"<SeriesComparison: B minus A {paired.score.mean:+.2f}")
    assert paired.plot().title == "Score by Position, mm: A and B"
    twice = replace(paired, series=paired.series * 2)
    assert "one strip a group" in twice.plot().title


def test_a_model_is_named_or_loaded(two: tuple[str, str], tiny_model: Path, model: Model) -> None:
    named = compare(Path(two[0]), Path(two[1]), tiny_model)
    assert named.score == compare(*two, model).score


@pytest.fixture
def patients(tmp_path: Path, write_series: Write) -> list[str]:
    """The same positions of two patients."""
    return [
        str(write_series(tmp_path / name, 3, PatientID=name, SeriesInstanceUID=f"1.{n}"))
        for n, name in enumerate(("ANNA", "BERTA"))
    ]


def test_slices_of_two_patients_are_no_pairs(patients: list[str], model: Model):
    with pytest.raises(DistiliqaError, match=r"BERTA/2.dcm: another patient than .*ANNA/2.dcm"):
        compare(*patients, model)


def test_one_scan_under_two_pseudonyms_is_paired_where_the_user_says_how(
    patients: list[str], model: Model
):
    run = compare(*patients, model, match="position")
    assert (run.patients, run.score.n, run.score.block is None) == (2, 3, False)
    (note,) = run.notes
    assert note.startswith("A and B name different patients in 1 of 1 pairs of series")
    assert scope(run) == (
        "A and B name different patients: the interval speaks for these slices only."
    )


def test_a_patient_that_one_side_alone_names_is_that_of_the_pair(
    tmp_path: Path, write_series: Write, patients: list[str], model: Model
):
    unnamed = write_series(tmp_path / "c", 3, PatientID=None, SeriesInstanceUID="1.9")
    run = compare(str(unnamed), patients[1], model)
    assert (run.patients, run.notes) == (1, ())


def test_patients_with_a_pseudonym_on_each_side_are_drawn_whole(
    tmp_path: Path, write_series: Write, model: Model
):
    for n in range(6):
        for side in "ab":
            tags = {"PatientID": f"{side}{n}", "SeriesInstanceUID": f"1.{n}.{ord(side)}"}
            write_series(tmp_path / side / f"{n}", 2, **tags)
    run = compare(str(tmp_path / "a"), str(tmp_path / "b"), model, match="order")
    assert (run.patients, run.draws_patients, run.score.units) == (12, True, 6)
    assert "6 of 6 pairs of series" in run.notes[0]
