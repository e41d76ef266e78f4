"""Messages of protocol buffers, read strictly: each field is known, and stands as often as it may.

The encoding: https://protobuf.dev/programming-guides/encoding.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from types import MappingProxyType

MAX_FIELDS, MAX_NUMBERS = 100_000, 64
_MAX_BITS = 70  # of a number: ten bytes with seven bits each
_NUMBER, _BYTES = 0, 2  # wire types
_FIXED = {1: 8, 5: 4}  # bytes of the wire types that have a fixed length

Value = int | memoryview


class Message:
    """The fields of one message, by name.

    Parameters
    ----------
    content : memoryview
        Its bytes.
    name : str
        Name of the message in errors.
    known : Mapping[str, int]
        Numbers of the fields to keep, by name.
    ignored : Collection[int]
        Numbers of fields that have no effect.
    refused : Mapping[int, str]
        Names of fields that are refused, by number.

    Raises
    ------
    ValueError
        The message is damaged, or has another field than ``known`` and ``ignored``.
    """

    def __init__(
        self,
        content: memoryview,
        name: str,
        known: Mapping[str, int],
        ignored: Collection[int] = (),
        refused: Mapping[int, str] = MappingProxyType({}),
    ) -> None:
        self._values: dict[str, list[Value]] = {field: [] for field in known}
        names = {number: field for field, number in known.items()}
        for count, (number, value, _) in enumerate(fields(content, name), start=1):
            if count > MAX_FIELDS:
                raise ValueError(f"a {name} of more than {MAX_FIELDS} parts")
            if number in names:
                self._values[names[number]].append(value)
            elif number not in ignored:
                what = refused.get(number, f"the field {number} in a {name}")
                raise ValueError(f"{what}, which no exported network has")

    def has(self, field: str) -> bool:
        """Whether the field is given."""
        return bool(self._values[field])

    def number(self, field: str) -> int:
        """A field that is an integer; 0 if it is not given."""
        value = self._one(field)
        if isinstance(value, memoryview):
            raise ValueError("damaged")
        return _signed(value or 0)

    def numbers(self, field: str) -> tuple[int, ...]:
        """All integers of a field, each by itself or packed into one value."""
        found: list[int] = []
        for value in self._values[field]:
            if isinstance(value, int):
                found.append(_signed(value))
                continue
            at = 0
            while at < len(value):
                number, at = _varint(value, at)
                found.append(_signed(number))
                if len(found) > MAX_NUMBERS:
                    raise ValueError(f"a list of more than {MAX_NUMBERS} numbers")
        return tuple(found)

    def content(self, field: str) -> memoryview:
        """The bytes of a field, such as those of an inner message."""
        return _as_bytes(self._one(field))

    def contents(self, field: str) -> list[memoryview]:
        """The bytes of each value of a field."""
        return [_as_bytes(value) for value in self._values[field]]

    def text(self, field: str) -> str:
        """A field that is a text; empty if it is not given."""
        value = self._one(field)
        return "" if value is None else bytes(_as_bytes(value)).decode()

    def texts(self, field: str) -> tuple[str, ...]:
        """All texts of a field."""
        return tuple(bytes(content).decode() for content in self.contents(field))

    def _one(self, field: str) -> Value | None:
        """The only value of a field: where there are several, readers differ in what they take."""
        values = self._values[field]
        if len(values) > 1:
            raise ValueError("something twice that stands once in an exported network")
        return values[0] if values else None


def fields(content: memoryview, name: str = "message") -> Iterator[tuple[int, Value, memoryview]]:
    """Yield number, value and all bytes of each field of a message.

    Raises
    ------
    ValueError
        The message is damaged.
    """
    at = 0
    while at < len(content):
        begin = at
        try:
            number, value, at = _field(content, begin)
        except ValueError as error:
            raise ValueError(f"the {name} is {error}") from error
        yield number, value, content[begin:at]


def written(number: int, content: bytes) -> bytes:
    """The bytes of a field that holds ``content``."""
    return _as_varint(number << 3 | _BYTES) + _as_varint(len(content)) + content


def _as_varint(number: int) -> bytes:
    groups = bytearray()
    while number > 0x7F:
        groups.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes((*groups, number))


def _field(content: memoryview, at: int) -> tuple[int, Value, int]:
    """The number and the value of the field at ``at``, and the place behind it."""
    key, at = _varint(content, at)
    number, wire = key >> 3, key & 7
    if wire == _NUMBER:
        value, at = _varint(content, at)
        return number, value, at
    length, at = _varint(content, at) if wire == _BYTES else (_FIXED.get(wire, -1), at)
    end = at + length
    if length < 0 or end > len(content):
        raise ValueError("cut short or damaged")
    return number, content[at:end], end


def _varint(content: memoryview, at: int) -> tuple[int, int]:
    """A number of 64 bits in groups of seven, the lowest first, and the place behind it."""
    number = 0
    for shift in range(0, _MAX_BITS, 7):
        if at >= len(content):
            break
        byte = content[at]
        at += 1
        number |= (byte & 0x7F) << shift
        if byte < 0x80:
            return number & (2**64 - 1), at
    raise ValueError("cut short or damaged")


def _signed(number: int) -> int:
    return number - 2**64 if number >= 2**63 else number


def _as_bytes(value: Value | None) -> memoryview:
    if not isinstance(value, memoryview):
        raise ValueError("damaged, or something is missing")
    return value
