"""Export of a student: from a training run to a model folder with a model card."""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from distiliqa.errors import RecipeError
from distiliqa.foreign_json import read_json
from distiliqa.foreign_text import read_text
from distiliqa.lab.data.ratings import read_scores
from distiliqa.lab.network.onnx_export import export_network
from distiliqa.lab.network.weights import read_network
from distiliqa.lab.train.calibration import calibrate_student
from distiliqa.lab.train.model_card import COVERAGES, model_card
from distiliqa.lab.train.recipe import Recipe
from distiliqa.lab.train.training_run import BEST, FACTS, RESULT, TrainingRun
from distiliqa.models.config import ModelConfig
from distiliqa.models.score_scale import ScoreScale
from distiliqa.version import __version__

_PATHS: Any = {
    "data": {"folder", "ratings", "cases"},
    "folds": {"always_train"},
    "initial_weights": True,
}
CHECKED_SLICES = 8  # evenly spread over the training data; ONNX must equal torch on them


def export_run(
    run: TrainingRun,
    folder: Path,
    *,
    name: str,
    version: str = __version__,
    evaluation: Path | None = None,
    typical: Path | None = None,
    sites: Mapping[str, str] | None = None,
    notes: Sequence[Path] = (),
) -> float:
    """Write the run's student as a model folder and check it on slices of the run's data.

    Parameters
    ----------
    name : what the model is called.
    version : version of the model itself; by default that of the package.
    evaluation : an ``evaluation.json`` whose figures go into the model card.
    typical : ratings of images like those that will be scored, see `calibrate_student`.
    sites : the site of each patient, see `calibrate_student`.
    notes : Markdown files that end the model card, such as where the data came from.

    Returns
    -------
    Maximum difference between ONNX and torch on the slices.

    Raises
    ------
    RecipeError : the student is not trained to the end, or too few typical images.
    """
    result = run.student_folder / RESULT
    if not result.is_file():
        raise RecipeError(
            "the student is not trained to the end",
            path=run.folder,
            remedy="run `distiliqa train-student` first",
        )
    data = run.recipe.data
    training = _training_facts(run, read_json(result), evaluation)
    config = ModelConfig(
        name=name,
        version=version,
        architecture={},
        outputs=run.recipe.folds.count,
        scale=ScoreScale(*data.scale, data.meaning, data.higher_is_better),
        window=run.recipe.window.window(),
        training=training,
    )
    names = None if typical is None else read_scores(typical, data.scale)
    student = calibrate_student(run, read_network(run.student_folder / BEST), names, sites)
    config = replace(
        config,
        interval_calibration=student.intervals,
        domain=student.domain,
        heatmap=student.heatmap,
        processed=student.graph.network.config.processed,
        processed_calibration=student.processed,
        training=training | {COVERAGES: student.coverage},
    )
    chosen = np.linspace(0, len(run.cache) - 1, min(CHECKED_SLICES, len(run.cache))).astype(int)
    images = np.stack([run.cache.array(int(i))[None] for i in chosen])
    parts = (model_card(config), *map(read_text, notes))
    return export_network(student.graph, folder, config, "\n".join(parts), images)


def _training_facts(run: TrainingRun, result: Any, evaluation: Path | None) -> dict[str, Any]:
    facts = read_json(run.folder / FACTS)
    with (run.student_folder / "train_info_student.csv").open(encoding="utf-8") as file:
        best = list(csv.DictReader(file))[result["epoch"]]
    cases = {image.case for image in run.images if image.case}
    figures = {name: float(best[name]) for name in best if name.startswith("val_")}
    return {
        "images": len(run.images),
        "cases": len(cases),
        "ratings_sha256": facts["ratings_sha256"],
        "initial_weights_sha256": facts["initial_weights_sha256"],
        "imagenet_weights_sha256": facts.get("imagenet_weights_sha256"),
        "recipe": _without_paths(run.recipe),
        "best_epoch": result["epoch"],
        "held_out_images": len(result["held_out"]),
        "held_out": figures,
        "teachers_followed": result.get("teachers_followed"),
        "warnings": result.get("warnings", []),
        "evaluation": _quoted(read_json(evaluation)) if evaluation else None,
    }


def _without_paths(recipe: Recipe) -> dict[str, Any]:
    content = json.loads(recipe.model_dump_json(exclude=_PATHS))
    imagenet = recipe.imagenet_weights
    return content | {"imagenet_weights": imagenet and Path(imagenet).name}


def _quoted(evaluation: dict[str, Any]) -> dict[str, Any]:
    """Figures of an evaluation, without its cases and paths."""
    return {name: evaluation[name] for name in ("metrics", "bootstrap", "rounded_to_grid")}
