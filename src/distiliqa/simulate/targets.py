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


def without_dcm(path: Path) -> Path:
    """``path`` without its suffix if that is ``.dcm``: the last part of a UID is none."""
    return path.with_suffix("") if path.suffix.lower() == ".dcm" else path


def other_images(out: Path, targets: Iterable[Path]) -> int:
    """Number of DICOM files under ``out`` that are no target, such as those of an earlier run."""
    return len({*out.rglob("*.dcm")} - {*targets})


def check_targets(targets: Iterable[tuple[Path, Path]]) -> None:
    """Look, before any work, where each file would be written to.

    Parameters
    ----------
    targets : (input, file made of it).

    Raises
    ------
    DistiliqaError : a target is one of the inputs, or that of two of them.
    """
    targets = list(targets)
    inputs = {path.resolve() for path, _ in targets}
    made: dict[Path, Path] = {}
    for path, target in targets:
        if target.resolve() in inputs:
            raise DistiliqaError(
                "is an input and would be overwritten", path=target, remedy="give another --out"
            )
        if made.setdefault(target, path) != path:
            raise DistiliqaError(
                f"would be written to the place of {made[target].name}",
                path=path,
                remedy="rename one of them",
            )
