"""Where what is made of files goes: never over an input, and never taken for one."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from distiliqa.errors import DistiliqaError


def not_made(files: Iterable[Path], folder: Path, out: Path) -> list[Path]:
    """The ``files`` of ``folder`` without those that an earlier run put into ``out`` inside it."""
    inner = out.resolve()
    if folder.resolve() not in inner.parents:
        return list(files)
    return [path for path in files if inner not in path.resolve().parents]


def check_targets(targets: Iterable[tuple[Path, Path]]) -> None:
    """Look, before any work, where each file would be written to.

    Parameters
    ----------
    targets : (input, file made of it).

    Raises
    ------
    DistiliqaError : a target is one of the inputs.
    """
    targets = list(targets)
    inputs = {path.resolve() for path, _ in targets}
    for _, target in targets:
        if target.resolve() in inputs:
            raise DistiliqaError(
                "is an input and would be overwritten", path=target, remedy="give another --out"
            )
