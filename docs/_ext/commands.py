"""The reference of the command line, in Markdown, from the signatures that Typer reads."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from importlib import import_module
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

from typer.models import ArgumentInfo, OptionInfo

from distiliqa.cli import PANELS

NO_PANEL = "Options"
VALUES = {int: "INTEGER", float: "NUMBER", str: "TEXT"}


@dataclass(frozen=True)
class Parameter:
    """One argument or option of a command."""

    name: str
    info: ArgumentInfo | OptionInfo
    kind: Any  # its type, without None
    default: Any

    @property
    def is_argument(self) -> bool:
        """Whether it is given by its place."""
        return isinstance(self.info, ArgumentInfo)

    @property
    def required(self) -> bool:
        """Whether it has no default."""
        return self.default is inspect.Parameter.empty

    @property
    def panel(self) -> str:
        """The group of options that it stands in."""
        return self.info.rich_help_panel or NO_PANEL

    @property
    def value(self) -> str:
        """What the user gives: choices, or a word for the type; empty for a switch."""
        if self.kind is bool:
            return ""
        kinds = get_args(self.kind) if get_origin(self.kind) in (list, tuple) else (self.kind,)
        return self.info.metavar or " ".join(_value(kind) for kind in kinds)

    @property
    def spelling(self) -> str:
        """How it is written: ``MODEL`` or ``--out DIR``, ``-o DIR``."""
        if self.is_argument:
            return self.info.metavar or self.name.upper()
        # In an annotation Typer takes its first argument, named default, for a spelling.
        given = [name for name in (self.info.default, *(self.info.param_decls or ())) if name]
        names = [name for name in given if isinstance(name, str)]
        names = names or [f"--{self.name.replace('_', '-')}"]
        return ", ".join(f"{name} {self.value}".strip() for name in names)


def commands() -> str:
    """Give a section for each group of commands, and in it one for each command."""
    return "\n".join(line for panel in PANELS for line in _panel(panel))


def parameters(function: Any) -> list[Parameter]:
    """List what a command takes, in the order of its signature."""
    hints = get_type_hints(function, include_extras=True)
    defaults = inspect.signature(function).parameters
    found = []
    for name, hint in hints.items():
        if get_origin(hint) is Annotated:
            kind, info = get_args(hint)
            found.append(Parameter(name, info, _without_none(kind), defaults[name].default))
    return [parameter for parameter in found if not parameter.info.hidden]


def _panel(panel: str) -> Iterator[str]:
    yield from (f"## {panel}", "")
    for name in PANELS[panel]:
        module = name.replace("-", "_")
        function = getattr(import_module(f"distiliqa.cli.{module}"), module)
        yield from (f"### distiliqa {name}", "", *_command(name, function))


def _command(name: str, function: Any) -> Iterator[str]:
    taken = parameters(function)
    arguments = [parameter for parameter in taken if parameter.is_argument]
    usage = " ".join(["distiliqa", name, "[OPTIONS]", *map(_usage, arguments)])
    yield from ("```text", usage, "```", "", inspect.getdoc(function) or "", "")
    if arguments:
        yield from _table("Arguments", arguments)
    options = [parameter for parameter in taken if not parameter.is_argument]
    for title in dict.fromkeys(option.panel for option in options):
        yield from _table(title, [option for option in options if option.panel == title])


def _usage(argument: Parameter) -> str:
    several = "..." if get_origin(argument.kind) is list else ""
    return (
        f"{argument.spelling}{several}" if argument.required else f"[{argument.spelling}{several}]"
    )


def _table(title: str, members: list[Parameter]) -> Iterator[str]:
    yield from (f"| {title} | meaning | default |", "|---|---|---|")
    for member in members:
        meaning = _cell(member.info.help or "")
        yield f"| `{_cell(member.spelling)}` | {meaning} | {_default(member)} |"
    yield ""


def _default(parameter: Parameter) -> str:
    if parameter.required:
        return "required"
    value = parameter.default.value if isinstance(parameter.default, Enum) else parameter.default
    return "" if value is None or value is False else f"`{_cell(str(value))}`"


def _without_none(kind: Any) -> Any:
    if get_origin(kind) not in (Union, UnionType):
        return kind
    (found,) = (part for part in get_args(kind) if part is not NoneType)
    return found


def _value(kind: Any) -> str:
    if get_origin(kind) is Literal:
        return "|".join(map(str, get_args(kind)))
    if issubclass(kind, Enum):
        return "|".join(str(member.value) for member in kind)
    return VALUES.get(kind, "PATH")


def _cell(written: str) -> str:
    return " ".join(written.replace("|", "\\|").split())
