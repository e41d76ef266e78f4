"""YAML recipes: plain values of a bounded size, known keys, and overrides from the command line.

PyYAML's safe loader makes no objects. But it recurses as deep as the text does, passes on whatever
`int` or `datetime` raise, keeps the last of two equal keys, and repeats an anchor as often as it is
named. Here the text is first checked event by event, which needs no recursion.
"""

from __future__ import annotations

import difflib
from collections.abc import Hashable, Mapping
from pathlib import Path
from typing import Any, TypeVar, get_args, get_origin

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError
from yaml.constructor import ConstructorError
from yaml.events import (
    AliasEvent,
    CollectionEndEvent,
    CollectionStartEvent,
    NodeEvent,
    ScalarEvent,
)

from distiliqa.errors import DistiliqaError, RecipeError, quoted
from distiliqa.foreign_text import read_text


class Section(BaseModel):
    """A part of a recipe: unknown keys are errors, numbers are finite, values do not change."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


AnySection = TypeVar("AnySection", bound=Section)


def read_yaml(path: Path) -> dict[str, Any]:
    """The mapping in a YAML file. Raises `RecipeError` where it holds none."""
    if path.exists() and not path.is_file():  # a pipe would be waited for
        raise RecipeError("not a file", path=path, remedy="give a YAML file")
    try:
        content = parse_yaml(read_text(path, MAX_CHARACTERS))
    except RecipeError as error:
        raise RecipeError(error.problem, path=path, remedy="correct it") from error
    except DistiliqaError as error:
        raise RecipeError(error.problem, path=path, remedy=error.remedy) from error
    content = {} if content is None else content
    if not isinstance(content, dict):
        raise RecipeError("not a mapping of keys", path=path, remedy="see a shipped recipe")
    return content


def parse_overrides(settings: list[str]) -> dict[str, Any]:
    """``["teacher.epochs=3"]`` to ``{"teacher.epochs": 3}``; values are read as YAML."""
    overrides = {}
    for setting in settings:
        key, sign, value = setting.partition("=")
        if not sign:
            raise RecipeError(f"{setting!r} sets nothing", remedy="write KEY=VALUE")
        try:
            overrides[key.strip()] = parse_yaml(value)
        except RecipeError as error:
            raise RecipeError(
                f"--set {key.strip()}: {error.problem}", remedy="give a value in YAML"
            ) from error
    return overrides


def set_key(content: dict[str, Any], key: str, value: Any) -> None:
    """Set a dotted key of nested mappings.

    Raises `RecipeError` where a part of the key holds a value that is no mapping.
    """
    *parents, last = key.split(".")
    for parent in parents:
        content = content.setdefault(parent, {})
        if not isinstance(content, dict):
            raise RecipeError(f"{key!r}: {parent!r} has no keys of its own", remedy="drop the rest")
    content[last] = value


def validated(kind: type[AnySection], content: Mapping[str, Any], path: str | Path) -> AnySection:
    """``content`` as a recipe of this kind; ``path`` is where it came from.

    Raises
    ------
    RecipeError : an unknown key (the right one is suggested) or a value that is not possible.
    """
    try:
        return kind.model_validate(content)
    except ValidationError as error:
        # A misspelt key is also a missing one.
        first = min(error.errors(), key=lambda one: one["type"] != "extra_forbidden")
        key = ".".join(str(part)[:60] for part in first["loc"] if isinstance(part, str | int))
        if first["type"] == "extra_forbidden":
            known = _keys(kind, first["loc"][:-1])
            close = difflib.get_close_matches(str(first["loc"][-1]), known, 1)
            remedy = f"did you mean {close[0]!r}?" if close else "remove it"
            raise RecipeError(f"no such key {key!r}", path=path, remedy=remedy) from error
        raise RecipeError(f"{key}: {first['msg']}", path=path, remedy="correct it") from error


def _keys(kind: type[BaseModel], location: tuple[int | str, ...]) -> list[str]:
    """The keys that are possible at a place of a recipe."""
    names = iter(location)
    for name in names:
        inner: Any = kind.model_fields[str(name)].annotation
        if get_origin(inner) is dict:  # of sections, by names that are free
            next(names)
            inner = get_args(inner)[1]
        elif get_origin(inner) is tuple:  # of sections, by their number
            next(names)
            inner = get_args(inner)[0]
        kind = inner
    return list(kind.model_fields)


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
