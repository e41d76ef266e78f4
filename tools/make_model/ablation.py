"""Train a network without each part of the recipe, and rate all of them on held-out patients.

    python -m tools.make_model.ablation training/compact --work DIR

DIR is the work folder of `make model`, behind its step `simulate`. Every row of ablation.yaml is
trained once a seed, in DIR/ablation; a run that was interrupted goes on. The table is written as
ablation.md and ablation.json beside the settings, and printed.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from distiliqa.files import make_folder, write_json, write_text
from distiliqa.foreign_json import read_json
from distiliqa.lab.data.rated_folder import TEST, TRAIN
from distiliqa.lab.data.ratings import RatedImage, read_ratings
from distiliqa.lab.evaluate.predictor import load_predictor, predict
from distiliqa.lab.train.ladders import Ladders
from distiliqa.lab.train.recipe import Recipe, load_recipe
from distiliqa.lab.train.runs import start_run
from distiliqa.lab.train.teacher import train_teachers
from distiliqa.lab.train.training_run import TrainingRun
from distiliqa.statistics.agreement import agreement
from distiliqa.statistics.group_bootstrap import bootstrap
from distiliqa.version import __version__
from tools.entry import run
from tools.make_model.ablation_images import challenge_images, similarity_ratings
from tools.make_model.ablation_settings import AblationSettings, RowSettings, load_ablation
from tools.make_model.patients import FILE as PATIENTS
from tools.make_model.patients import load_patients

TABLE, RECORD, FOUND = "ablation.md", "ablation.json", "found.json"
FIGURES = ("srocc", "mae", "ordered")
_HEAD = """\
# What each part of the recipe brings

One network a row and seed. All start from random weights and see {shown} images; a fifth of the
training patients select the epoch. Evaluated on {images} images of {patients} patients that no
training saw, with all faults. Intervals of 95 % draw patients, of the first seed. The other figures
are given for each seed: rows that differ by less than seeds do are alike.

| row | SROCC | its interval | mean absolute error | versions of a slice in order |
|---|---|---|---|---|
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("settings", type=Path, help="folder of ablation.yaml and patients.yaml")
    parser.add_argument("--work", type=Path, required=True, help="work folder of make model")
    parser.add_argument("--only", metavar="ROW", help="train this row alone")
    chosen = parser.parse_args()
    settings = load_ablation(chosen.settings)
    rows = list(trained(settings, chosen.settings, chosen.work, chosen.only))
    if chosen.only is None:
        text = table(rows, settings)
        write_text(chosen.settings / TABLE, text)
        write_json(chosen.settings / RECORD, {"version": __version__, "rows": rows})
        print(text, end="")


def trained(
    settings: AblationSettings, home: Path, work: Path, only: str | None
) -> Iterator[dict[str, Any]]:
    """Figures of each row and seed."""
    for name, row in settings.rows.items():
        for seed in settings.seeds:
            if only in (None, name):
                folder = make_folder(work / "ablation" / f"{name.replace(' ', '_')}_{seed}")
                yield {"row": name, "seed": seed, **_row(settings, row, seed, home, work, folder)}


def _row(
    settings: AblationSettings, row: RowSettings, seed: int, home: Path, work: Path, folder: Path
) -> dict[str, Any]:
    if not (folder / FOUND).is_file():
        images = work / "simulate" / "training"
        if row.images == "challenge":
            images = challenge_images(settings.challenge, work)
        ratings = images / TRAIN
        if row.labels == "structural_similarity":
            ratings = similarity_ratings(images, work / "ablation")
        data = {"data.folder": str(images), "data.ratings": str(ratings)}
        recipe = load_recipe(settings.recipe, data | _changes(row, seed, home))
        run = _of_equal_length(recipe, folder / "run", settings.images_shown)
        train_teachers(run, only=1, resume=True)
        write_json(folder / FOUND, asked(run, work))
    found: dict[str, Any] = read_json(folder / FOUND)
    return found


def _changes(row: RowSettings, seed: int, home: Path) -> dict[str, Any]:
    """Keys of the recipe that differ in a row."""
    changes = {"seed": seed, "folds.without": [], "data.without": list(row.without), **row.recipe}
    if row.patients is not None:
        patients = load_patients(home / PATIENTS).of(row.patients)
        changes["data.cases"] = sorted(patient.patient for patient in patients)
    return changes


def _of_equal_length(recipe: Recipe, folder: Path, images_shown: int) -> TrainingRun:
    """Run of as many epochs as show this number of images."""
    draft = start_run(folder.with_name("draft"), recipe, resume=True)
    epochs = max(round(images_shown / len(draft.fold(1).train)), 1)
    step = recipe.teacher.model_copy(update={"epochs": epochs})
    return start_run(folder, recipe.model_copy(update={"teacher": step}), resume=True)


def asked(run: TrainingRun, work: Path) -> dict[str, Any]:
    """Agreement of a network with the labels of the held-out patients."""
    images = held_out_images(work)
    predictor = load_predictor(run.teacher_weights(1))
    scores = predict(predictor, images, cache_folder=work / "ablation" / "cache").mean(axis=1)
    labels = np.array([image.score for image in images])
    cases = [str(image.case) for image in images]
    at = np.arange(len(images))
    return {
        "srocc": agreement(scores, labels).srocc,
        "interval": bootstrap(scores, labels, cases).bounds["srocc"],
        "mae": float(np.abs(scores - labels).mean()),
        "ordered": Ladders(images, at.tolist(), run.recipe.data.span).ordered(at, scores),
        "images": len(images),
        "patients": len(set(cases)),
        "epochs": run.recipe.teacher.epochs,
    }


def held_out_images(work: Path) -> tuple[RatedImage, ...]:
    """Images of all faults of the patients that no training saw."""
    folder = work / "simulate" / "held_out"
    return read_ratings(folder, folder / TEST)


def table(rows: list[dict[str, Any]], settings: AblationSettings) -> str:
    """All rows as Markdown: each figure once a seed."""
    first = rows[0]
    head = _HEAD.format(
        shown=f"{settings.images_shown:,}", images=first["images"], patients=first["patients"]
    )
    lines = []
    for name in settings.rows:
        found = [row for row in rows if row["row"] == name]
        low, high = found[0]["interval"]
        srocc, *others = (" ".join(f"{row[key]:.3f}" for row in found) for key in FIGURES)
        cells = (name, srocc, f"{low:.3f} to {high:.3f}", *others)
        lines.append(f"| {' | '.join(cells)} |\n")
    return head + "".join(lines)


if __name__ == "__main__":
    run(main)
