"""UIDs that come over a network: checked before they name a file."""

from __future__ import annotations

import re

from distiliqa.errors import DistiliqaError

_MAX_LENGTH = 64
# Components that start with 0 break PS3.5, section 9.1, but scanners write them.
_UID = re.compile(r"[0-9]+(\.[0-9]+)*")


def checked_uid(value: object, what: str, *, path: str | None = None) -> str:
    """``value`` as a UID, which is then safe as the name of a file and as a part of a URL.

    DICOM PS3.5, section 9.1: digits and single dots, 64 characters at most.

    Parameters
    ----------
    what : what the UID is of, for the error, such as ``"series"``.
    path : where it comes from, for the error.

    Raises
    ------
    DistiliqaError : it is not a valid UID; the text does not repeat it, for it may be anything.
    """
    uid = str(value)
    if not is_uid(uid):
        raise DistiliqaError(
            f"the UID of the {what} is not a valid UID",
            path=path,
            remedy="a UID has digits and single dots, 64 characters at most",
        )
    return uid


def is_uid(text: str) -> bool:
    """Whether ``text`` is a valid UID, see `checked_uid`."""
    return len(text) <= _MAX_LENGTH and _UID.fullmatch(text) is not None
