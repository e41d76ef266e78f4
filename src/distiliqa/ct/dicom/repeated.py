"""Facts that the slices of a series repeat: read once for all tags of the same bytes."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from functools import wraps
from typing import TypeVar

from pydicom.dataelem import RawDataElement
from pydicom.dataset import Dataset

from distiliqa.ct.dicom.tags import tag_of

T = TypeVar("T")

_MAX_KEPT = 64  # series, or slices where a tag differs from slice to slice
_MAX_BYTES = 4096  # of a tag


def repeated(keywords: Iterable[str]) -> Callable[[Callable[[Dataset], T]], Callable[[Dataset], T]]:
    """Let a function remember its result by the bytes of the tags that it reads.

    Parameters
    ----------
    keywords : all tags that the function reads; it reads nothing else, and its result is immutable.
    """
    tags = [tag_of(keyword) for keyword in dict.fromkeys(["SpecificCharacterSet", *keywords])]

    def remember(read: Callable[[Dataset], T]) -> Callable[[Dataset], T]:
        known: dict[Hashable, T] = {}

        @wraps(read)
        def read_once(dataset: Dataset) -> T:
            elements = dict(dataset.items())
            key = tuple([_bytes_of(elements.get(tag)) for tag in tags])
            if False in key:  # a tag that was converted, such as one of an enhanced frame
                return read(dataset)
            if key not in known:
                if len(known) >= _MAX_KEPT:
                    known.clear()
                known[key] = read(dataset)
            return known[key]

        return read_once

    return remember


def _bytes_of(element: object) -> Hashable:
    """A tag as it is in the file; None where it is absent, False where that is not known."""
    if element is None:
        return None
    if type(element) is not RawDataElement or len(element.value or b"") > _MAX_BYTES:
        return False
    return element.VR, element.value, element.is_implicit_VR, element.is_little_endian
