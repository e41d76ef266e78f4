"""The page of refusals and warnings quotes the program: each phrase in it is one of the source."""

from __future__ import annotations

import ast
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "explanation" / "limits-of-input.md"
QUOTING = ("Measures", "Dose reports", "Protocols and levels", "Comparison, dose response, monitor")
VARIES = "\x00"  # a value that is put into a text
MIN_WORDS = 2  # shorter quotations are names of options, files and columns


def sections(page: str) -> dict[str, str]:
    parts = re.split(r"^## (.+)$", page, flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def phrases(text: str) -> list[str]:
    quoted = re.findall(r"`([^`]+)`", text)
    return [one for one in quoted if len(one.split()) >= MIN_WORDS and one[0] != "-"]


def texts_of_the_program() -> list[str]:
    """All texts of the package, with `VARIES` for each value that is put into them."""
    found = []
    for path in (ROOT / "src" / "distiliqa").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.JoinedStr):
                parts = (
                    part.value if isinstance(part, ast.Constant) else VARIES for part in node.values
                )
                found.append("".join(map(str, parts)))
            elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                found.append(node.value)
    return found


def is_quoted(phrase: str, texts: list[str]) -> bool:
    """Whether a text has the words of a phrase; ``…``, and what varies, match anything."""
    plain = phrase.replace("…", VARIES)
    return any(holds(text, plain) or is_made_by(text, plain) for text in texts)


def holds(text: str, plain: str) -> bool:
    return longest_part(plain) in text and re.search(pattern(plain), text) is not None


def is_made_by(text: str, plain: str) -> bool:
    """Whether a text gives a phrase once values are put into it; enough of it must be fixed."""
    longest = longest_part(text)
    is_near = len(longest) > len(plain) / 5 and longest in plain
    return is_near and re.fullmatch(pattern(text), plain) is not None


def longest_part(text: str) -> str:
    return max(text.split(VARIES), key=len).strip()


def pattern(text: str) -> str:
    return "(?s:.*)".join(map(re.escape, text.strip().split(VARIES)))


def test_each_phrase_of_the_page_is_one_of_the_program():
    texts = texts_of_the_program()
    found = sections(PAGE.read_text("utf-8"))
    quoted = [phrase for name in QUOTING for phrase in phrases(found[name])]
    assert len(quoted) > 60
    assert [phrase for phrase in quoted if not is_quoted(phrase, texts)] == []


def test_a_phrase_that_is_not_quoted_is_found():
    texts = [f"fewer than {VARIES} plain regions of soft tissue", "no noise"]
    assert is_quoted("fewer than 30 plain regions of soft tissue", texts)
    assert is_quoted("fewer than … plain regions of soft tissue", texts)
    assert not is_quoted("fewer than 30 flat regions of soft tissue", texts)
    assert not is_quoted("no noise at all", texts)
