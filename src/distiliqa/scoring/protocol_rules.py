"""Standard names of protocols, from a table of rules that a site writes.

A CSV file has one rule a line: a standard name, and regular expressions on facts of the header. The
first rule of which all expressions are found names the series.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from distiliqa.ct import SliceInfo
from distiliqa.errors import DistiliqaError, quoted
from distiliqa.files import sha256
from distiliqa.foreign_text import read_csv

STANDARD_NAME = "standard_name"
# Columns of the table beside the name; `series.csv` has the same names.
PROTOCOL_FACTS = ("series_description", "protocol_name", "body_part", "kernel")

Facts = dict[str, str]


@dataclass(frozen=True)
class ProtocolRule:
    """One line of the table.

    Attributes
    ----------
    standard_name : str
        Name of the protocol.
    patterns : dict[str, re.Pattern[str]]
        Regular expressions by the name of the fact, at least one. Each is searched without regard
        to upper and lower case.
    """

    standard_name: str
    patterns: Mapping[str, re.Pattern[str]]

    def matches(self, facts: Facts) -> bool:
        """Whether each expression is found in its fact."""
        return all(pattern.search(facts[name]) for name, pattern in self.patterns.items())


@dataclass(frozen=True)
class ProtocolRules:
    """A table of rules.

    Attributes
    ----------
    path : str
        Its file.
    rules : tuple[ProtocolRule, ...]
        In the order of the file.
    sha256 : str or None
        SHA-256 of the file; None where it was not read from one.
    """

    path: str
    rules: tuple[ProtocolRule, ...]
    sha256: str | None = None

    def name_of(self, slices: Iterable[SliceInfo]) -> str | None:
        """The standard name of a series; None where no rule matches."""
        facts = protocol_facts(slices)
        return next((rule.standard_name for rule in self.rules if rule.matches(facts)), None)


def protocol_facts(slices: Iterable[SliceInfo]) -> Facts:
    """The facts that rules look at, each from the first slice that states it; else empty."""
    facts = dict.fromkeys(PROTOCOL_FACTS, "")
    for info in slices:
        for name in (name for name, fact in facts.items() if not fact):
            facts[name] = _stated(info, name) or ""
        if all(facts.values()):
            break
    return facts


def _stated(info: SliceInfo, name: str) -> str | None:
    of_scan = name in ("body_part", "kernel")
    found: str | None = getattr(info.acquisition if of_scan else info.identification, name)
    return found


def read_protocol_rules(path: Path) -> ProtocolRules:
    """Read a table of rules from a CSV file.

    Parameters
    ----------
    path : Path
        Its first line names the columns: ``standard_name``, and any of `PROTOCOL_FACTS`. A cell
        that is empty matches anything. Lines that are empty throughout are skipped.

    Raises
    ------
    DistiliqaError
        The file cannot be read, has other columns or no rule, or a line has no name, no expression
        or a faulty one.
    """
    columns, lines = read_csv(path)
    _check_columns(columns, path)
    rules = tuple(_rules(lines, path))
    if not rules:
        raise DistiliqaError("holds no rule", path=path, remedy="write one rule a line")
    return ProtocolRules(str(path), rules, sha256(path))


def _check_columns(columns: Sequence[str], path: Path) -> None:
    known = (STANDARD_NAME, *PROTOCOL_FACTS)
    unknown = [name for name in columns if name not in known]
    if unknown or STANDARD_NAME not in columns or len(set(columns)) < len(columns):
        found = quoted(", ".join(columns))
        raise DistiliqaError(
            f"the first line names the columns {found}",
            path=path,
            remedy=f"name {STANDARD_NAME}, and what to look at: {', '.join(PROTOCOL_FACTS)}",
        )


def _rules(lines: Iterable[tuple[int, dict[str, str]]], path: Path) -> Iterator[ProtocolRule]:
    for line, row in lines:
        cells = {name: cell.strip() for name, cell in row.items()}
        if not any(cells.values()):
            continue
        name = cells.pop(STANDARD_NAME)
        patterns = {
            fact: _pattern(cell, f"line {line}, {fact}", path)
            for fact, cell in cells.items()
            if cell
        }
        if not name or not patterns:
            lacking = "no standard name" if not name else "no expression"
            remedy = "write both; .* matches anything"
            raise DistiliqaError(f"line {line} has {lacking}", path=path, remedy=remedy)
        yield ProtocolRule(name, patterns)


def _pattern(cell: str, where: str, path: Path) -> re.Pattern[str]:
    try:
        return re.compile(cell, re.IGNORECASE)
    except (re.error, OverflowError, RecursionError) as error:
        raise DistiliqaError(
            f"{where}: {quoted(cell)} is no regular expression ({error})",
            path=path,
            remedy="correct it; a backslash before ( ) [ ] + * ? . takes them as they are",
        ) from error
