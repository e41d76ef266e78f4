"""Export of a student: from a training run to a model folder with a model card."""

from __future__ import annotations

import csv
import json
from collections.abc import Sequence
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
from distiliqa.lab.train.recipe import Recipe
from distiliqa.lab.train.training_run import BEST, FACTS, RESULT, TrainingRun
from distiliqa.models.config import Domain, IntervalCalibration, ModelConfig, ScoreScale
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
    evaluation: Path | None = None,
    typical: Path | None = None,
    notes: Sequence[Path] = (),
) -> float:
    """Write the run's student as a model folder and check it on slices of the run's data.

    Parameters
    ----------
    name : what the model is called.
    evaluation : an ``evaluation.json`` whose figures go into the model card.
    typical : ratings of images like those that will be scored, see `calibrate_student`.
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
        version=__version__,
        architecture={},
        outputs=run.recipe.folds.count,
        scale=ScoreScale(*data.scale, data.meaning, data.higher_is_better),
        window=run.recipe.window.window(),
        training=training,
    )
    names = None if typical is None else read_scores(typical, data.scale)
    student = calibrate_student(run, read_network(run.student_folder / BEST), names)
    config = replace(
        config,
        interval_calibration=student.intervals,
        domain=student.domain,
        heatmap=student.heatmap,
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


def model_card(config: ModelConfig) -> str:
    """Model card in Markdown, from the facts of ``config.json``."""
    scale, window, training = config.scale, config.window, config.training
    direction = "higher is better" if scale.higher_is_better else "lower is better"
    lines = [
        f"# {config.name} {config.version}",
        "",
        "No-reference image quality of axial CT slices, by distiliqa. Research software, not a "
        "medical device.",
        "",
        f"- Score: {scale.meaning}, {scale.low:g} to {scale.high:g}, {direction}; the mean of "
        f"{config.outputs} outputs, whose standard deviation is reported as spread.",
        f"- Input: HU, window width {window.width:g} level {window.level:g}, "
        f"{config.image_size} x {config.image_size} pixels; other sizes are cropped or padded.",
        *_training_lines(training),
        *_calibration_lines(config),
    ]
    return "\n".join(lines) + "\n"


def _calibration_lines(config: ModelConfig) -> list[str]:
    calibration, domain = config.interval_calibration, config.domain
    lines = []
    if calibration is not None:
        lines.append(_interval_line(calibration))
    if domain is not None:
        lines.append(
            f"- Distance from {domain.images} training images; {domain.false_alarms:.0%} of "
            f"{domain.checked} images of unknown patients are beyond its limit. "
            f"{_shape_line(domain)}"
        )
    if config.heatmap is not None:
        lines.append("- Map of the score of {} x {} parts.".format(*config.heatmap))
    return lines


def _interval_line(calibration: IntervalCalibration) -> str:
    images, cases = calibration.images, calibration.cases
    text = f"- Prediction intervals of {calibration.coverage:.0%}, calibrated on {images}"
    if calibration.width is None:
        return f"{text} held-out images of {cases} cases, which also chose the epoch."
    return (
        f"{text} images of {cases} cases, each rated by the teacher that did not see it; their "
        "width depends on spread, score and processing of the slice."
    )


def _shape_line(domain: Domain) -> str:
    small = domain.smallest_mm
    size = "" if small is None else f" of less than {small:.0f} mm water-equivalent diameter,"
    parts = f"with a cleft deeper than {domain.deepest_cleft:.2f}"
    contrast = f"a contrast of less than {domain.least_contrast_hu:.0f}"
    if domain.most_contrast_hu is not None:
        contrast += f" or more than {domain.most_contrast_hu:.0f}"
    line = f"Bodies{size} {parts} or {contrast} HU are out of domain too."
    if domain.tissue is None:
        return line
    return (
        f"{line} So are those that are narrower than {domain.tissue.min_aspect:.2f} times their "
        "height, with the bone of a head or a limb, or with next to no bone, fat or air."
    )


def _training_lines(training: dict[str, Any]) -> list[str]:
    if "images" not in training:
        return [f"- {name}: {value}" for name, value in training.items()]
    recipe = training["recipe"]
    figures = ", ".join(
        f"{n.removeprefix('val_')} {v:.3f}" for n, v in training["held_out"].items()
    )
    lines = [
        f"- Trained on {training['images']} images of {training['cases']} cases, "
        f"{recipe['folds']['count']} teachers by {recipe['folds']['by']}, seed {recipe['seed']}.",
        f"- Held out while the student was trained ({training['held_out_images']} images, used to "
        f"choose the epoch): {figures}.",
    ]
    lines += [f"- Warning: {text}." for text in training.get("warnings", ())]
    if training["evaluation"]:
        lines.append(_evaluation_line(training["evaluation"]))
    return lines


def _evaluation_line(evaluation: dict[str, Any]) -> str:
    metrics, bootstrap = evaluation["metrics"], evaluation["bootstrap"]
    figures = ", ".join(
        f"{name} {metrics[name]:.3f}" + (f" [{bounds[0]:.3f}, {bounds[1]:.3f}]" if bounds else "")
        for name, bounds in bootstrap["intervals"].items()
    )
    return (
        f"- On {metrics['n']} test images ({bootstrap['level']:.0%} bootstrap intervals over "
        f"{bootstrap['groups']} groups by {bootstrap['drawn']}): {figures}."
    )
