"""Files of the user's cache folder that hold what was measured on this machine."""

from __future__ import annotations

import platform
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from platformdirs import user_cache_path

from distiliqa.cores import cores
from distiliqa.errors import DistiliqaError
from distiliqa.extras import package_versions
from distiliqa.files import json_sha256, write_json
from distiliqa.foreign_json import read_json

_PACKAGES = ("distiliqa", "onnxruntime", "onnxruntime-gpu", "openvino")
_FAULTS = (DistiliqaError, OSError, RuntimeError)


def cache_folder() -> Path:
    """The folder of distiliqa in the user's cache folder, as the operating system defines it.

    Raises `RuntimeError` for a user without a home.
    """
    folder = user_cache_path("distiliqa", appauthor=False)
    if not folder.is_absolute():
        raise RuntimeError("the user has no home folder")
    return folder


def read_measured(kind: str, facts: Mapping[str, Any]) -> Any:
    """Read what was measured of ``kind`` under these facts; None if nothing can be read."""
    try:
        return read_json(cache_path(kind, facts))
    except (*_FAULTS, ValueError):  # whatever is wrong with the file, it can be measured again
        return None


def keep_measured(kind: str, facts: Mapping[str, Any], content: Mapping[str, Any]) -> None:
    """Write what was measured; it can be measured again after an error."""
    try:
        write_json(cache_path(kind, facts), content)
    except _FAULTS:
        return


def cache_path(kind: str, facts: Mapping[str, Any], suffix: str = ".json") -> Path:
    """The file of ``kind``, named by all that it depends on; machines may share a home.

    Raises `RuntimeError` for a user without a home.
    """
    known = {
        **facts,
        "cores": cores(),
        "machine": [platform.node(), platform.machine(), platform.processor()],
        "packages": package_versions(_PACKAGES),
    }
    digest = json_sha256(known)
    return cache_folder() / f"{kind}-{digest[:32]}{suffix}"
