"""The model folder of a calibration: the files of the model, and a configuration with the map."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from distiliqa.calibrate.result import Calibration
from distiliqa.errors import DistiliqaError
from distiliqa.files import make_folder, write_json, write_text
from distiliqa.foreign_text import read_text
from distiliqa.models.config import ModelConfig
from distiliqa.models.folder import (
    CARD,
    CONFIG,
    INSIGHT,
    ONNX,
    WEIGHTS,
    checked_file,
    write_config,
)
from distiliqa.models.seen_faults import Ladder
from distiliqa.report.formatting import map_text
from distiliqa.scoring.model import Model
from distiliqa.scratch import scratch_folder
from distiliqa.version import __version__

SUMMARY = "calibration.json"


def write_calibrated(
    folder: Path, name: str, model: Model, found: Calibration, settings: Mapping[str, Any]
) -> None:
    """Write a model folder that scores on the readers' scale; each file whole or not at all.

    Raises
    ------
    DistiliqaError
        ``folder`` is that of the model, or cannot be written.
    ModelFolderError
        A file of the model was altered.
    """
    require_other_folder(folder, model)
    make_folder(folder)
    config = replace(
        model.config,
        name=name,
        version=f"{model.config.version}+map.{_digest(found)}",
        scale=found.scale,
        score_map=found.score_map,
        interval_calibration=found.intervals,
        ladders=tuple(_mapped(ladder, found) for ladder in model.config.ladders),
        made_by=__version__,
    )
    with scratch_folder(folder) as draft:
        binaries = [file for file in (ONNX, WEIGHTS, INSIGHT) if file in model.config.files]
        for file in binaries:
            shutil.copyfile(checked_file(model.folder, file, model.config), draft / file)
        write_config(draft, config)
        write_text(draft / CARD, _card(config, model, found))
        write_json(draft / SUMMARY, _facts(found, settings) | found.as_dict())
        for file in {WEIGHTS, INSIGHT} - set(binaries):  # of an earlier model
            (folder / file).unlink(missing_ok=True)
        for file in (*binaries, CARD, SUMMARY, CONFIG):
            shutil.move(draft / file, folder / file)


def _facts(found: Calibration, settings: Mapping[str, Any]) -> dict[str, Any]:
    """Version, settings and hashes of the inputs; names of files may name patients."""
    return {
        "distiliqa": __version__,
        "settings": dict(settings),
        "ratings_sha256": found.score_map.ratings_sha256,
        "images_sha256": sorted(set(found.sha256.values())),
    }


def _digest(found: Calibration) -> str:
    """What distinguishes a map: scores by two maps of one network are not on one scale."""
    return hashlib.sha256(repr(found.score_map).encode()).hexdigest()[:8]


def require_other_folder(folder: Path, model: Model) -> None:
    """Raise `DistiliqaError` where a folder is that of the model itself."""
    if folder.resolve() == model.folder.resolve():
        raise DistiliqaError(
            "is the folder of the model itself", path=folder, remedy="give another --out"
        )


def _mapped(ladder: Ladder, found: Calibration) -> Ladder:
    """A ladder of faults on the readers' scale."""
    label, score = (
        tuple(found.score_map.apply(np.array(row), found.scale).tolist())
        for row in (ladder.label, ladder.score)
    )
    return replace(ladder, label=label, score=score)


def _card(config: ModelConfig, model: Model, found: Calibration) -> str:
    scale = found.scale
    better = "higher is better" if scale.higher_is_better else "lower is better"
    lines = [
        f"# {config.name} {config.version}",
        "",
        f"- Score: {scale.meaning}, {scale.low:g} to {scale.high:g}, {better}.",
        f"- Calibrated: {map_text(found.score_map)}.",
        f"- Prediction intervals of {100 * found.intervals.coverage:.0f} %, from the errors on "
        "patients left out.",
        *(f"- {note}." for note in found.notes),
        "",
        f"The rest of this card is that of {model.title}, whose scores were mapped.",
        "",
    ]
    card = model.folder / CARD
    return "\n".join(lines) + ("\n" + read_text(card) if card.is_file() else "")
