"""Failures of a receiver or server: which pass, which are final, and when to try again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from os import PathLike
from time import monotonic, sleep
from typing import TypeVar

from distiliqa.errors import DistiliqaError

Result = TypeVar("Result")

# Statuses of C-STORE and failure reasons of STOW-RS: PS3.4, table B.2-1, PS3.7, annex C, and
# PS3.18, annex I.
_OUT_OF_RESOURCES = range(0xA700, 0xA800)
# The object does not match its class, or cannot be understood.
_OF_THE_OBJECT = (range(0xA900, 0xAA00), range(0xC000, 0xD000))
# Of attributes, values, arguments and classes. A failure in processing (0110) and a missing
# permission (0124) concern the server.
_GENERAL = {*range(0x0105, 0x0108), *range(0x0112, 0x0124), 0x0212}
# The receiver has the object already: its answer to an earlier attempt was lost on the way.
DUPLICATE = 0x0111
# Of HTTP (PS3.18, table 10.5.3-1): the server understands us, and not the object.
FINAL_HTTP_STATUSES = {400, 409, 413, 422}


class PassingError(DistiliqaError):
    """A failure that may pass: a server is away, busy or restarting, or an answer is cut short.

    Attributes
    ----------
    wait_s : float or None
        Seconds that the server asks to wait, None where it does not.
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
    """A server is away or silent: the next request would wait as long for nothing."""


class SlowError(DistiliqaError):
    """A server answers too slowly. A retry would take as long, so there is none."""


class RefusedError(DistiliqaError):
    """A receiver refuses an object for good: a retry gets the same answer."""


def refusal(problem: str, status: int | None, *, path: str, remedy: str) -> DistiliqaError:
    """The error for an object that was not stored.

    Parameters
    ----------
    status : int or None
        Status of C-STORE, or failure reason of STOW-RS; None where there is none.
    path : str
        The receiver.
    """
    code = status or 0
    if code in _OUT_OF_RESOURCES:
        return PassingError(problem, path=path, remedy="it is out of resources")
    is_final = code in _GENERAL or any(code in statuses for statuses in _OF_THE_OBJECT)
    kind = RefusedError if is_final else DistiliqaError
    return kind(problem, path=path, remedy=remedy)


def loggable(error: Exception) -> str:
    """The text of our own errors; of others the kind alone, for they may quote a patient's name."""
    if isinstance(error, DistiliqaError):
        return str(error)
    return getattr(error, "strerror", None) or type(error).__name__


@dataclass(frozen=True)
class Retries:
    """Number of attempts and waits between them: each wait is twice the one before.

    Attributes
    ----------
    attempts : int
        Maximum number of attempts, 1 or more.
    first_wait_s, max_wait_s : float
        Seconds before the second attempt, and at most before any.
    """

    attempts: int = 4
    first_wait_s: float = 1.0
    max_wait_s: float = 60.0

    def wait_s(self, failures: int) -> float:
        """Seconds to wait after a number of failures in a row, 1 or more."""
        # Larger powers are not computed: an outbox may fail for months.
        return min(self.max_wait_s, self.first_wait_s * 2.0 ** min(failures - 1, 30))

    def call(self, work: Callable[[], Result]) -> Result:
        """The result of ``work``, called again after each `PassingError`.

        Raises
        ------
        PassingError
            That of the last attempt.
        DistiliqaError
            Any other error of ``work``, at once.
        """
        for attempt in range(1, self.attempts):
            try:
                return work()
            except PassingError as error:
                asked = 0.0 if error.wait_s is None else error.wait_s
                sleep(min(self.max_wait_s, max(asked, self.wait_s(attempt))))
        return work()


class Backoff:
    """Failures in a row of a service's task, which tries again later instead of waiting.

    Attributes
    ----------
    failures : int
        Number of failures since the last success.
    due : float
        When to try again, on the clock of `time.monotonic`, seconds.
    """

    def __init__(self, retries: Retries) -> None:
        self.retries = retries
        self.failures = 0
        self.due = 0.0

    @property
    def next_wait_s(self) -> float:
        """Seconds to wait after the next failure."""
        return self.retries.wait_s(self.failures + 1)

    def fail(self) -> float:
        """Note a failure; returns the seconds until the next attempt."""
        wait_s = self.next_wait_s
        self.failures, self.due = self.failures + 1, monotonic() + wait_s
        return wait_s
