from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import distiliqa
from distiliqa.errors import DistiliqaError
from distiliqa.metrics import vif
from distiliqa.rank.files import rank_record
from distiliqa.rank.result import RankedRun
from distiliqa.rank.run import (
    FOLDERS_AS_PATIENTS,
    LIMIT,
    ONE_PATIENT,
    SOME_FOLDERS_AS_PATIENTS,
    _outside,
    rank,
)
from distiliqa.report.columns import slice_columns
from distiliqa.scoring.equivalence import NO_EVIDENCE
from distiliqa.scoring.hold_back import LOST_DETAIL
from distiliqa.scoring.model import Model, load_model

Write = Callable[..., Path]


def test_methods_have_ranks_over_patients(ranked: RankedRun) -> None:
    assert [method.name for method in ranked.methods] == ["bad", "good", "middle"]
    assert ranked.score.ranks == (3, 1, 2)
    assert ranked.score.held == (1.0, 1.0, 1.0)
    assert (ranked.score.units, ranked.score.slices) == (8, 16)
    assert ranked.complete
    assert ranked.notes == (LIMIT,)
    means = [np.mean([one.score for one in method.slices]) for method in ranked.methods]
    assert ranked.score.means == pytest.approx(means)


def test_each_method_is_compared_with_the_reference(ranked: RankedRun, methods: Path) -> None:
    for name in ("vif", "ssim", "psnr", "gmsd"):
        found, having = ranked.rankings[name]
        assert (found.ranks, having) == ((3, 1, 2), (0, 1, 2))
    slice_ = ranked.methods[1].slices[0]
    assert slice_.comparison is not None
    reference = slice_.info.path.replace("good", "truth")
    assert slice_.comparison.reference == reference
    truth = load_slice(reference)
    assert slice_.comparison.vif == pytest.approx(vif(slice_.info.read().hu, truth))
    assert set(ranked.sha256) >= {reference}


def load_slice(path: str) -> np.ndarray:
    from distiliqa.ct import read_ct

    return next(read_ct(path)).hu


def test_slices_that_failed_or_are_alone_are_reported_and_left_out(
    tmp_path: Path, write_series: Write, model: Model
) -> None:
    for name, count in (("a", 4), ("b", 5)):
        write_series(tmp_path / name, count, SeriesInstanceUID=f"1.{count}")
    broken = tmp_path / "b" / "1.dcm"
    broken.write_bytes(broken.read_bytes()[:-100])
    run = rank([str(tmp_path / "a"), str(tmp_path / "b")], model)
    assert not run.complete
    assert len(run.methods[0].slices) == len(run.methods[1].slices) == 3
    assert run.notes == (
        "1 slice of b not in all methods, and so not ranked",
        ONE_PATIENT,
        LIMIT,
    )
    assert run.score.units == 3  # slices, as there are too few to see that neighbors are alike


def test_a_measure_is_that_of_slices_where_all_methods_have_it(ranked: RankedRun) -> None:
    (column,) = slice_columns("noise_hu")
    first = ranked.methods[0]
    bare = (replace(first.slices[0], noise_hu=None), *first.slices[1:])
    known = [tuple(replace(s, noise_hu=5.0 + n) for n, s in enumerate(bare)) for _ in range(2)]
    known[0] = (replace(known[0][0], noise_hu=None), *known[0][1:])
    blind = tuple(replace(slice_, noise_hu=None) for slice_ in bare)
    changed = tuple(
        replace(method, slices=slices)
        for method, slices in zip(ranked.methods, (*known, blind), strict=True)
    )
    found = replace(ranked, methods=changed).ranking(column)
    assert found is not None
    assert found[1] == (0, 1)  # the third has none at all
    assert found[0].slices == 15


def test_out_of_domain_counts_only_where_nothing_else_does(ranked: RankedRun) -> None:
    first, *others = ranked.methods
    far = (replace(first.slices[0], distance=2.0), *first.slices[1:])
    run = replace(ranked, methods=(replace(first, slices=far), *others))
    assert run.counted == tuple(range(1, 16))
    assert run.score.slices == 15


def test_arrays_in_folders_of_patients(tmp_path: Path, model: Model) -> None:
    rng = np.random.default_rng(0)
    for name, noise in (("a", 10), ("b", 40)):
        for patient in range(3):
            path = tmp_path / name / f"{patient}" / "0.npy"
            path.parent.mkdir(parents=True)
            np.save(path, rng.normal(40, noise, (64, 64)).astype(np.float32))
    run = rank([str(tmp_path / name) for name in "ab"], model)
    assert run.score.units == 3
    assert run.notes[0] == FOLDERS_AS_PATIENTS


def test_some_slices_without_a_patient_are_counted(
    tmp_path: Path, write_ct: Write, model: Model
) -> None:
    for method in "ab":
        for name, patient in (("1", "P"), ("2", "Q"), ("3", None)):
            image = np.random.default_rng(int(name)).normal(40, 20, (64, 64))
            place = {"PatientID": patient, "SeriesInstanceUID": f"1.{name}"}
            write_ct(tmp_path / method / f"{name}.dcm", image, **place)
    run = rank([str(tmp_path / name) for name in "ab"], model)
    assert run.notes[0] == f"1 slice {SOME_FOLDERS_AS_PATIENTS}"
    assert run.score.units == 3


def test_a_learned_method_is_named_once(
    tmp_path: Path, write_ct: Write, processed_model: Path
) -> None:
    rng = np.random.default_rng(0)
    for name, noise in (("plain", 160), ("learned", 20)):
        for k in range(2):
            place = {"ImagePositionPatient": [-100, -100, 3 * k], "SeriesInstanceUID": f"1.{noise}"}
            write_ct(tmp_path / name / f"{k}.dcm", rng.normal(40, noise, (64, 64)), **place)
    paths = [str(tmp_path / name) for name in ("plain", "learned")]
    run = rank(paths, load_model(processed_model))
    assert run.notes == (ONE_PATIENT, f"2 of 2 slices of learned: {LOST_DETAIL}; {NO_EVIDENCE}")


def test_a_reference_of_other_pixels_leaves_the_ranks(
    tmp_path: Path, write_series: Write, model: Model, write_ct: Write
) -> None:
    for name in "ab":
        write_series(tmp_path / name, 2, SeriesInstanceUID=f"1.{ord(name)}", KVP=ord(name))
    for k in range(2):
        place = [-100, -100, 3 * (2 - k)]
        write_ct(tmp_path / "r" / f"{k}.dcm", np.zeros((32, 32)), ImagePositionPatient=place)
    paths = [str(tmp_path / name) for name in "ab"]
    run = rank(paths, model, reference=str(tmp_path / "r"))
    assert "vif" not in run.rankings
    assert run.notes[0].startswith("not compared with the reference: the reference has 32 x 32 ")
    with pytest.raises(DistiliqaError, match="no such file or folder"):
        rank(paths, model, reference=str(tmp_path / "none"))


def test_one_path_is_one_method_and_an_array_is_no_path(methods: Path) -> None:
    for alone in (str(methods / "good"), methods / "good"):
        with pytest.raises(DistiliqaError, match=r"good: one method alone has no rank"):
            distiliqa.rank(alone)
    with pytest.raises(TypeError, match="not ndarray"):
        distiliqa.rank([np.zeros((64, 64)), str(methods / "good")])


def test_a_notebook_shows_the_leaderboard(ranked: RankedRun) -> None:
    pytest.importorskip("pandas")
    html, frame = ranked._repr_html_(), ranked.to_frame()
    assert list(frame["method"]) == [ranked.methods[at].name for at in ranked.order]
    assert all(f">{method.name}<" in html for method in ranked.methods)
    first = ranked.methods[ranked.order[0]].name
    assert repr(ranked) == f"<Leaderboard: 3 methods over 16 slices, {first} first by score>"
    assert "one strip a group" in ranked.plot().title


def test_a_method_without_a_score_leaves_the_others_ranked(tmp_path: Path, model: Model) -> None:
    rng = np.random.default_rng(0)
    for name in ("a", "b", "broken"):
        (tmp_path / name).mkdir()
        for n in range(3):
            hu = rng.normal(40, 20, (64, 64)).astype(np.float32)
            np.save(tmp_path / name / f"{n}.npy", hu * np.nan if name == "broken" else hu)
    paths = [tmp_path / name for name in ("a", "broken", "b")]
    run = rank(paths, model)
    assert [method.name for method in run.methods] == ["a", "b"]
    assert not run.complete
    assert len(run.unscored[0].run.failed) == 3
    assert run.notes[0].startswith("broken not ranked, as none of its slices could be scored: ")
    assert rank_record(run)["not_scored"][0]["method"] == "broken"
    with pytest.raises(DistiliqaError, match="holds nan or infinite values"):
        rank(paths[:2], model)


def test_slices_out_of_domain_are_counted_with_their_warnings(ranked: RankedRun) -> None:
    first, *others = ranked.methods
    strange = replace(
        first.slices[0], distance=2.0, warnings=("values look unlike HU", LOST_DETAIL)
    )
    some = replace(ranked, methods=(replace(first, slices=(strange, *first.slices[1:])), *others))
    count = "1 of 16 slices of bad: values look unlike HU"
    left_out = "1 slice left out, out of domain in some method"
    assert list(_outside(some)) == [count, left_out]
    every = replace(first, slices=(strange,) * 16)
    assert list(_outside(replace(ranked, methods=(every, *others)))) == [
        "16 of 16 slices of bad: values look unlike HU",
        "no slice is in the domain in all methods: those out of domain count",
    ]
    assert not list(_outside(ranked))


def test_a_reference_that_is_gone_when_it_is_read_costs_no_rank(
    tmp_path: Path, write_series: Write, model: Model
) -> None:
    for n, name in enumerate(("a", "b", "whole")):
        write_series(tmp_path / name, SeriesInstanceUID=f"1.{n}")

    def remove(*_: int) -> None:
        (tmp_path / "whole" / "1.dcm").unlink(missing_ok=True)

    paths = [str(tmp_path / name) for name in "ab"]
    run = rank(paths, model, reference=str(tmp_path / "whole"), progress=remove)
    assert run.notes[0].startswith("not compared with the reference: the pixels cannot be read")
    assert sorted(map(os.path.basename, run.sha256)) == ["0.dcm", "2.dcm"]
