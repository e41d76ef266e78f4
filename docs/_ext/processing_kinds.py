"""The table of the kinds of processing, in Markdown, from the table of the code."""

from __future__ import annotations

from distiliqa.simulate.processing.kinds import KINDS, Kind


def kinds_of_processing() -> str:
    """Give a row for each kind, in the order of the table."""
    lines = ["| kind | unit | ladder | what it does | source |", "|---|---|---|---|---|"]
    lines += [_row(name, kind) for name, kind in KINDS.items()]
    return "\n".join(lines)


def _row(name: str, kind: Kind) -> str:
    ladder = ", ".join(f"{strength:g}" for strength in kind.ladder)
    return f"| `{name}` | {kind.unit} | {ladder} | {kind.meaning} | {kind.source} |"
