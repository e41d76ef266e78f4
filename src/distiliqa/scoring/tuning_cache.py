"""What was measured on this machine, remembered in the user's cache folder."""

from __future__ import annotations

import hashlib
import json
import platform
from dataclasses import asdict
from pathlib import Path

from platformdirs import user_cache_path

from distiliqa.errors import DistiliqaError
from distiliqa.extras import package_versions
from distiliqa.files import write_json
from distiliqa.foreign_json import read_json
from distiliqa.models.folder import ONNX
from distiliqa.scoring.execution import Execution, RuntimeName
from distiliqa.scoring.machine import cores
from distiliqa.scoring.model import Model

_PACKAGES = ("distiliqa", "onnxruntime", "onnxruntime-gpu", "openvino")


def recall(model: Model, runtimes: tuple[RuntimeName, ...]) -> Execution | None:
    """What was found fastest for this model, these runtimes and this machine; None if nothing."""
    try:
        content = read_json(_file(model, runtimes))
        found = Execution(**content["execution"], chosen="measured")
    except (DistiliqaError, OSError, RuntimeError, ValueError, TypeError, KeyError):
        return None  # whatever is wrong with the file, it can be measured again
    kept = found.runtime in runtimes and found.precision == model.execution.precision
    return found if kept else None


def remember(model: Model, runtimes: tuple[RuntimeName, ...], execution: Execution) -> None:
    """Write down what was found fastest; where that cannot be written it is forgotten."""
    content = {key: value for key, value in asdict(execution).items() if key != "chosen"}
    try:
        write_json(_file(model, runtimes), {"model": model.title, "execution": content})
    except (DistiliqaError, OSError, RuntimeError):
        return


def cache_folder() -> Path:
    """The folder of distiliqa in the user's cache folder, as the operating system defines it.

    Raises `RuntimeError` for a user without a home.
    """
    folder = user_cache_path("distiliqa", appauthor=False)
    if not folder.is_absolute():
        raise RuntimeError("the user has no home folder")
    return folder


def _file(model: Model, runtimes: tuple[RuntimeName, ...]) -> Path:
    """Named by all that the choice depends on; machines that share a home differ by name."""
    facts = {
        "model": model.config.files.get(ONNX),
        "default": asdict(model.execution),
        "runtimes": runtimes,
        "cores": cores(),
        "machine": [platform.node(), platform.machine(), platform.processor()],
        "packages": package_versions(_PACKAGES),
    }
    digest = hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()
    return cache_folder() / f"tuning-{digest[:32]}.json"
