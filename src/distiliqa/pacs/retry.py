"""Ask again, later and later, where what went wrong may pass by itself."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from os import PathLike
from typing import TypeVar

from distiliqa.errors import DistiliqaError

T = TypeVar("T")


class PassingError(DistiliqaError):
    """What may pass by itself: a server that is away, busy or restarting, an answer cut short.

    Attributes
    ----------
    wait_s : seconds that the server asks to wait, None where it says nothing.
    """

    def __init__(
        self,
        problem: str,
        *,
        path: str | PathLike[str] | None = None,
        remedy: str | None = None,
        wait_s: float | None = None,
    ) -> None:
        super().__init__(problem, path=path, remedy=remedy)
        self.wait_s = wait_s


class UnreachableError(PassingError):
    """A server that is away or silent: the next question would wait as long for nothing."""


class SlowError(DistiliqaError):
    """A server that answers too slowly. To ask again would take as long, so nobody does."""


@dataclass(frozen=True)
class Retries:
    """How often to ask, and how long to wait: twice as long after each failure.

    Attributes
    ----------
    attempts : the most times to ask, 1 or more.
    first_wait_s, longest_wait_s : seconds before the second attempt, and the most before any.
    """

    attempts: int = 4
    first_wait_s: float = 1.0
    longest_wait_s: float = 60.0

    def wait_s(self, failures: int) -> float:
        """Seconds to wait after so many failures in a row, 1 or more."""
        # Powers beyond the limit's are not computed: an outbox may fail for months.
        return min(self.longest_wait_s, self.first_wait_s * 2.0 ** min(failures - 1, 30))

    def call(self, work: Callable[[], T]) -> T:
        """What ``work`` returns, asked again after each `PassingError`.

        Raises
        ------
        PassingError : that of the last attempt.
        DistiliqaError : any other error of ``work``, at once.
        """
        for attempt in range(1, self.attempts):
            try:
                return work()
            except PassingError as error:
                asked = 0.0 if error.wait_s is None else error.wait_s
                time.sleep(min(self.longest_wait_s, max(asked, self.wait_s(attempt))))
        return work()
