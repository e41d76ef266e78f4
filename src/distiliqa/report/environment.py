"""The software that made a result; no name of a host or a user."""

from __future__ import annotations

import platform

from distiliqa.extras import package_versions
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
