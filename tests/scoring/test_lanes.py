"""Work side by side."""

from __future__ import annotations

import threading
from itertools import count

import pytest

from distiliqa.scoring.lanes import in_lanes


def test_results_keep_their_order_whatever_ends_first() -> None:
    second_done = threading.Event()

    def work(item: int) -> int:
        if item == 0:
            assert second_done.wait(10)  # ends after the one that came later
        else:
            second_done.set()
        return 10 * item

    assert list(in_lanes(work, range(5), 2)) == [0, 10, 20, 30, 40]


def test_no_more_is_taken_than_is_worked_on() -> None:
    taken = count()
    numbers = (next(taken) for _ in range(100))
    results = in_lanes(lambda number: number, numbers, 3)
    assert next(results) == 0
    assert next(taken) <= 5


def test_an_error_is_raised_where_its_result_would_be() -> None:
    results = in_lanes(lambda number: 1 // number, [2, 1, 0, 1], 2)
    assert [next(results), next(results)] == [0, 1]
    with pytest.raises(ZeroDivisionError):
        next(results)
