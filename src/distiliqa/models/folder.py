"""The model folder, which training writes and scoring reads.

``model.onnx`` is what scoring runs and what torch reads the weights from, ``config.json`` describes
the model, see `distiliqa.models.config`, and ``README.md`` is the model card. In folders up to
0.1.0, ``model.safetensors`` are the weights for torch, and ``insight.safetensors`` holds domain and
local quality map. ``config.json`` holds the SHA-256 of the binaries, so that a folder with an
altered file is refused. Some folders come with the package.
"""

from __future__ import annotations

from dataclasses import asdict, replace
from importlib.resources import files
from pathlib import Path
from typing import Any

from distiliqa.errors import (
    MAX_PROBLEM,
    DistiliqaError,
    ModelFolderError,
    one_line,
    quoted,
    shortened,
)
from distiliqa.files import json_sha256, sha256, write_json
from distiliqa.foreign_json import from_json, read_json
from distiliqa.models.config import FORMAT, ModelConfig
from distiliqa.models.seen_faults import Ladder

ONNX, WEIGHTS, CONFIG, CARD = "model.onnx", "model.safetensors", "config.json", "README.md"
INSIGHT = "insight.safetensors"
DEFAULT = "compact"
MAX_CONFIG_BYTES = 1 << 20
MAX_NAME = 60
_RENAMED = {"certainty": "interval_calibration"}


def shipped_models() -> dict[str, Path]:
    """Folders of the shipped models by name."""
    models = Path(str(files("distiliqa"))) / "models"
    return {config.parent.name: config.parent for config in sorted(models.glob(f"*/{CONFIG}"))}


def find_model(name_or_folder: str | Path) -> Path:
    """Folder of a model: a shipped one by its name, any other by its path.

    Raises
    ------
    DistiliqaError
        Neither; the message lists the names there are.
    """
    shipped, folder = shipped_models(), Path(name_or_folder)
    if str(name_or_folder) in shipped:
        return shipped[str(name_or_folder)]
    if not folder.is_dir():
        names = ", ".join(shipped) or "none"
        raise DistiliqaError(
            f"no model or model folder {str(name_or_folder)!r}",
            remedy=f"the shipped models are: {names}",
        )
    return folder


def write_config(folder: Path, config: ModelConfig) -> None:
    """Write ``config.json`` with the SHA-256 of the binaries that lie in ``folder``."""
    there = (name for name in (ONNX, WEIGHTS, INSIGHT) if (folder / name).exists())
    digests = {name: sha256(folder / name) for name in there}
    write_json(folder / CONFIG, asdict(config) | {"files": digests})


def read_config(folder: Path) -> ModelConfig:
    """Read ``config.json``.

    Raises
    ------
    ModelFolderError
        No such folder, no ``config.json``, or one of another format.
    """
    if not (folder / CONFIG).is_file():
        what = f"holds no {CONFIG}" if folder.is_dir() else "no such model folder"
        raise ModelFolderError(what, path=folder, remedy="give a folder `distiliqa export` wrote")
    try:
        content = read_json(folder / CONFIG, MAX_CONFIG_BYTES)
        if content["format"] != FORMAT:
            raise ModelFolderError(
                f"format {quoted(content['format'])}, this version reads {FORMAT}",
                path=folder,
                remedy="update distiliqa or export the model again",
            )
        return _parsed(content)
    except ModelFolderError:
        raise
    except (DistiliqaError, KeyError, TypeError, ValueError) as error:
        problem = error.problem if isinstance(error, DistiliqaError) else error
        raise ModelFolderError(
            f"not a model description ({problem})", path=folder / CONFIG, remedy="export it again"
        ) from error


def _parsed(content: Any) -> ModelConfig:
    config = from_json(ModelConfig, _with_present_keys(content))
    if config.outputs < 1:
        raise ValueError("no outputs")
    return replace(
        config,
        name=_shown(config.name, MAX_NAME),
        version=_shown(config.version, MAX_NAME),
        made_by=_shown(config.made_by, MAX_NAME),
        ladders=tuple(map(_shown_ladder, config.ladders)),
        regions=config.regions and tuple(_shown(name, MAX_NAME) for name in config.regions),
        scale=replace(config.scale, meaning=_shown(config.scale.meaning, MAX_PROBLEM)),
    )


def _shown_ladder(ladder: Ladder) -> Ladder:
    return replace(ladder, name=_shown(ladder.name, MAX_NAME), unit=_shown(ladder.unit, MAX_NAME))


def _with_present_keys(content: Any) -> Any:
    """Rename the keys that folders of 0.1.0 may still have."""
    if not isinstance(content, dict) or "interval_calibration" in content:
        return content
    return {_RENAMED.get(key, key): value for key, value in content.items()}


def _shown(text: str, max_length: int) -> str:
    """A text as reports show it: one line, at most ``max_length`` characters."""
    return one_line(shortened(" ".join(text.split()), max_length))


def digest_of(config: ModelConfig) -> str:
    """SHA-256 of all that makes a score: the network, and the scale, map and limits around it.

    Models may share ``model.onnx``: a calibrated one has that of the model it was made from.
    """
    return json_sha256(asdict(config))


def checked_file(folder: Path, name: str, config: ModelConfig) -> Path:
    """Path of a binary of the folder, once its SHA-256 is the one in ``config.json``.

    Raises
    ------
    ModelFolderError
        The file is missing or altered.
    """
    path = folder / name
    if not path.is_file():
        raise ModelFolderError("missing", path=path, remedy="export or copy the model again")
    if sha256(path) != config.files.get(name):
        raise ModelFolderError(
            f"is not the file that {CONFIG} describes (SHA-256 differs)",
            path=path,
            remedy="export or copy the model again",
        )
    return path
