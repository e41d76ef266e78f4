from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from itertools import count
from pathlib import Path
from unittest.mock import Mock

import pytest

from distiliqa.errors import DistiliqaError
from distiliqa.scoring import execution as execution_module
from distiliqa.scoring.execution import (
    BATCH,
    Execution,
    asked,
    described,
    for_many,
    in_parallel,
)
from distiliqa.scoring.model import MAX_BYTES, load_model
from distiliqa.scoring.run import SOME, score_inputs


def test_a_precision_brings_the_runtime_that_has_it():
    assert asked() == Execution("onnxruntime", "fp32", None, BATCH)
    assert asked(precision="bf16").runtime == "openvino"
    assert asked("openvino").precision == "fp32"  # though OpenVINO alone would take bf16


def test_what_a_user_asks_for_is_marked():
    assert asked().chosen == asked("openvino").chosen == "default"
    assert asked(threads=2).chosen == asked(batch=BATCH).chosen == "asked"


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"runtime": "onnxruntime", "precision": "bf16"}, "onnxruntime does not run in bf16; use"),
        ({"runtime": "tensorrt"}, "'tensorrt'; use onnxruntime, cuda, openvino"),
        ({"precision": "int4"}, "'int4'; use fp32, bf16, int8"),
        ({"threads": 0}, "threads is 0"),
        ({"batch": 0}, "batch is 0"),
    ],
)
def test_what_cannot_be_is_one_line(options, words):
    with pytest.raises(DistiliqaError, match=words):
        asked(**options)


def test_an_execution_in_words():
    assert described(Execution()) == "onnxruntime in fp32, all cores, batches of 4"
    other = Execution("openvino", "bf16", threads=2, batch=1)
    assert described(other) == "openvino in bf16, 2 threads, batches of 1"


def test_many_slices_are_scored_on_one_core_a_slice(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(execution_module, "cores", lambda: 6)
    assert for_many(Execution()) == Execution(threads=1, batch=1, parallel_batches=6)
    monkeypatch.setattr(execution_module, "cores", lambda: 32)
    assert for_many(Execution()) == Execution(threads=4, batch=1, parallel_batches=8)
    monkeypatch.setattr(execution_module, "cores", lambda: 1)
    assert for_many(Execution()) == Execution()


@pytest.mark.parametrize("one", [asked(threads=3), asked(batch=2), Execution(runtime="openvino")])
def test_what_was_asked_for_stays_for_many_too(one: Execution) -> None:
    assert for_many(one) == one


def test_results_keep_their_order_whatever_ends_first() -> None:
    second_done = threading.Event()

    def work(item: int) -> int:
        if item == 0:
            assert second_done.wait(60)  # ends after the one that came later
        else:
            second_done.set()
        return 10 * item

    assert list(in_parallel(work, range(5), 2)) == [0, 10, 20, 30, 40]


def test_no_more_is_taken_than_is_worked_on() -> None:
    taken = count()
    numbers = (next(taken) for _ in range(100))
    results = in_parallel(lambda number: number, numbers, 3)
    assert next(results) == 0
    assert next(taken) <= 5


def test_an_error_is_raised_where_its_result_would_be() -> None:
    results = in_parallel(lambda number: 1 // number, [2, 1, 0, 1], 2)
    assert [next(results), next(results)] == [0, 1]
    with pytest.raises(ZeroDivisionError):
        next(results)


def test_a_long_run_scores_side_by_side_what_it_scores_in_batches(
    tmp_path: Path, tiny_model: Path, write_series: Callable[..., Path], monkeypatch
) -> None:
    monkeypatch.setattr("distiliqa.scoring.execution.cores", lambda: 3)
    folder, model = write_series(tmp_path, SOME), load_model(tiny_model)
    side_by_side = score_inputs([folder], model)
    monkeypatch.setattr("distiliqa.scoring.run.SOME", SOME + 1)
    in_batches = score_inputs([folder], model)
    assert (side_by_side.execution.parallel_batches, in_batches.execution.parallel_batches) == (
        3,
        1,
    )
    one, other = side_by_side.slices, in_batches.slices
    assert [slice_.path for slice_ in one] == [slice_.path for slice_ in other]
    assert [slice_.score for slice_ in one] == pytest.approx([slice_.score for slice_ in other])


def test_the_network_for_many_slices_is_loaded_once(
    tiny_model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("distiliqa.scoring.execution.cores", lambda: 3)
    model = load_model(tiny_model)
    load = Mock(return_value=model.session)
    monkeypatch.setattr("distiliqa.scoring.model.open_runtime", load)
    assert model.for_many() is model.for_many()
    assert load.call_count == 1


def test_a_large_network_keeps_all_cores_busy_by_itself(tiny_model: Path, tmp_path: Path) -> None:
    model = load_model(tiny_model)
    with (tmp_path / "model.onnx").open("wb") as file:
        file.truncate(MAX_BYTES + 1)
    large = replace(model, folder=tmp_path)
    assert large.for_many() is large
