"""Values of single tags of a DICOM data set, also of broken ones."""

from __future__ import annotations

import hashlib
import math
from functools import cache
from typing import Any

from pydicom.dataset import Dataset
from pydicom.multival import MultiValue
from pydicom.tag import BaseTag, Tag

from distiliqa.errors import one_line, shortened

# Characters of a tag with several values of at most 64 each (PS3.5, table 6.2-1), and of a tag in
# the results of every slice.
MAX_TEXT, MAX_LABEL = 1024, 128


@cache
def _tag(keyword: str) -> BaseTag:
    """The tag of a keyword; pydicom looks it up at each access."""
    return Tag(keyword)


def value(dataset: Dataset, keyword: str) -> Any:
    """The value of a tag; None where it is absent, empty or broken."""
    try:
        element = dataset.get(_tag(keyword))
        found = None if element is None else element.value
    except Exception:  # pydicom raises many kinds; a broken tag must not lose the image
        return None
    return None if found == "" else found


def numbers(dataset: Dataset, keyword: str) -> list[float]:
    """The values of a numeric tag; empty where one of them is absent, broken or not finite."""
    found = value(dataset, keyword)
    try:
        items = found if isinstance(found, MultiValue | list) else [found]
        values = [float(item) for item in items]
    except (TypeError, ValueError):
        return []
    return values if all(map(math.isfinite, values)) else []


def number(dataset: Dataset, *keywords: str) -> float | None:
    """The first value of the first of ``keywords`` that has one."""
    return next((values[0] for name in keywords if (values := numbers(dataset, name))), None)


def text(dataset: Dataset, keyword: str, max_length: int = MAX_TEXT) -> str | None:
    """A tag as printable text, cut to ``max_length`` characters, see `one_line`; None if empty."""
    found = raw_text(dataset, keyword)
    return None if found is None else one_line(shortened(found, max_length))


def code_value(dataset: Dataset, keyword: str) -> str:
    """Code Value of the first item of a code sequence (PS3.3, 8.8); empty where there is none."""
    items = value(dataset, keyword)
    return (text(items[0], "CodeValue", MAX_LABEL) or "") if items else ""


def identifier(dataset: Dataset, keyword: str) -> str | None:
    """A tag that identifies an object, as `text`; of one that is too long the SHA-256.

    Valid UIDs and patient IDs are short (PS3.5, table 6.2-1), but a file may hold any text.
    """
    found = raw_text(dataset, keyword)
    if found is None or len(found) <= MAX_LABEL:
        return None if found is None else one_line(found)
    digest = hashlib.sha256(found.encode("utf-8", "surrogatepass")).hexdigest()
    return one_line(f"{shortened(found)}{digest}")


def raw_text(dataset: Dataset, keyword: str) -> str | None:
    """A tag as text, with a backslash between several values as in the file; None if empty."""
    found = value(dataset, keyword)
    parts = found if isinstance(found, MultiValue) else [found]
    return "\\".join(str(part).strip() for part in parts if part is not None) or None


def written(dataset: Dataset, keyword: str) -> str | None:
    """A tag as text to quote; None where it is absent or empty.

    A broken tag has no `value` or no `numbers`. This text distinguishes it from an absent one.
    """
    if (tag := _tag(keyword)) not in dataset:
        return None
    found = raw_text(dataset, keyword)
    if found is None:
        raw = dataset.get_item(tag).value  # the bytes, where pydicom cannot read them
        found = raw.decode("latin-1").strip("\0 ") if isinstance(raw, bytes) else ""
    return one_line(shortened(found)) or None
