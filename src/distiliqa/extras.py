"""Installed packages, their versions, and the extras that install them."""

from __future__ import annotations

from collections.abc import Iterable
from importlib.metadata import PackageNotFoundError, requires, version
from importlib.util import find_spec

from packaging.requirements import Requirement

from distiliqa.errors import DistiliqaError


def package_versions(names: Iterable[str]) -> dict[str, str | None]:
    """Versions of installed packages by name, None for one that is not installed.

    They are read from metadata: nothing is imported.
    """
    return {name: _version(name) for name in names}


def require_extra(extra: str, modules: Iterable[str], what: str) -> None:
    """Raise `DistiliqaError` if a module of an extra is missing.

    Parameters
    ----------
    what : subject and verb of the error, such as ``DICOM results need``.
    """
    for module in modules:
        if not is_installed(module):
            raise DistiliqaError(
                f"{what} the extra {extra} ({module} is missing)", remedy=install_command(extra)
            )


def is_installed(module: str) -> bool:
    """Whether a module can be imported; a folder of its name without code does not count."""
    found = find_spec(module)
    return found is not None and found.origin is not None


def install_command(extra: str) -> str:
    """The command that installs the packages of an extra.

    It names the packages alone, from the metadata of this package: an index may lack this package,
    or have another one of its name.
    """
    needed = [package for package in _requirements() if _is_of(extra, package)]
    if not needed:
        return f'pip install ".[{extra}]" in a checkout of distiliqa'
    for package in needed:
        package.marker = None
    return " ".join(["pip install", *(f'"{package}"' for package in needed)])


def _requirements() -> list[Requirement]:
    try:
        return [Requirement(line) for line in requires("distiliqa") or ()]
    except PackageNotFoundError:  # its source is on the path, and it is not installed
        return []


def _is_of(extra: str, requirement: Requirement) -> bool:
    marker = requirement.marker
    return marker is not None and marker.evaluate({"extra": extra}) and not marker.evaluate()


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None
