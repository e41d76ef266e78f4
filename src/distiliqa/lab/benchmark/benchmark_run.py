"""Run of a benchmark: every method on every outer fold with every seed, in pieces that are kept.

::

    OUT/recipe.yaml   the recipe                OUT/data.json   hashes of the data
    OUT/cache/        decoded slices
    OUT/work/         trainings, see `distiliqa.lab.benchmark.trained_methods`
    OUT/methods/METHOD/fold_F-seed_S.json   predictions of an outer fold, and what they cost
    OUT/out_of_fold/METHOD-seed_S.csv       predictions of all images

A run that was stopped goes on where it was: at the last epoch of a training, at the most.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from numpy.typing import NDArray

from distiliqa.errors import RecipeError
from distiliqa.files import json_sha256, make_folder, sha256, write_json, write_text
from distiliqa.foreign_json import read_json
from distiliqa.lab.benchmark.backbones import Rater, architecture
from distiliqa.lab.benchmark.benchmark_recipe import BenchmarkRecipe, MethodSection
from distiliqa.lab.benchmark.costs import Cost, known_cost
from distiliqa.lab.benchmark.measured_methods import out_of_fold_measure
from distiliqa.lab.benchmark.rated_set import RatedSet, open_rated_set
from distiliqa.lab.benchmark.trained_methods import Trainer
from distiliqa.lab.evaluate.out_of_fold import rows_of_fold, write_out_of_fold
from distiliqa.lab.recipe_file import read_yaml
from distiliqa.lab.train.engine import check_hardware
from distiliqa.lab.train.recipe import Recipe
from distiliqa.terminal import say

# What may change from one call to the next: predictions depend on nothing here but the precision.
_OF_THE_REPORT = ("methods", "compare_with", "primary", "resamples", "hardware")


@dataclass(frozen=True, eq=False)
class MethodResult:
    """Predictions of a method for all images.

    Attributes
    ----------
    scores : (runs, n), one run a seed; one for a method without a network.
    seconds : mean time of an outer fold, of all its trainings; None without a network.
    steps : of each training. trainings : networks that a prediction needs.
    learning_rates : of the outer folds. cost : of a slice; None without a network.
    """

    method: MethodSection
    scores: NDArray[np.float64]
    seconds: float | None = None
    steps: int | None = None
    trainings: int | None = None
    learning_rates: tuple[float, ...] = ()
    cost: Cost | None = None


@dataclass(frozen=True, eq=False)
class BenchmarkRun:
    """A benchmark in a folder, see the module."""

    recipe: BenchmarkRecipe
    rated: RatedSet
    out: Path

    def train(self, methods: Sequence[MethodSection]) -> None:
        """Train and predict what is missing of some methods.

        Raises
        ------
        DivergedError : the loss of a network is not finite. What is finished is kept.
        """
        for method in methods:
            if method.network is None:
                self._measure(method)
                continue
            for number, fold in enumerate(self.rated.folds(self._by(method)), 1):
                trainer = Trainer(self.rated, self.out / "work", number, fold, self._by(method))
                for seed in self.recipe.seeds:
                    self._train(method, trainer, seed)

    def results(self) -> list[MethodResult]:
        """The methods that are finished, in the order of the recipe; writes their predictions."""
        found = [self._result(method) for method in self.recipe.methods]
        finished = [result for result in found if result is not None]
        for result in finished:
            self._write_predictions(result)
        return finished

    def _by(self, method: MethodSection) -> str:
        return method.folds or self.recipe.folds.by

    def _piece(self, method: MethodSection, number: int, seed: int) -> Path:
        return self.out / "methods" / method.slug / f"fold_{number}-seed_{seed}.json"

    def _train(self, method: MethodSection, trainer: Trainer, seed: int) -> None:
        path = self._piece(method, trainer.number, seed)
        if self._known(method, path) is not None:
            return
        outcome = trainer.run(method, seed)
        piece = {
            "method": method.model_dump(mode="json"),
            "positions": list(trainer.fold.validation),
            "scores": outcome.scores.tolist(),
            "seconds": outcome.seconds,
            "steps": outcome.steps,
            "trainings": len(outcome.trainings),
            "learning_rate": outcome.learning_rate,
        }
        write_json(path, piece)
        say(f"{method.name}: fold {trainer.number}, seed {seed} done")

    def _known(self, method: MethodSection, path: Path) -> dict[str, Any] | None:
        """A piece, if it is there and of the same method."""
        if not path.is_file():
            return None
        piece = read_json(path)
        return piece if piece["method"] == method.model_dump(mode="json") else None

    def _measure(self, method: MethodSection) -> None:
        path = self._piece(method, 0, 0)
        if self._known(method, path) is None:
            by = self._by(method)
            scores = out_of_fold_measure(self.rated, method, by, self.out / "work")
            described = method.model_dump(mode="json")
            write_json(path, {"method": described, "scores": scores.tolist()})

    def _result(self, method: MethodSection) -> MethodResult | None:
        if method.network is None:
            known = self._known(method, self._piece(method, 0, 0))
            return None if known is None else MethodResult(method, np.array([known["scores"]]))
        numbers = range(1, self.recipe.folds.count + 1)
        keys = [(run, number) for run in range(len(self.recipe.seeds)) for number in numbers]
        paths = [self._piece(method, number, self.recipe.seeds[run]) for run, number in keys]
        pieces = [piece for path in paths if (piece := self._known(method, path)) is not None]
        if len(pieces) < len(paths):
            return None
        scores = np.full((len(self.recipe.seeds), len(self.rated.images)), np.nan)
        for (run, _), piece in zip(keys, pieces, strict=True):
            scores[run, piece["positions"]] = piece["scores"]
        return MethodResult(
            method,
            scores,
            seconds=float(np.mean([piece["seconds"] for piece in pieces])),
            steps=max(piece["steps"] for piece in pieces),
            trainings=pieces[0]["trainings"],
            learning_rates=tuple(piece["learning_rate"] for piece in pieces[: len(numbers)]),
            cost=self._cost(method),
        )

    def _cost(self, method: MethodSection) -> Cost:
        network = architecture(method, self.recipe.data.image_size)
        inner = self.recipe.folds.inner
        if method.use == "student":
            network = replace(network, outputs=inner)
        path = self.out / "work" / "costs" / f"{network.slug}-{network.outputs}.json"
        make_folder(path.parent)
        cost = known_cost(Rater(network), path)
        return cost.times(inner) if method.use == "ensemble" else cost

    def _write_predictions(self, result: MethodResult) -> None:
        folder, images = self.out / "out_of_fold", self.rated.images
        folds = self.rated.folds(self._by(result.method))
        seeds = self.recipe.seeds if result.method.network else ("none",)
        for seed, scores in zip(seeds, result.scores, strict=True):
            rows = []
            for number, fold in enumerate(folds, 1):
                rows += rows_of_fold(images, fold.validation, number, scores[list(fold.validation)])
            write_out_of_fold(folder / f"{result.method.slug}-seed_{seed}.csv", rows)


def open_benchmark(recipe: BenchmarkRecipe, out: Path) -> BenchmarkRun:
    """Begin a benchmark in a folder, or go on with the one that is there.

    Raises
    ------
    RecipeError : the folder holds a benchmark of other data, folds, seeds or budget; hardware that
        is not there; ratings or images have changed.
    """
    check_hardware(Recipe(hardware=recipe.hardware))
    path, content = out / "recipe.yaml", recipe.model_dump(mode="json")
    if path.is_file() and (other := _other_settings(read_yaml(path), content)):
        raise RecipeError(
            f"holds a benchmark with other {', '.join(other)}",
            path=out,
            remedy="choose another folder by --out",
        )
    rated = open_rated_set(recipe, out / "cache")
    _require_same_data(rated, recipe, out)
    write_text(path, yaml.safe_dump(content, sort_keys=False))
    return BenchmarkRun(recipe, rated, out)


def _other_settings(known: Mapping[str, Any], content: Mapping[str, Any]) -> list[str]:
    other = [key for key in content if key not in _OF_THE_REPORT and known.get(key) != content[key]]
    precisions = [one.get("hardware", {}).get("precision") for one in (known, content)]
    return [*other, *(["hardware.precision"] if precisions[0] != precisions[1] else [])]


def _require_same_data(rated: RatedSet, recipe: BenchmarkRecipe, out: Path) -> None:
    """Raise `RecipeError` where labels, patients, folds or images are not those it began with."""
    labels = [(image.name, image.score) for image in rated.images]
    patients = [(image.case, image.source) for image in rated.images]
    facts = {
        "labels_sha256": json_sha256(labels),
        "patients_sha256": json_sha256(patients),
        "slices_sha256": sha256(rated.cache.path),
    }
    # Any column of the manifest may decide on folds.
    splits = {recipe.folds.by, *(method.folds for method in recipe.methods if method.folds)}
    facts |= {f"folds_by_{by}_sha256": json_sha256(rated.folds(by)) for by in sorted(splits)}
    path = out / "data.json"
    known = read_json(path) if path.is_file() else {}
    if any(known.get(name, value) != value for name, value in facts.items()):
        raise RecipeError(
            "its ratings, patients, folds or images have changed since it was started",
            path=out,
            remedy="put them back, or choose another folder by --out",
        )
    write_json(path, known | facts)
