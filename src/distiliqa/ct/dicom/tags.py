"""Values of single tags of a DICOM data set, also of broken ones.

The slices of a series repeat most of their header, so that a value is converted once for all tags
that have the same bytes.
"""

from __future__ import annotations

import hashlib
import math
from functools import cache, lru_cache
from typing import Any, TypeGuard

from pydicom.datadict import dictionary_has_tag, dictionary_VR
from pydicom.dataelem import RawDataElement, convert_raw_data_element
from pydicom.dataset import Dataset
from pydicom.multival import MultiValue
from pydicom.tag import BaseTag, Tag

from distiliqa.errors import one_line, shortened

# Characters of a tag with several values of at most 64 each (PS3.5, table 6.2-1), and of a tag in
# the results of every slice.
MAX_TEXT, MAX_LABEL = 1024, 128

# Representations whose values depend on their own bytes alone, where these are ASCII (PS3.5, 6.2):
# every character set of DICOM begins with it. UT and the like are too long to keep.
_PLAIN = {*("AE", "AS", "CS", "DA", "DS", "DT", "IS", "LO", "PN", "SH", "TM", "UI")}
_BINARY = {*("FD", "FL", "SL", "SS", "UL", "US")}
_MAX_KEPT_BYTES = 256
_ESCAPE = b"\x1b"  # begins another character set


@cache
def tag_of(keyword: str) -> BaseTag:
    """The tag of a keyword, always the same object; pydicom looks it up at each access."""
    return Tag(keyword)


def value(dataset: Dataset, keyword: str) -> Any:
    """The value of a tag; None where it is absent, empty or broken."""
    tag = tag_of(keyword)
    if tag not in dataset.keys():  # noqa: SIM118  # the data set itself takes ten times as long
        return None
    try:
        raw = dataset.get_item(tag)
        found = _value_of(raw) if _is_repeated(raw) else dataset[tag].value
    except Exception:  # pydicom raises many kinds; a broken tag must not lose the image
        return None
    return None if found == "" else found


def _is_repeated(raw: object) -> TypeGuard[RawDataElement]:
    """Whether a tag is as it was read, and its value depends on its own bytes alone."""
    if type(raw) is not RawDataElement or not raw.value or len(raw.value) > _MAX_KEPT_BYTES:
        return False
    kind = raw.VR or _known_kind(raw.tag)
    is_text = kind in _PLAIN and raw.value.isascii() and _ESCAPE not in raw.value
    return is_text or kind in _BINARY


@cache
def _known_kind(tag: BaseTag) -> str:
    """The value representation of a tag in the dictionary; empty for none."""
    return dictionary_VR(tag) if dictionary_has_tag(tag) else ""


def _value_of(raw: RawDataElement) -> Any:
    return _converted(raw.tag, raw.VR, raw.value, raw.is_implicit_VR, raw.is_little_endian)


@lru_cache(maxsize=4096)
def _converted(tag: BaseTag, kind: str | None, content: bytes, *encoding: bool) -> Any:
    raw = RawDataElement(tag, kind, len(content), content, 0, *encoding)
    return convert_raw_data_element(raw, encoding="ascii").value


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
    if (tag := tag_of(keyword)) not in dataset:
        return None
    found = raw_text(dataset, keyword)
    if found is None:
        raw = dataset.get_item(tag).value  # the bytes, where pydicom cannot read them
        found = raw.decode("latin-1").strip("\0 ") if isinstance(raw, bytes) else ""
    return one_line(shortened(found)) or None
