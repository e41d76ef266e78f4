"""Recipes: YAML files whose every key is known, or the right one is suggested."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from distiliqa.errors import DistiliqaError, RecipeError
from distiliqa.foreign_text import read_text
from distiliqa.lab.bounded_yaml import MAX_CHARACTERS, parse_yaml


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


def validated(kind: type[AnySection], content: Mapping[str, Any], path: str | Path) -> AnySection:
    """``content`` as a recipe of this kind; ``path`` is where it came from.

    Raises
    ------
    RecipeError : an unknown key (the right one is suggested) or a value that is not possible.
    """
    try:
        return kind.model_validate(content)
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(str(part)[:60] for part in first["loc"] if isinstance(part, str | int))
        if first["type"] == "extra_forbidden":
            known = _keys(kind, first["loc"][:-1])
            close = difflib.get_close_matches(str(first["loc"][-1]), known, 1)
            remedy = f"did you mean {close[0]!r}?" if close else "remove it"
            raise RecipeError(f"no such key {key!r}", path=path, remedy=remedy) from error
        raise RecipeError(f"{key}: {first['msg']}", path=path, remedy="correct it") from error


def _keys(kind: type[BaseModel], location: tuple[int | str, ...]) -> list[str]:
    """The keys that are possible at a place of a recipe."""
    for part in location:
        inner = kind.model_fields[str(part)].annotation
        assert isinstance(inner, type)
        kind = inner
    return list(kind.model_fields)
