from __future__ import annotations

from collections.abc import Callable

import pytest

from distiliqa.errors import DistiliqaError
from distiliqa.pacs import retry
from distiliqa.pacs.retry import PassingError, RefusedError, Retries, refusal


@pytest.fixture
def slept(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    waits: list[float] = []
    monkeypatch.setattr(retry, "sleep", waits.append)
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
    retries = Retries(first_wait_s=2, max_wait_s=300)
    assert [retries.wait_s(n) for n in (1, 2, 8, 9, 10_000)] == [2, 4, 256, 300, 300]


@pytest.mark.parametrize("status", [0xA900, 0xA9FF, 0xC000, 0xC122, 0x0106, 0x0117, 0x0122])
def test_what_is_of_the_object_is_final(status: int):
    error = refusal("does not store it", status, path="PACS", remedy="see its log")
    assert isinstance(error, RefusedError)
    assert str(error) == "PACS: does not store it; see its log"


@pytest.mark.parametrize("status", [0xA700, 0xA7FF])
def test_want_of_resources_passes(status: int):
    assert isinstance(refusal("does not", status, path="PACS", remedy="wait"), PassingError)


@pytest.mark.parametrize("status", [None, 0x0110, 0x0124])
def test_what_is_of_the_server_is_not(status: int | None):
    assert not isinstance(refusal("does not", status, path="PACS", remedy="wait"), RefusedError)
