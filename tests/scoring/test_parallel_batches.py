"""Work side by side."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from itertools import count
from pathlib import Path

import pytest

from distiliqa.scoring.model import MAX_BYTES, load_model
from distiliqa.scoring.parallel_batches import in_parallel
from distiliqa.scoring.run import SOME, score_inputs


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
    assert [each.path for each in one] == [each.path for each in other]
    assert [each.score for each in one] == pytest.approx([each.score for each in other])


def test_a_large_network_keeps_all_cores_busy_by_itself(tiny_model: Path, tmp_path: Path) -> None:
    model = load_model(tiny_model)
    with (tmp_path / "model.onnx").open("wb") as file:
        file.truncate(MAX_BYTES + 1)
    large = replace(model, folder=tmp_path)
    assert large.for_many() is large
