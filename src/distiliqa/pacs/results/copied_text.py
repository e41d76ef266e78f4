"""Texts of an image that a DICOM result repeats: who the patient is, and which study it is."""

from __future__ import annotations

import re
from typing import NamedTuple

from pydicom import Dataset
from pydicom.dataelem import RawDataElement

from distiliqa.ct.dicom.character_sets import read_text, stated_sets

# What no text of one value may have (PS3.5, table 6.2-1). Other control characters lead astray too.
_NOT_ALLOWED = re.compile(r"[\\\x00-\x1f\x7f-\x9f]")
# Five times what a name may have, and still short enough for a value of any kind.
MAX_LENGTH = 1024


class CopiedText(NamedTuple):
    """A text, empty where there is none, and what is to be known of it."""

    text: str
    note: str | None = None


def copied_text(dataset: Dataset, keyword: str) -> CopiedText:
    """A text of one value as a result may repeat it.

    Parameters
    ----------
    dataset : as read, with ``keyword`` not asked for before: its bytes are what counts.
    """
    element = dataset.get_item(keyword)
    if not isinstance(element, RawDataElement) or not element.value:
        return CopiedText("")
    reading = read_text(element.value, stated_sets(dataset))
    if reading.text is None:
        return CopiedText("", f"{keyword} is left empty: its character set is not what is stated")
    text = _NOT_ALLOWED.sub(" ", reading.text).strip()
    if len(text) > MAX_LENGTH:
        return CopiedText("", f"{keyword} is left empty: it has over {MAX_LENGTH} characters")
    if reading.is_guess:
        return CopiedText(text, f"{keyword} was read as ISO 8859-1, for its letters look like that")
    if "\\" in reading.text:
        return CopiedText(text, f"{keyword} has a backslash, which became a space")
    return CopiedText(text)
