"""Which answers to C-STORE and STOW-RS are final for the object that was sent."""

from __future__ import annotations

from distiliqa.errors import DistiliqaError
from distiliqa.pacs.retry import PassingError

# PS3.4, table B.2-1, and PS3.18, annex I: the object does not match its class, or cannot be
# understood.
_OF_THE_OBJECT = (range(0xA900, 0xAA00), range(0xC000, 0xD000))
_OUT_OF_RESOURCES = range(0xA700, 0xA800)
# Of PS3.7, annex C: of attributes, values, arguments and classes. A failure in processing (0110)
# and a want of rights (0124) are of the server.
_GENERAL = {*range(0x0105, 0x0108), *range(0x0112, 0x0124), 0x0212}

# Of HTTP (PS3.18, table 10.5.3-1): the server understands us, and not the object.
FINAL_FOR_AN_OBJECT = {400, 409, 413, 422}


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
    if code in _OUT_OF_RESOURCES:
        return PassingError(problem, path=path, remedy="it is out of resources")
    is_final = code in _GENERAL or any(code in statuses for statuses in _OF_THE_OBJECT)
    kind = RefusedError if is_final else DistiliqaError
    return kind(problem, path=path, remedy=remedy)
