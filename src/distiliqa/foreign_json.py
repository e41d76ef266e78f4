"""JSON that others wrote: files of the user, model folders, answers of servers.

JSON may be nested so deep, or hold numbers so long, that a reader fails (RFC 8259, section 9, lets
it set limits). Here each such fault becomes an error of one line, and values get the types that a
dataclass states.
"""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import is_dataclass
from os import PathLike
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, Literal, NoReturn, TypeVar, get_args, get_origin, get_type_hints

from distiliqa.errors import DistiliqaError, quoted
from distiliqa.foreign_text import decode, read_text

MAX_JSON_BYTES = 64 << 20  # lists of lists need 20 times as much memory
MAX_DEPTH = 64
MAX_DIGITS = 64  # of an integer; the largest of 64 bits has 20
_CORRECT = "correct it, or save it again as UTF-8"

AnyObject = TypeVar("AnyObject")


def read_json(path: Path, max_bytes: int = MAX_JSON_BYTES) -> Any:
    """Read a JSON file. Raises `DistiliqaError`, see `read_text` and `parse_json`."""
    return parse_json(read_text(path, max_bytes), path)


def parse_json(
    content: str | bytes, path: str | PathLike[str] | None, remedy: str = _CORRECT
) -> Any:
    """The value of a JSON text, in which all numbers are finite.

    Parameters
    ----------
    path : origin of the text, for the error.
    remedy : how to correct a faulty text.

    Raises
    ------
    DistiliqaError : not JSON, a duplicate name in an object, NaN or an infinite number, an integer
        of more than `MAX_DIGITS` digits, more than `MAX_DEPTH` nested values.
    """
    text = decode(content, path, remedy) if isinstance(content, bytes) else content
    try:
        value = json.loads(
            text,
            object_pairs_hook=_unique,
            parse_int=_integer,
            parse_float=_finite,
            parse_constant=_refuse,
        )
        _check_depth(value)
    except RecursionError:
        reason = f"nested more than {MAX_DEPTH} deep"
    except ValueError as error:
        reason = str(error)
    else:
        return value
    raise DistiliqaError(f"not readable as JSON ({reason})", path=path, remedy=remedy)


def from_json(kind: type[AnyObject], content: Any, name: str = "it") -> AnyObject:
    """Make an object of the dataclass ``kind``, whose fields may be dataclasses too.

    Parameters
    ----------
    content : a JSON object, as `parse_json` gives it.
    name : name of the value in errors.

    Raises
    ------
    TypeError : a field is unknown, missing, or of another type; a boolean is not a number.
    """
    if not isinstance(content, Mapping):
        raise TypeError(f"{name} is {quoted(content)}, not an object")
    types = get_type_hints(kind)
    for key in content:
        if key not in types:
            raise TypeError(f"{quoted(key)} is unknown")
    return kind(**{key: _typed(types[key], value, key) for key, value in content.items()})


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    content = dict(pairs)
    if len(content) < len(pairs):
        name, _ = Counter(key for key, _ in pairs).most_common(1)[0]
        raise ValueError(f"the name {quoted(name)} stands twice; keep one of the two")
    return content


def _integer(digits: str) -> int:
    if len(digits) > MAX_DIGITS:
        raise ValueError(f"a number of {len(digits)} digits")
    return int(digits)


def _finite(digits: str) -> float:
    number = float(digits)
    if not math.isfinite(number):
        raise ValueError(f"{quoted(digits)} is not a finite number")
    return number


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not a finite number")


def _check_depth(value: Any) -> None:
    """Raise `RecursionError` beyond `MAX_DEPTH`, level by level and not by recursion."""
    level = [value]
    for _ in range(MAX_DEPTH + 1):
        level = [inner for outer in level for inner in _inside(outer)]
        if not level:
            return
    raise RecursionError


def _inside(value: Any) -> Iterable[Any]:
    """The values that an object or a list holds."""
    if isinstance(value, dict):
        return value.values()
    return value if isinstance(value, list) else ()


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
