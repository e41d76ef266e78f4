"""Text in the character set of its bytes (DICOM PS3.5, 6.1; PS3.3, C.12.1.1.2).

Many files state a wrong character set, an unknown one, or none. A name in wrong letters is another
name. So a text is unreadable where neither the bytes nor the file determine its letters.
"""

from __future__ import annotations

import codecs
import re
import warnings
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from pydicom import DataElement, Dataset
from pydicom.charset import CODES_TO_ENCODINGS, decode_bytes, python_encoding
from pydicom.config import IGNORE
from pydicom.datadict import dictionary_has_tag, dictionary_VR, keyword_for_tag
from pydicom.dataelem import RawDataElement
from pydicom.multival import MultiValue
from pydicom.tag import BaseTag
from pydicom.valuerep import TEXT_VR_DELIMS

_ESCAPE = b"\x1b"
_REPLACED = "\ufffd"
_MULTIPLE = {"LO", "PN", "SH", "UC"}  # a backslash separates their values
_TEXT = {*_MULTIPLE, "LT", "ST", "UT"}
# Western and Central European: bytes that are valid UTF-8 are UTF-8.
_LATIN = {f"iso8859-{part}" for part in (1, 2, 3, 4, 9, 15)}
_LAST_OF_TWO_BYTES = "\u07ff"  # in UTF-8
_SINGLE_BYTE = re.compile("ascii|iso8859-.*|tis-620")
_BEFORE_LATIN_LETTERS = range(0x80, 0xA0)  # control codes of ISO 8859, absent from text


class TextReading(NamedTuple):
    """A text, and how its character set was determined.

    Attributes
    ----------
    text : None where it is unreadable.
    is_stated : whether the character set is the one that the file states.
    is_guess : whether it was read as ISO 8859-1 because its letters look like that.
    """

    text: str | None
    is_stated: bool = False
    is_guess: bool = False


def read_text(raw: bytes, stated: Sequence[str]) -> TextReading:
    """Read a text by its bytes first, and by the stated character set second.

    Parameters
    ----------
    raw : the value as in the file, with the backslash between values.
    stated : the values of Specific Character Set (0008,0005).
    """
    raw = raw.strip(b"\0 ")
    codec = _codec(stated[0] if stated else "") or "ascii"
    as_stated = _decoded(raw, codec)
    if _ESCAPE in raw:  # escape sequences state the sets, even if the file does not
        return TextReading(as_stated)
    try:
        as_utf8 = raw.decode("utf-8")
    except UnicodeDecodeError:
        if as_stated is None:
            return TextReading(_as_latin(raw), is_guess=True)
        return TextReading(as_stated, is_stated=True)
    if _REPLACED in as_utf8:
        return TextReading(None)
    if as_stated is None or _is_rather_utf8(as_utf8, as_stated, codec):
        return TextReading(as_utf8, is_stated=as_utf8 == as_stated)
    return TextReading(as_stated, is_stated=True)


def stated_sets(dataset: Dataset) -> list[str]:
    """The values of Specific Character Set; empty where it is absent or broken."""
    try:
        value = dataset.get("SpecificCharacterSet") or ""
    except Exception:  # pydicom raises many kinds on broken tags
        return []
    return list(map(str, value)) if isinstance(value, MultiValue | list) else [str(value)]


def restate_as_utf8(dataset: Dataset) -> list[str]:
    """Rewrite all text of a data set in UTF-8 if one is in another set than the file states.

    Parameters
    ----------
    dataset : as read from a file. No text of it was accessed before: the raw bytes are needed.
        Private attributes stay as they are.

    Returns
    -------
    The keywords of unreadable texts, which are now empty.
    """
    texts = list(_texts(dataset, stated_sets(dataset)))
    if all(text.reading.is_stated for text in texts):
        return []
    for text in texts:
        whole = text.reading.text or ""
        value = whole.split("\\") if text.vr in _MULTIPLE else whole
        text.owner[text.tag] = DataElement(text.tag, text.vr, value, validation_mode=IGNORE)
        if text.owner is not dataset and "SpecificCharacterSet" in text.owner:
            del text.owner.SpecificCharacterSet
    dataset.SpecificCharacterSet = "ISO_IR 192"
    unread = [text.tag for text in texts if text.reading.text is None]
    return list(dict.fromkeys(map(keyword_for_tag, unread)))


class _Text(NamedTuple):
    owner: Dataset
    tag: BaseTag
    vr: str
    reading: TextReading


def _texts(dataset: Dataset, stated: Sequence[str]) -> Iterator[_Text]:
    """Yield all text of a data set and of the items of its sequences."""
    stated = stated_sets(dataset) if "SpecificCharacterSet" in dataset else stated
    for tag in list(dataset.keys()):
        element = dataset.get_item(tag)
        if tag.is_private or element is None:
            continue
        vr = element.VR or (dictionary_VR(tag) if dictionary_has_tag(tag) else "")
        if vr == "SQ":
            for item in dataset[tag].value:
                yield from _texts(item, stated)
        elif vr in _TEXT and isinstance(element, RawDataElement):
            yield _Text(dataset, tag, vr, read_text(element.value or b"", stated))


def _plain(name: str) -> str:
    """The name of a character set in capitals, with one space for all separators."""
    return re.sub("[^A-Z0-9]+", " ", name.upper()).strip()


_CODECS = {
    **{_plain(name): codec for name, codec in python_encoding.items()},
    **dict.fromkeys(("", "ISO IR 6", "ISO 2022 IR 6"), "ascii"),
}


def _codec(name: str) -> str | None:
    """The Python codec of a character set; None for an unknown set."""
    codec = _CODECS.get(_plain(name))
    return None if codec is None else codecs.lookup(codec).name


def _decoded(raw: bytes, codec: str) -> str | None:
    """``raw`` in ``codec`` or in the sets of its escape sequences; None if it is invalid there."""
    try:
        text = _unescaped(raw, codec) if _ESCAPE in raw else raw.decode(codec)
    except (UnicodeError, LookupError):
        return None
    return None if _REPLACED in text or _ESCAPE.decode() in text else text


def _unescaped(raw: bytes, codec: str) -> str:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        text = decode_bytes(raw, [codec, *CODES_TO_ENCODINGS.values()], TEXT_VR_DELIMS)
    return text.replace("\x1b$)A", "")  # pydicom leaves in this one, of ISO 2022 IR 58


def _is_rather_utf8(as_utf8: str, as_stated: str, codec: str) -> bool:
    """Whether bytes that are valid in both are UTF-8.

    Text in a set of Europe or Asia is rarely valid UTF-8. If it is, it has letters that are not in
    the stated set.
    """
    if codec in _LATIN or any(ord(letter) in _BEFORE_LATIN_LETTERS for letter in as_stated):
        return True
    try:
        as_utf8.encode(codec)
    except UnicodeEncodeError:
        return False
    # Pairs of Chinese bytes are often also letters of two bytes in UTF-8.
    return bool(_SINGLE_BYTE.fullmatch(codec)) or max(as_utf8, default="") > _LAST_OF_TWO_BYTES


def _as_latin(raw: bytes) -> str | None:
    """Text in ISO 8859-1 if most letters of each word are in ASCII; else None."""
    text = raw.decode("latin_1")
    for word in re.split(r"[\^=\s\\]+", text):
        special = [letter for letter in word if not letter.isascii()]
        plain = sum(letter.isascii() and letter.isalpha() for letter in word)
        if not all(letter.isalpha() for letter in special) or len(special) > plain:
            return None
    return text
