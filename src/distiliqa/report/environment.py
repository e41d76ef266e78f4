"""The software that made a result; no name of a host or a user."""

from __future__ import annotations

import platform
from importlib.metadata import PackageNotFoundError, version

from distiliqa.version import __version__

ENGINES = ("onnxruntime", "onnxruntime-gpu", "openvino", "numpy", "pydicom", "nibabel", "tifffile")


def environment() -> dict[str, object]:
    """Versions of distiliqa, Python and the engines, and the platform."""
    return {
        "distiliqa": __version__,
        "python": platform.python_version(),
        "engines": package_versions(ENGINES),
        "platform": f"{platform.system()} {platform.release()} {platform.machine()}",
    }


def package_versions(names: tuple[str, ...]) -> dict[str, str | None]:
    """Versions of installed packages by name, None for one that is not installed.

    Read from the packages' metadata: asking for the version of torch does not import it.
    """
    return {name: _version(name) for name in names}


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None
