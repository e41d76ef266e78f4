"""Files of a fine-tuning: held-out predictions, results, and the model folder."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from distiliqa.files import write_csv, write_json
from distiliqa.lab.fine_tune.fine_tuning import FACTS, FineTuning
from distiliqa.lab.fine_tune.tuning_result import BEFORE, MAP, TUNED, TuningResult
from distiliqa.lab.network.graph import ScoringGraph
from distiliqa.lab.network.network import Network
from distiliqa.lab.network.onnx_export import export_network, load_graph
from distiliqa.lab.network.weights import weights_file
from distiliqa.lab.train.model_card import model_card
from distiliqa.models.config import ModelConfig

MODEL, PREDICTIONS = "model", "out_of_fold.csv"
_CHECKED = 8  # slices on which ONNX must equal torch


def write_predictions(tuning: FineTuning, result: TuningResult) -> None:
    """Write the held-out predictions; `distiliqa evaluate --predictions` reads them."""
    fold_of = {at: k for k, fold in enumerate(tuning.folds, start=1) for at in fold.validation}
    rows = (
        (
            image.name,
            image.case,
            fold_of[at],
            None if np.isnan(result.label_scores[at]) else float(result.label_scores[at]),
            *(float(result.predicted[name][at]) for name in (TUNED, BEFORE, MAP)),
        )
        for at, image in enumerate(tuning.images)
    )
    columns = ("image", "case", "fold", "true", "pred", "before", "map")
    write_csv(tuning.folder / PREDICTIONS, columns, rows)


def write_result(tuning: FineTuning, facts: Mapping[str, Any], result: TuningResult) -> None:
    """Write settings, hashes and results as JSON."""
    write_json(tuning.folder / FACTS, dict(facts) | result.as_dict())


def write_model(
    tuning: FineTuning, network: Network, name: str, result: TuningResult
) -> tuple[Path, tuple[str, ...]]:
    """Write the model folder, its ONNX checked against torch.

    The distance from the training images stays where the stem stayed. The quality map is dropped,
    as it was trained for the score before. So is the hold-back of processed slices: their quality
    is now learned from the readers' ratings.

    Returns
    -------
    The folder, and notes on what was dropped.

    Raises
    ------
    DistiliqaError : see `export_network`.
    """
    before, folder = tuning.config, tuning.folder / MODEL
    keeps_domain = before.domain is not None and tuning.settings.layers != "all"
    domain = load_graph(tuning.source).domain if keeps_domain else None
    config = replace(
        before,
        name=name,
        version=f"{before.version}+tuned.{_digest(tuning, network)}",
        scale=tuning.labels.scale,
        attributes=tuning.labels.attributes,
        outputs=tuning.labels.heads,
        domain=before.domain if keeps_domain else None,
        heatmap=None,
        processed_calibration=None,
        interval_calibration=result.intervals,
        ladders=(),
        training=_training(tuning, result),
        files={},
    )
    chosen = np.linspace(0, len(tuning.cache) - 1, min(_CHECKED, len(tuning.cache))).astype(int)
    images = np.stack([tuning.cache.array(int(at))[None] for at in chosen])
    export_network(ScoringGraph(network, domain), folder, config, model_card(config), images)
    return folder, tuple(_dropped(before, keeps_domain=keeps_domain))


def _digest(tuning: FineTuning, network: Network) -> str:
    """What distinguishes a fine-tuning: scores by two of them are not on one scale."""
    content = [str(tuning.facts())]
    content += [str(tensor.sum().item()) for tensor in network.state_dict().values()]
    return hashlib.sha256("".join(content).encode()).hexdigest()[:8]


def _training(tuning: FineTuning, result: TuningResult) -> dict[str, Any]:
    """Facts for the configuration and the card, without names and paths."""
    settings, figures = tuning.settings, result.figures
    facts = {
        "fine_tuned_from": tuning.config.title,
        "model_sha256": tuning.config.files[weights_file(tuning.source).name],
        "rated_images": len(tuning.images),
        "rated_patients": len(set(tuning.cases)),
        "ratings_sha256": tuning.facts()["ratings_sha256"],
        "layers": settings.layers,
        "seed": settings.seed,
    }
    for name in (BEFORE, MAP, TUNED):
        srocc, mae = figures[name].signed_srocc, figures[name].mae
        shown = "undefined" if srocc is None else f"{srocc:.3f}"
        facts[f"held_out_{name}"] = f"srocc {shown}, mae {mae:.3f}"
    return facts | {f"note_{at}": note for at, note in enumerate(result.notes, start=1)}


def _dropped(before: ModelConfig, *, keeps_domain: bool) -> list[str]:
    notes = []
    if before.heatmap is not None:
        notes.append("the model has no heatmap: that of the model before is for another score")
    if before.processed_calibration is not None:
        notes.append("scores of processed slices are not held back: rate such images too")
    if before.domain is not None and not keeps_domain:
        notes.append("the model has no distance from its training images, as the stem has learned")
    return notes
