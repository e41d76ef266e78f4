"""Which answers to C-STORE and STOW-RS are final for the object that was sent."""

from __future__ import annotations

from distiliqa.errors import DistiliqaError

# The object is at fault (PS3.4, table B.2-1; PS3.18, annex I): it does not match its class, or
# cannot be understood. Out of resources (A7xx) is not among them.
_OF_THE_OBJECT = (range(0xA900, 0xAA00), range(0xC000, 0xD000))
# Of PS3.7, annex C: of attributes, values, arguments and classes. A failure in processing (0110)
# and a want of rights (0124) are of the server.
_GENERAL = {*range(0x0105, 0x0108), *range(0x0112, 0x0124), 0x0212}


class RefusedError(DistiliqaError):
    """An object that its receiver refuses for good: asked again, it gives the same answer."""


def refusal(problem: str, status: int | None, *, path: str, remedy: str) -> DistiliqaError:
    """The error for an object that was not stored.

    Parameters
    ----------
    status : of C-STORE, or the failure reason of STOW-RS; None where there is none.
    path : of the receiver.
    """
    code = status or 0
    is_final = code in _GENERAL or any(code in statuses for statuses in _OF_THE_OBJECT)
    kind = RefusedError if is_final else DistiliqaError
    return kind(problem, path=path, remedy=remedy)
