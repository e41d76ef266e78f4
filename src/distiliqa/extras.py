"""The packages that are installed: their versions, and the extras that bring them."""

from __future__ import annotations

from collections.abc import Iterable
from importlib.metadata import PackageNotFoundError, requires, version
from importlib.util import find_spec

from packaging.requirements import Requirement

from distiliqa.errors import DistiliqaError


def package_versions(names: Iterable[str]) -> dict[str, str | None]:
    """Versions of installed packages by name, None for one that is not installed.

    Read from the packages' metadata: asking for the version of torch does not import it.
    """
    return {name: _version(name) for name in names}


def require_extra(extra: str, modules: Iterable[str], what: str) -> None:
    """Raise `DistiliqaError` where a module of an extra is missing: before scoring, not after.

    Parameters
    ----------
    what : what is asked for, with its verb, such as ``DICOM results need``.
    """
    for module in modules:
        if not is_installed(module):
            raise DistiliqaError(
                f"{what} the extra {extra} ({module} is missing)", remedy=install_command(extra)
            )


def is_installed(module: str) -> bool:
    """Whether a module can be imported; a folder without code that has its name is none."""
    found = find_spec(module)
    return found is not None and found.origin is not None


def install_command(extra: str) -> str:
    """What to type for the packages of an extra, wherever this package was installed from.

    An index may not know the package, or another one of its name: only what the extra needs is
    asked for, as the metadata of the installed package say.
    """
    needed = [each for each in _requirements() if _is_of(extra, each)]
    if not needed:
        return f'pip install ".[{extra}]" in a checkout of distiliqa'
    for each in needed:
        each.marker = None
    return " ".join(["pip install", *(f'"{each}"' for each in needed)])


def _requirements() -> list[Requirement]:
    try:
        return [Requirement(line) for line in requires("distiliqa") or ()]
    except PackageNotFoundError:  # its source is on the path and nobody installed it
        return []


def _is_of(extra: str, requirement: Requirement) -> bool:
    marker = requirement.marker
    return marker is not None and marker.evaluate({"extra": extra}) and not marker.evaluate()


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None
