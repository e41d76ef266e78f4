"""The reference of the Python API: what ``__all__`` of a module names, by its docstrings."""

from __future__ import annotations

import inspect
from importlib import import_module
from typing import Any

from distiliqa.errors import DistiliqaError


def names(module: str) -> str:
    """Give a directive of autodoc for each public name: classes last, in alphabetical order."""
    try:
        home = import_module(module)
    except DistiliqaError as error:  # the site is built without the extra
        return f"Not on this site: {error.problem}."
    public = [name for name in home.__all__ if not name.startswith("__")]
    found = sorted((inspect.isclass(getattr(home, name)), name) for name in public)
    directives = [_directive(module, name, getattr(home, name)) for _, name in found]
    return "\n".join(["```{eval-rst}", *directives, "```"])


def _directive(module: str, name: str, value: Any) -> str:
    if not inspect.isclass(value):
        return f".. autofunction:: {module}.{name}\n"
    return f".. autoclass:: {module}.{name}\n   :members:\n"
