"""Letters that the fonts of a PDF have.

The fonts that every reader of PDF has show Western letters alone. A font of all letters has many
megabytes, and is not shipped: what is lost is counted, so that the PDF can say so.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_ENCODING = "cp1252"  # of the standard fonts
_lost = ContextVar[set[str] | None]("lost", default=None)


@contextmanager
def lost_letters() -> Iterator[set[str]]:
    """Collect the letters that `in_font` replaces meanwhile."""
    found: set[str] = set()
    before = _lost.set(found)
    try:
        yield found
    finally:
        _lost.reset(before)


def in_font(words: str) -> str:
    """Words with a question mark for each letter that the fonts of a PDF lack."""
    shown = words.encode(_ENCODING, "replace").decode(_ENCODING)
    if (lost := _lost.get()) is not None:
        lost |= {letter for letter, drawn in zip(words, shown, strict=True) if letter != drawn}
    return shown
