"""A whole benchmark: pieces that are kept, no leak, and teachers that methods share."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from distiliqa.errors import DivergedError, RecipeError
from distiliqa.foreign_json import read_json
from distiliqa.lab.benchmark.backbones import architecture
from distiliqa.lab.benchmark.benchmark_recipe import BenchmarkRecipe
from distiliqa.lab.benchmark.benchmark_run import open_benchmark
from distiliqa.lab.benchmark.benchmark_table import make_table
from distiliqa.lab.benchmark.estimate import estimated
from distiliqa.lab.benchmark.trained_methods import Trainer
from distiliqa.lab.evaluate.out_of_fold import read_out_of_fold
from distiliqa.lab.train import engine
from distiliqa.lab.train.callbacks import LastCheckpoint
from distiliqa.lab.train.teacher import TeacherModule

Make = Callable[..., BenchmarkRecipe]
METHODS = [
    {"name": "teacher", "network": "compact"},
    {"name": "ensemble", "network": "compact", "use": "ensemble"},
    {"name": "student", "network": "compact", "use": "student"},
    {"name": "no teachers", "network": "compact", "use": "student", "distill_weight": 0},
    {"name": "contiguous", "network": "compact", "folds": "contiguous"},
    {"name": "noise", "measure": "noise_level"},
]
TWO_RATES = {"learning_rates": [1.0e-3, 1.0e-2], "epochs": 1}


def test_all_kinds_of_methods(benchmark_recipe: Make, tmp_path: Path) -> None:
    recipe = benchmark_recipe(METHODS, seeds=[0, 1], tuning=TWO_RATES)
    run = open_benchmark(recipe, tmp_path / "out")
    run.train(recipe.methods)
    results = {result.method.name: result for result in run.results()}
    assert list(results) == [method["name"] for method in METHODS]
    labels = run.rated.labels
    for result in results.values():
        seeds = 2 if result.method.network else 1
        assert result.scores.shape == (seeds, len(labels))
        assert np.isfinite(result.scores).all()
        files = list((tmp_path / "out" / "out_of_fold").glob(f"{result.method.slug}-seed_*.csv"))
        assert len(files) == seeds
        for path in files:
            rows = read_out_of_fold(path)
            assert sorted(row.image for row in rows) == sorted(i.name for i in run.rated.images)
    # Two teachers of each of two folds and two seeds, shared; and two rates in each fold.
    of_compact = tmp_path / "out" / "work" / "compact"
    assert len(list(of_compact.rglob("teacher_*/result.json"))) == 8
    assert len(list(of_compact.rglob("rate_*/result.json"))) == 4
    assert len(list(of_compact.rglob("student-*/result.json"))) == 8
    assert not list(of_compact.rglob("last.ckpt"))
    teacher, ensemble = results["teacher"], results["ensemble"]
    assert teacher.seconds is not None
    assert ensemble.seconds is not None
    assert ensemble.seconds > teacher.seconds
    assert teacher.cost is not None
    assert ensemble.cost == teacher.cost.times(2)
    counts = {name: result.trainings for name, result in results.items()}
    assert counts == {
        "teacher": 1, "ensemble": 2, "student": 3, "no teachers": 1, "contiguous": 1, "noise": None
    }  # fmt: skip
    # Of three patients of three images each, the first inner fold leaves one, the second two, in
    # batches of three; a contiguous one leaves four images of nine.
    steps = {name: result.steps for name, result in results.items()}
    assert steps == {
        "teacher": 1, "ensemble": 2, "student": 2, "no teachers": 1, "contiguous": 2, "noise": None
    }  # fmt: skip
    lines = list(estimated(run, recipe.methods))
    # Each fold: two rates for an epoch, and in two seeds 2 teachers, 2 students and their table.
    epochs = 2 * (2 * 1 + 2 * (2 + 2 + 1 * 2 / 3))
    assert lines[0].startswith(f"compact: {epochs}")
    assert lines[-1].endswith("hours of training, if nothing else runs")


def test_what_is_done_is_not_done_again(
    benchmark_recipe: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recipe = benchmark_recipe(METHODS[:1])
    run = open_benchmark(recipe, tmp_path / "out")
    _, second = run.rated.folds("case")
    run.train(recipe.methods)
    known = run.results()[0].scores
    piece = tmp_path / "out" / "methods" / "teacher" / "fold_2-seed_0.json"
    assert read_json(piece)["positions"] == list(second.validation)
    piece.unlink()
    assert make_table(run).notes[-1] == "not finished yet: teacher"
    monkeypatch.setattr(engine, "make_trainer", None)  # nothing is trained from here on
    run.train(recipe.methods)
    np.testing.assert_allclose(run.results()[0].scores, known, atol=1e-6)


def test_a_stopped_training_goes_on(
    benchmark_recipe: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    training = {"epochs": 3, "batch_size": 3, "optimizer": "adamw"}
    recipe = benchmark_recipe(METHODS[:1], training=training)
    whole = open_benchmark(recipe, tmp_path / "whole")
    whole.train(recipe.methods)
    save = LastCheckpoint.on_train_epoch_end

    def stop_after_two(self, trainer, module):  # type: ignore[no-untyped-def]
        save(self, trainer, module)
        if trainer.current_epoch == 1:
            raise KeyboardInterrupt

    stopped = open_benchmark(recipe, tmp_path / "stopped")
    monkeypatch.setattr(LastCheckpoint, "on_train_epoch_end", stop_after_two)
    with pytest.raises(KeyboardInterrupt):
        stopped.train(recipe.methods)
    monkeypatch.setattr(LastCheckpoint, "on_train_epoch_end", save)
    stopped.train(recipe.methods)
    found, expected = (run.results()[0].scores for run in (stopped, whole))
    np.testing.assert_allclose(found, expected, atol=1e-5)


def test_a_rate_that_diverges_is_not_chosen(
    benchmark_recipe: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recipe = benchmark_recipe(METHODS[:1], tuning={"learning_rates": [9, 5, 1e-3], "epochs": 1})
    run = open_benchmark(recipe, tmp_path / "out")
    trainer = Trainer(run.rated, tmp_path / "work", 1, run.rated.folds("case")[0], "case")
    network = architecture(recipe.methods[0], 96)
    step = TeacherModule.training_step

    def diverge(self, batch, number):  # type: ignore[no-untyped-def]
        loss = step(self, batch, number)
        if self.step.learning_rate > 8 * limit:
            return self.checked(loss * torch.nan)
        if self.step.learning_rate > limit:  # the loss was finite, the weights no longer are
            return loss + torch.nan * self.network.body.vit.heads.bias.sum()
        return loss

    monkeypatch.setattr(TeacherModule, "training_step", diverge)
    limit = 1.0
    assert trainer.learning_rate(network) == 1e-3
    folder = tmp_path / "work" / "compact" / "fold_1"
    assert "the loss is nan" in read_json(folder / "rate_9" / "diverged.json")["problem"]
    kept = read_json(folder / "rate_5" / "diverged.json")["problem"]
    assert kept == "a held-out prediction is nan in epoch 0"
    limit = 10.0  # a rate that diverged is not tried again
    assert trainer.learning_rate(network) == 1e-3
    limit = 0.0
    other = replace(trainer, work=tmp_path / "other")
    with pytest.raises(DivergedError, match="compact is not finite with any learning rate; give"):
        other.learning_rate(network)


def test_images_of_the_outer_fold_have_no_say(benchmark_recipe: Make, tmp_path: Path) -> None:
    """Labels of the held-out images that are turned around change no prediction of them."""
    recipe = benchmark_recipe(METHODS[2:3], tuning=TWO_RATES)
    plain = open_benchmark(recipe, tmp_path / "plain")
    turned = open_benchmark(recipe, tmp_path / "turned")
    fold = plain.rated.folds("case")[0]
    for at in fold.validation:
        image = turned.rated.images[at]
        object.__setattr__(image, "score", 4 - image.score)
    found = []
    for run in (plain, turned):
        trainer = Trainer(run.rated, run.out / "work", 1, fold, "case")
        found.append(trainer.run(recipe.methods[0], 0).scores)
    np.testing.assert_array_equal(*found)


def test_another_benchmark_needs_another_folder(benchmark_recipe: Make, tmp_path: Path) -> None:
    open_benchmark(benchmark_recipe(METHODS[:1]), tmp_path / "out")
    open_benchmark(benchmark_recipe(METHODS, resamples=200), tmp_path / "out")
    with pytest.raises(RecipeError, match="holds a benchmark with other seeds"):
        open_benchmark(benchmark_recipe(METHODS, seeds=[1]), tmp_path / "out")
    half = {"accelerator": "cpu", "precision": "bf16-mixed"}
    with pytest.raises(RecipeError, match=r"holds a benchmark with other hardware\.precision"):
        open_benchmark(benchmark_recipe(METHODS, hardware=half), tmp_path / "out")


def test_other_folds_by_a_column_need_another_folder(
    benchmark_recipe: Make, rated_doses: Path, tmp_path: Path
) -> None:
    data = shutil.copytree(rated_doses, tmp_path / "data")
    rows = (data / "manifest.csv").read_text().splitlines()
    sites = ["site", *(f"s{at // 3 % 2}" for at in range(len(rows) - 1))]

    def write(column: list[str]) -> None:
        pairs = zip(rows, column, strict=True)
        (data / "manifest.csv").write_text("\n".join(f"{row},{site}" for row, site in pairs))

    write(sites)
    recipe = benchmark_recipe(
        [*METHODS[:1], {"name": "site", "network": "compact", "folds": "site"}]
    )
    where = {"folder": data, "ratings": data / "train.json"}
    recipe = recipe.model_copy(update={"data": recipe.data.model_copy(update=where)})
    open_benchmark(recipe, tmp_path / "out")
    write(["site", *(f"s{at // 9}" for at in range(len(rows) - 1))])
    with pytest.raises(RecipeError, match="ratings, patients, folds or images have changed"):
        open_benchmark(recipe, tmp_path / "out")
    write(sites)
    open_benchmark(recipe, tmp_path / "out")


@pytest.mark.parametrize("file", ["train.json", "manifest.csv"])
def test_other_labels_or_patients_need_another_folder(
    benchmark_recipe: Make, rated_doses: Path, tmp_path: Path, file: str
) -> None:
    data = shutil.copytree(rated_doses, tmp_path / "data")
    where = {"folder": data, "ratings": data / "train.json"}
    recipe = benchmark_recipe(METHODS[:1])
    recipe = recipe.model_copy(update={"data": recipe.data.model_copy(update=where)})
    open_benchmark(recipe, tmp_path / "out")
    before = (data / file).read_text()
    first = {"train.json": ": 0.5,", "manifest.csv": "npy,p9,"}[file]
    kind = {"train.json": r": [\d.]+,", "manifest.csv": "npy,p0,"}[file]
    (data / file).write_text(re.sub(kind, first, before, count=1))
    with pytest.raises(RecipeError, match="ratings, patients, folds or images have changed"):
        open_benchmark(recipe, tmp_path / "out")
    (data / file).write_text(before)
    open_benchmark(recipe, tmp_path / "out")
