"""YAML that anybody may have written: plain values only, and of a bounded size.

PyYAML's safe loader makes no objects, but it recurses as deep as the text does, passes on whatever
`int` or `datetime` raise, keeps the last of two equal keys and repeats an anchor as often as it is
named. Here the text is looked through event by event first, which needs no recursion.
"""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

import yaml
from yaml.constructor import ConstructorError
from yaml.events import (
    AliasEvent,
    CollectionEndEvent,
    CollectionStartEvent,
    NodeEvent,
    ScalarEvent,
)

from distiliqa.errors import RecipeError, quoted

MAX_CHARACTERS = 1 << 18
MAX_DEPTH = 20
MAX_VALUES = 10_000  # with each anchor counted as often as it is named
MAX_LENGTH = 1_000  # characters of one value
_MERGE = "tag:yaml.org,2002:merge"


def parse_yaml(text: str) -> Any:
    """The value that a YAML text holds; None for an empty one.

    Raises
    ------
    RecipeError : not YAML, a value that is none of its kind (``2026-13-45``), a key that stands
        twice, or more than the limits of this module. It names the line, not the file.
    """
    if len(text) > MAX_CHARACTERS:
        raise RecipeError(f"more than {MAX_CHARACTERS} characters of YAML")
    try:
        _check_size(text)
        return yaml.load(text, _PlainLoader)  # a child of the safe loader
    except (yaml.YAMLError, ArithmeticError, ValueError) as error:  # numbers in escapes too
        raise RecipeError(f"not YAML ({_reason(error)})") from error


def _check_size(text: str) -> None:
    """Raise `RecipeError` where a text is nested too deep or holds too much."""
    sizes: dict[str | None, int] = {}  # values below each anchor
    open_anchors: list[tuple[str | None, int]] = []
    values = 0
    for event in yaml.parse(text, yaml.SafeLoader):
        before = values
        if isinstance(event, AliasEvent):
            values += sizes.get(event.anchor, 1)
        elif isinstance(event, NodeEvent):
            values += 1
        if isinstance(event, CollectionStartEvent):
            open_anchors.append((event.anchor, before))
        elif isinstance(event, CollectionEndEvent):
            anchor, start = open_anchors.pop()
            sizes[anchor] = values - start
        _check_event(event, len(open_anchors), values, {anchor for anchor, _ in open_anchors})


def _check_event(event: yaml.Event, depth: int, values: int, enclosing: set[str | None]) -> None:
    line = 0 if event.start_mark is None else event.start_mark.line + 1
    if depth > MAX_DEPTH:
        raise RecipeError(f"line {line} is nested more than {MAX_DEPTH} deep")
    if values > MAX_VALUES:
        raise RecipeError(f"line {line}: more than {MAX_VALUES} values")
    if isinstance(event, AliasEvent) and event.anchor in enclosing:
        raise RecipeError(f"line {line}: an anchor that holds itself")
    if isinstance(event, ScalarEvent) and len(event.value) > MAX_LENGTH:
        raise RecipeError(f"line {line}: a value of more than {MAX_LENGTH} characters")
    if isinstance(event, ScalarEvent) and not "".join(event.value.split()).isprintable():
        raise RecipeError(f"line {line}: a value with a character that cannot be printed")


class _PlainLoader(yaml.SafeLoader):
    """Names the line of whatever is wrong with a value, and of a key that stands twice."""

    def construct_object(self, node: yaml.Node, deep: bool = False) -> Any:
        try:
            return super().construct_object(node, deep)
        except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
            kind = node.tag.rpartition(":")[2]
            raise ConstructorError(
                None, None, f"{quoted(str(node.value))} is no {quoted(kind)}", node.start_mark
            ) from error

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        known = set[tuple[str, str]]()
        for key, _ in node.value if isinstance(node, yaml.MappingNode) else ():
            if isinstance(key, yaml.ScalarNode) and key.tag != _MERGE:
                if (key.tag, key.value) in known:
                    raise ConstructorError(
                        None, None, f"the key {quoted(key.value)} stands twice", key.start_mark
                    )
                known.add((key.tag, key.value))
        return super().construct_mapping(node, deep)


def _reason(error: Exception) -> str:
    problem = getattr(error, "problem", None) or str(error)
    mark = getattr(error, "problem_mark", None)
    return problem[:200] if mark is None else f"line {mark.line + 1}: {problem[:200]}"
