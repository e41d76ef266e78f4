from __future__ import annotations

import pytest

from distiliqa.ct import SliceInfo
from distiliqa.ct.listing import in_reading_order


class Digest(bytes):
    """The SHA-256 of a file, which counts how often it is compared."""

    compared = 0

    def __eq__(self, other: object) -> bool:
        Digest.compared += 1
        return bytes.__eq__(self, other)

    __hash__ = bytes.__hash__


def refs(count: int) -> list[SliceInfo]:
    """Slices at places of their own that all carry one identifier."""
    return [SliceInfo(f"{n}.dcm", 0, "1.2", float(n), sop_uid="1.2.3") for n in range(count)]


@pytest.mark.parametrize("count", [500, 1000])
def test_files_of_one_identifier_are_read_once_and_not_compared_in_pairs(count: int):
    Digest.compared, read = 0, list[str]()

    def digest(path: str) -> Digest:
        read.append(path)
        return Digest(path.encode())

    ordered = in_reading_order(refs(count), digest)
    assert len(ordered.slices) == count
    assert len(read) == count
    assert Digest.compared <= count


def test_copies_are_of_the_first_and_what_cannot_be_read_is_none():
    contents = [b"a", b"b", b"a", None, None, b"b", b"a"]
    ordered = in_reading_order(refs(7), lambda path: contents[int(path[0])])
    assert [ref.path for ref in ordered.slices] == ["0.dcm", "1.dcm", "3.dcm", "4.dcm"]
    assert ordered.left_out == (
        ("2.dcm", "a copy of 0.dcm"),
        ("5.dcm", "a copy of 1.dcm"),
        ("6.dcm", "a copy of 0.dcm"),
    )
