from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from distiliqa.ct import CTSlice
from distiliqa.errors import ModelFolderError
from distiliqa.scoring import lanes
from distiliqa.scoring.lanes import MANY, in_lanes, lanes_pay, score_side_by_side
from distiliqa.scoring.model import Model, load_model
from distiliqa.scoring.prepare import Prepared, prepare
from distiliqa.scoring.run import score_inputs


@pytest.fixture(scope="module")
def model(tiny_model: Path) -> Model:
    return load_model(tiny_model)


@pytest.fixture
def slices(model: Model) -> list[Prepared]:
    rng = np.random.default_rng(0)
    made = (CTSlice(rng.normal(40, 10 + n, (64, 64)).astype(np.float32), "") for n in range(7))
    return [prepare(ct, model.config) for ct in made]


def test_results_come_in_order_whatever_takes_longest():
    def work(n: int) -> int:
        time.sleep(0.02 if n == 0 else 0)
        return n * n

    assert list(in_lanes(work, range(6), 3)) == [0, 1, 4, 9, 16, 25]


def test_no_more_than_the_lanes_and_one_are_under_way():
    taken, may_end = [], threading.Event()

    def items():
        for n in range(10):
            taken.append(n)
            yield n

    results = in_lanes(lambda n: may_end.wait(5), items(), 2)
    starting = threading.Timer(0.1, may_end.set)
    starting.start()
    next(results)
    assert len(taken) == 3
    results.close()


def test_what_was_done_before_an_error_is_given():
    def work(n: int) -> int:
        if n == 3:
            raise ModelFolderError("breaks")
        return n

    results = in_lanes(work, range(6), 2)
    assert [next(results) for _ in range(3)] == [0, 1, 2]
    with pytest.raises(ModelFolderError):
        next(results)


def test_lanes_score_as_batches_do(model: Model, slices: list[Prepared]):
    by_lanes = list(score_side_by_side(model, slices))
    in_batches = list(model.score_prepared(slices))
    assert [each.score for each in by_lanes] == pytest.approx([each.score for each in in_batches])
    assert all(each.heatmap is None for each in by_lanes)


@pytest.mark.parametrize(("asked", "cores", "each"), [(2, 5, 1), (None, 3, 1), (None, 20, 2)])
def test_the_threads_asked_for_are_shared_out(
    tiny_model: Path,
    slices: list[Prepared],
    monkeypatch: pytest.MonkeyPatch,
    asked: int | None,
    cores: int,
    each: int,
):
    opened, counts = lanes.open_session, []

    def counting(folder: Path, config: object, threads: int) -> object:
        counts.append(threads)
        return opened(folder, config, threads)

    monkeypatch.setattr(lanes, "open_session", counting)
    monkeypatch.setattr(lanes, "_cores", lambda: cores)
    list(score_side_by_side(load_model(tiny_model, threads=asked), slices))
    assert counts == [each]


def test_a_long_run_takes_lanes(
    tmp_path: Path, model: Model, write_series: Callable[..., Path], monkeypatch
):
    folder = write_series(tmp_path, MANY)
    as_ever = score_inputs([folder], model).slices
    monkeypatch.setattr("distiliqa.scoring.run.lanes_pay", lambda model, count: False)
    in_batches = score_inputs([folder], model).slices
    assert [each.path for each in as_ever] == [each.path for each in in_batches]
    assert [each.score for each in as_ever] == pytest.approx([each.score for each in in_batches])


def test_lanes_are_for_many_slices_and_no_large_network(model: Model, tmp_path: Path):
    assert lanes_pay(model, MANY)
    assert not lanes_pay(model, MANY - 1)
    with (tmp_path / "model.onnx").open("wb") as file:
        file.truncate(lanes.LARGEST_BYTES + 1)
    assert not lanes_pay(replace(model, folder=tmp_path), MANY)
