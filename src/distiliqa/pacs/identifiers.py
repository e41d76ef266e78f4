"""Identifiers that come over a network or from a user: UIDs, application entity titles."""

from __future__ import annotations

import re

from distiliqa.errors import DistiliqaError

_MAX_UID_LENGTH = 64
_MAX_AET_LENGTH = 16
# Components that start with 0 break PS3.5, section 9.1, but scanners write them.
_UID = re.compile(r"[0-9]+(\.[0-9]+)*")


def checked_uid(value: object, what: str, *, path: str | None = None) -> str:
    """``value`` as a UID, which is then safe as the name of a file and as a part of a URL.

    DICOM PS3.5, section 9.1: digits and single dots, 64 characters at most.

    Parameters
    ----------
    what : str
        What the UID identifies, for the error, such as ``"series"``.
    path : str, optional
        Where it comes from, for the error.

    Raises
    ------
    DistiliqaError
        It is not a valid UID. The text does not repeat it, for it may be anything.
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
    return len(text) <= _MAX_UID_LENGTH and _UID.fullmatch(text) is not None


def checked_aet(title: str) -> str:
    """An application entity title: 1 to 16 printable characters, no backslash (PS3.5, 6.2).

    Raises
    ------
    DistiliqaError
        It is not valid.
    """
    stripped = title.strip()
    printable = stripped.isascii() and stripped.isprintable() and "\\" not in stripped
    if not printable or not 1 <= len(stripped) <= _MAX_AET_LENGTH:
        raise DistiliqaError(
            f"not a valid application entity title: {title!r}",
            remedy="1 to 16 letters, digits or _",
        )
    return stripped
