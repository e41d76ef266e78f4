from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from distiliqa.errors import DistiliqaError
from distiliqa.pacs.retry import PassingError, Retries


@pytest.fixture
def slept(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    waits: list[float] = []
    monkeypatch.setattr(time, "sleep", waits.append)
    return waits


def failing(times: int, error: DistiliqaError) -> Callable[[], str]:
    left = [error] * times

    def work() -> str:
        if left:
            raise left.pop()
        return "done"

    return work


def test_waits_twice_as_long_each_time(slept: list[float]):
    assert Retries(4, 1.0).call(failing(3, PassingError("away"))) == "done"
    assert slept == [1, 2, 4]


def test_gives_up_after_the_last_attempt(slept: list[float]):
    with pytest.raises(PassingError, match="away"):
        Retries(3, 1.0).call(failing(3, PassingError("away")))
    assert slept == [1, 2]


def test_what_does_not_pass_is_not_asked_again(slept: list[float]):
    with pytest.raises(DistiliqaError, match="refused"):
        Retries(3, 1.0).call(failing(1, DistiliqaError("refused")))
    assert slept == []


@pytest.mark.parametrize(("asked", "waited"), [(7, 7), (0, 1), (10_000, 60)])
def test_waits_as_long_as_the_server_asks_within_limits(
    slept: list[float], asked: float, waited: float
):
    Retries().call(failing(1, PassingError("busy", wait_s=asked)))
    assert slept == [waited]


def test_waits_have_a_longest():
    retries = Retries(first_wait_s=2, longest_wait_s=300)
    assert [retries.wait_s(n) for n in (1, 2, 8, 9, 10_000)] == [2, 4, 256, 300, 300]
