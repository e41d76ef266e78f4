"""Objects of dataclasses from JSON, in which each value has the type that its field states."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import is_dataclass
from types import NoneType, UnionType
from typing import Any, Literal, TypeVar, get_args, get_origin, get_type_hints

from distiliqa.errors import quoted

AnyObject = TypeVar("AnyObject")


def from_json(kind: type[AnyObject], content: Any, name: str = "it") -> AnyObject:
    """Make an object of the dataclass ``kind``, and of the dataclasses of its fields.

    Parameters
    ----------
    content : a JSON object, as `distiliqa.foreign_text.parse_json` gives it.
    name : what it is called in errors.

    Raises
    ------
    TypeError : a field is unknown, missing, or of another type; true is no number.
    """
    if not isinstance(content, Mapping):
        raise TypeError(f"{name} is {quoted(content)}, not an object")
    types = get_type_hints(kind)
    for key in content:
        if key not in types:
            raise TypeError(f"{quoted(key)} is unknown")
    return kind(**{key: _typed(types[key], value, key) for key, value in content.items()})


def _typed(hint: Any, value: Any, name: str) -> Any:
    kinds = get_args(hint) if isinstance(hint, UnionType) else (hint,)
    if value is None and NoneType in kinds:
        return None
    kind, args = kinds[0], get_args(kinds[0])
    if is_dataclass(kind):
        return from_json(kind, value, name)  # type: ignore[arg-type]
    if get_origin(kind) is tuple and args[1:] == (Ellipsis,) and isinstance(value, list):
        return tuple(_typed(args[0], inner, name) for inner in value)
    if get_origin(kind) is tuple and isinstance(value, list) and len(value) == len(args):
        return tuple(map(_typed, args, value, [name] * len(args)))
    if get_origin(kind) is dict and isinstance(value, dict):
        return {key: _typed(args[1], inner, f"{name}.{key}") for key, inner in value.items()}
    if get_origin(kind) is Literal and value in args:
        return value
    if kind is float and type(value) is int:
        return float(value)
    if kind is not Any and type(value) is not kind:
        raise TypeError(f"{name} is {quoted(value)}, not {getattr(kind, '__name__', kind)}")
    return value
