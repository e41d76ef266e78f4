"""What an archive holds: its members before any of them is read, and the limits that they keep."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import IO, NamedTuple

from distiliqa.errors import CTReadError

# A member is held in memory while it is decoded. Enhanced CT of 4000 frames is 2 GiB.
MAX_MEMBER_BYTES = 2 << 30

# Deflate reaches 1032 : 1. CT with its noise gives about 3 : 1, a blank image some 500 : 1, so a
# ratio condemns a file only when it would also grow large.
MAX_RATIO = 100
RATIO_COUNTS_FROM_BYTES = 256 << 20

# A long whole-body study has some 10,000 images.
MAX_MEMBERS = 200_000


@dataclass(frozen=True, slots=True)
class Member:
    """One member.

    Attributes
    ----------
    name : as the archive has it; it may be absolute, lead outside, or stand twice.
    size : bytes that the archive says it unpacks to.
    open : gives a new stream that unpacks as it is read.
    refused : why it is not read; None if it is. `NotCTError` for what nobody expects to be read.
    """

    name: str
    size: int
    open: Callable[[], IO[bytes]]
    refused: CTReadError | None = None


class Listing(NamedTuple):
    """The members of an archive, folders aside; ``damage`` says why it may have had more."""

    members: list[Member]
    damage: str | None = None


def max_unpacked(packed_bytes: int) -> int:
    """The bytes that a compressed file of ``packed_bytes`` may become."""
    return max(RATIO_COUNTS_FROM_BYTES, MAX_RATIO * packed_bytes)
