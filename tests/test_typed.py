"""Objects from JSON have the types that their fields state."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

import pytest

from distiliqa.typed import from_json


@dataclass
class Inner:
    number: float
    count: int = 1


@dataclass
class Outer:
    inner: Inner | None = None
    pair: tuple[int, int] = (0, 0)
    kind: Literal["a", "b"] = "a"
    texts: dict[str, str] = field(default_factory=dict)
    facts: dict[str, Any] = field(default_factory=dict)
    flag: bool = False


def test_what_fits_is_taken_and_integers_are_numbers() -> None:
    content = {"inner": {"number": 2}, "pair": [1, 2], "kind": "b", "texts": {"x": "y"}}
    found = from_json(Outer, content | {"facts": {"z": [None]}, "flag": True})
    assert found == Outer(Inner(2.0), (1, 2), "b", {"x": "y"}, {"z": [None]}, True)
    assert found.inner is not None
    assert type(found.inner.number) is float
    assert from_json(Outer, {"inner": None}) == Outer()


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ([], "it is .., not an object"),
        ({"other": 1}, "'other' is unknown"),
        ({"inner": 1}, "inner is 1, not an object"),
        ({"inner": {}}, "missing 1 required"),
        ({"inner": {"number": True}}, "number is True, not float"),
        ({"inner": {"number": 1, "count": 1.0}}, "count is 1.0, not int"),
        ({"inner": {"number": "x" * 10**6}}, "number is 'x"),
        ({"pair": [1]}, r"pair is \[1\], not tuple"),
        ({"kind": "c"}, "kind is 'c', not Literal"),
        ({"texts": {"x": 1}}, r"texts\.x is 1, not str"),
        ({"flag": 1}, "flag is 1, not bool"),
        ({"flag": None}, "flag is None, not bool"),
    ],
)
def test_what_does_not_fit_is_named(content: Any, words: str) -> None:
    with pytest.raises(TypeError, match=words) as error:
        from_json(Outer, content)
    assert len(str(error.value)) < 150
