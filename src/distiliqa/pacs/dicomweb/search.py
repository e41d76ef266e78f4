"""Search a DICOMweb server page by page, and detect missing results (QIDO-RS, PS3.18, 10.6).

A server may give fewer results than it has. It should state so in a Warning header (10.6.3.3) and
give the rest by their offset (8.3.4.4). Many servers do one of the two, or neither. So results are
counted against the numbers that the server states of the study and of its series.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any

from distiliqa.errors import DistiliqaError, one_line, shortened
from distiliqa.pacs.identifiers import checked_uid

PAGE = 1000  # results of one request
MAX_PAGES = 1000
MAX_RESULTS = 100_000
MODALITY, SERIES_UID = "00080060", "0020000E"
SOP_UID, SOP_CLASS = "00080018", "00080016"
SERIES_OF_STUDY, OBJECTS_OF_SERIES = "00201206", "00201209"
ROWS, COLUMNS, FRAMES, SAMPLES, BITS = "00280010", "00280011", "00280008", "00280002", "00280100"
SYNTAXES = "00083002"
# A server may warn of these parts of a request although its results are complete.
_HARMLESS = ("fuzzymatching", "includefield")

Row = Mapping[str, Any]
# One page from an offset on, and the Warning header that came with it.
AskPage = Callable[[int], tuple[list[Row], str]]


@dataclass(frozen=True)
class SearchResults:
    """The results of one search.

    Attributes
    ----------
    rows : dict[str, Row]
        The results by their UID, in the order of the server.
    shortfall : str or None
        Reason why the list is not complete; None if it is, as far as known.
    """

    rows: dict[str, Row]
    shortfall: str | None = None


def search(ask: AskPage, tag: str, stated: int | None, *, path: str) -> SearchResults:
    """Collect all pages of one search.

    Parameters
    ----------
    tag : str
        Tag of the UID that identifies a result.
    stated : int or None
        Number of results that the server states elsewhere; None if it does not. The number of
        series comes with every series.
    path : str
        The server, for errors.

    Raises
    ------
    DistiliqaError
        The server lists too many results, or a UID is not valid.
    LookupError, TypeError
        The answer is not DICOMweb.
    """
    rows: dict[str, Row] = {}
    offset = 0
    for _ in range(MAX_PAGES):
        page, warning = ask(offset)
        before, offset = len(rows), offset + len(page)
        for row in page:
            rows.setdefault(checked_uid(row[tag]["Value"][0], "answer", path=path), row)
            if stated is None and tag == SERIES_UID:
                stated = count(row, SERIES_OF_STUDY)
        if len(rows) == before:  # a server without paging answers the same page again
            return SearchResults(rows, _shortfall(len(rows), stated, warning))
        if len(rows) > MAX_RESULTS:
            break
    raise DistiliqaError(
        f"lists more than {MAX_RESULTS} results, or does so in more than {MAX_PAGES} parts",
        path=path,
        remedy="check the URL of the DICOMweb service",
    )


def _shortfall(listed: int, stated: int | None, warning: str) -> str | None:
    if stated is not None:
        short = listed < stated
        return (
            f"the server lists {listed} of {stated} that it has; raise its limit" if short else None
        )
    more = _warning_of_more(warning)
    return f"the server lists {listed} and says: {more}; raise its limit" if more else None


def values(row: Row, tag: str) -> list[Any]:
    """The values under a tag (PS3.18, F.2.2); empty where there is none."""
    element = row.get(tag)
    found = element.get("Value") if isinstance(element, dict) else None
    return found if isinstance(found, list) else []


def value(row: Row, tag: str) -> Any:
    """The first value under a tag; None where there is none."""
    return next(iter(values(row, tag)), None)


def count(row: Row, tag: str) -> int | None:
    """The count under a tag; None where it is missing or not a number."""
    stated = str(value(row, tag))
    return int(stated) if stated.isdecimal() and stated.isascii() and len(stated) < 10 else None


def pixel_bytes(row: Row) -> int | None:
    """Bytes of the pixels of an object before compression; None if unknown."""
    rows, columns = count(row, ROWS), count(row, COLUMNS)
    if not rows or not columns:
        return None
    frames, samples, bits = count(row, FRAMES) or 1, count(row, SAMPLES) or 1, count(row, BITS)
    return rows * columns * frames * samples * (bits or 32) // 8


def _warning_of_more(warning: str) -> str:
    """The text of a Warning header that may mean more results; empty for others."""
    text = one_line(warning.strip())
    if not text.startswith("299") or any(part in text.lower() for part in _HARMLESS):
        return ""
    return shortened(text)


def is_of(row: Row, classes: Collection[str]) -> bool:
    """Whether an object is of one of these SOP classes."""
    return value(row, SOP_CLASS) in classes


def may_be_ct(row: Row) -> bool:
    """Whether a series is of CT, or of a modality that the server does not state."""
    return value(row, MODALITY) in ("CT", None)
