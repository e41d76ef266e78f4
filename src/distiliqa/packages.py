"""The packages that are installed: their versions, and the extras that bring them."""

from __future__ import annotations

from collections.abc import Iterable
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec

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
        if find_spec(module) is None:
            raise DistiliqaError(
                f"{what} the extra {extra} ({module} is missing)",
                remedy=f'pip install "distiliqa[{extra}]"',
            )


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None
