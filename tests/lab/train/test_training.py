"""Teachers, student, prediction and export on one run."""

from __future__ import annotations

import csv
import errno
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import lightning
import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from tests.support.disks import full_disk

from distiliqa.errors import DistiliqaError, RecipeError
from distiliqa.files import make_folder, write_json
from distiliqa.foreign_json import read_json
from distiliqa.lab.evaluate.predictor import load_predictor
from distiliqa.lab.network.weights import read_network
from distiliqa.lab.train import calibration
from distiliqa.lab.train.engine import LAST
from distiliqa.lab.train.export_student import export_run
from distiliqa.lab.train.recipe import Recipe
from distiliqa.lab.train.runs import open_run, start_run
from distiliqa.lab.train.student import train_student
from distiliqa.lab.train.teacher import train_teachers
from distiliqa.lab.train.teacher_outputs import TABLE
from distiliqa.lab.train.teacher_ratings import rate_held_out, rated_by_teachers
from distiliqa.lab.train.training_run import TrainingRun
from distiliqa.models.folder import read_config

MakeRecipe = Callable[..., Recipe]


def table(path: Path) -> list[dict[str, str]]:
    with path.open() as file:
        return list(csv.DictReader(file))


def test_tables_begin_with_the_published_columns(trained: TrainingRun) -> None:
    teacher = table(trained.fold_folder(1) / "train_info_fold_1.csv")
    published = ["Epoch", "overall_perf", "train_loss", "val_overall_perf", "val_loss"]
    assert list(teacher[0])[:5] == published
    student = table(trained.student_folder / "train_info_student.csv")
    assert list(student[0])[:4] == ["Epoch", "overall_perf", "loss", "teacher_overall_perf"]
    assert [row["Epoch"] for row in student] == ["0", "1"]


def test_learning_rate_falls_as_half_a_cosine(trained: TrainingRun) -> None:
    rates = [
        float(row["learning_rate"])
        for row in table(trained.fold_folder(1) / "train_info_fold_1.csv")
    ]
    assert rates == pytest.approx([3e-3, (3e-3 + 1e-6) / 2])


def test_no_case_is_trained_on_and_held_out(trained: TrainingRun) -> None:
    for fold in trained.folds:
        sides = [{trained.images[i].case for i in side} for side in fold]
        assert not sides[0] & sides[1]
    held_out = read_json(trained.student_folder / "result.json")["held_out"]
    assert held_out == [trained.images[i].name for i in trained.folds[0].validation]


def test_run_folder_states_how_it_was_made(trained: TrainingRun) -> None:
    facts = read_json(trained.folder / "run.json")
    assert facts["images"] == 12
    assert len(facts["ratings_sha256"]) == len(facts["slices_sha256"]) == 64
    assert open_run(trained.folder).recipe == trained.recipe
    assert (trained.fold_folder(2) / "curves.png").stat().st_size > 1000


def test_predictions_of_ensemble_member_student_and_run(trained: TrainingRun) -> None:
    images = trained.cache.array(slice(0, 3))[:, None]
    members = [load_predictor(trained.fold_folder(k)).predict(images) for k in (1, 2)]
    ensemble = load_predictor(trained.folder / "teacher").predict(images)
    np.testing.assert_array_equal(ensemble, np.hstack(members))
    student = load_predictor(trained.student_folder).predict(images)
    assert student.shape == (3, 2)
    np.testing.assert_array_equal(load_predictor(trained.folder).predict(images), student)


def test_exported_model_is_the_student(trained: TrainingRun, tmp_path: Path) -> None:
    assert export_run(trained, tmp_path / "toy", name="toy") < 1e-4
    config = read_config(tmp_path / "toy")
    assert (config.name, config.outputs, config.training["cases"]) == ("toy", 2, 4)
    images = trained.cache.array(slice(0, 3))[:, None]
    np.testing.assert_array_equal(
        load_predictor(tmp_path / "toy").predict(images),
        load_predictor(trained.student_folder).predict(images),
    )
    assert "12 images of 4 cases" in (tmp_path / "toy" / "README.md").read_text()


def test_intervals_are_not_set_on_images_that_were_not_held_out(
    trained: TrainingRun, tmp_path: Path
) -> None:
    typical = tmp_path / "typical.json"
    typical.write_text('{"unknown": 0.5}')
    with pytest.raises(RecipeError, match="0 of the images for calibration were held out"):
        export_run(trained, tmp_path / "toy", name="toy", typical=typical)


def test_same_seed_gives_the_same_weights(
    trained: TrainingRun, recipe: MakeRecipe, tmp_path: Path
) -> None:
    run = start_run(tmp_path / "again", recipe(), resume=False)
    train_teachers(run, only=2)
    assert not run.teacher_result(1).exists()
    first, second = (load_file(r.teacher_weights(2)) for r in (trained, run))
    assert all(torch.equal(first[name], second[name]) for name in first)


@pytest.mark.parametrize(
    "overrides",
    [
        {"student.distillation": "published", "student.select_on": "training"},
        {"augmentation": "dihedral+rescale"},
        {"augmentation": "none", "student.accumulate": 2},
        {"student.crops": 0.6, "student.averaging": 0.5},
    ],
)
def test_named_switches_train(
    trained: TrainingRun, recipe: MakeRecipe, tmp_path: Path, overrides: dict[str, str]
) -> None:
    run = start_run(tmp_path / "run", recipe(**overrides), resume=False)
    train_student(run, teachers=[read_network(trained.teacher_weights(k)) for k in (1, 2)])
    held_out = read_json(run.student_folder / "result.json")["held_out"]
    assert bool(held_out) is (overrides.get("student.select_on") != "training")
    has_table = (run.student_folder / "teacher_outputs.npy").is_file()
    assert has_table is (overrides.get("augmentation") != "dihedral+rescale")


def test_a_network_that_learns_beats_one_that_does_not(recipe: MakeRecipe, tmp_path: Path) -> None:
    run = start_run(tmp_path / "run", recipe(**{"teacher.epochs": 8}), resume=False)
    train_teachers(run, only=1)
    rows = table(run.fold_folder(1) / "train_info_fold_1.csv")
    assert float(rows[-1]["train_loss"]) < 0.5 * float(rows[0]["train_loss"])


def test_lower_may_be_better(
    trained: TrainingRun, recipe: MakeRecipe, rated_folder: Path, tmp_path: Path
) -> None:
    ratings, scores = tmp_path / "train.json", read_json(rated_folder / "train.json")
    write_json(ratings, {name: 5 - 4 * score for name, score in scores.items()})  # 1 is best
    shutil.copy(rated_folder / "manifest.csv", tmp_path)
    scale = {"data.scale": [1, 5], "data.higher_is_better": False}
    settings = recipe(**{"data.ratings": str(ratings), "teacher.epochs": 1} | scale)
    run = start_run(tmp_path / "run", settings, resume=False)
    train_student(run, teachers=[read_network(trained.teacher_weights(k)) for k in (1, 2)])
    export_run(run, tmp_path / "model", name="toy")
    config = read_config(tmp_path / "model")
    assert (config.scale.higher_is_better, config.scale.worst) == (False, 5)
    assert "1 to 5, lower is better" in (tmp_path / "model" / "README.md").read_text()


def test_tensorboard_logs_when_asked(recipe: MakeRecipe, tmp_path: Path) -> None:
    run = start_run(tmp_path / "run", recipe(tensorboard=True), resume=False)
    train_teachers(run, only=1)
    (events,) = run.fold_folder(1).glob("events.out.tfevents.*")
    assert b"val_overall_perf" in events.read_bytes()


def test_early_stop_ends_before_the_last_epoch(recipe: MakeRecipe, tmp_path: Path) -> None:
    settings = {"teacher.epochs": 30, "teacher.patience": 1, "teacher.learning_rate": 1e-12}
    run = start_run(tmp_path / "run", recipe(**settings), resume=False)
    train_teachers(run, only=1)
    epochs = table(run.fold_folder(1) / "train_info_fold_1.csv")
    assert len(epochs) < 30
    run.teacher_result(1).unlink()  # as if it was killed before it was finished
    train_teachers(run, only=1, resume=True)
    assert table(run.fold_folder(1) / "train_info_fold_1.csv") == epochs
    assert run.teacher_result(1).is_file()


def test_weights_are_averaged_once_a_step(recipe: MakeRecipe, tmp_path: Path) -> None:
    settings = {"teacher.epochs": 1, "teacher.batch_size": 2, "teacher.accumulate": 2}
    settings |= {"teacher.averaging": 0.9}
    run = start_run(tmp_path / "run", recipe(**settings), resume=False)
    train_teachers(run, only=1)
    last = torch.load(run.fold_folder(1) / LAST, weights_only=True)
    batches = -(-len(run.fold(1).train) // 2)
    assert last["state_dict"]["averaged.n_averaged"] == last["global_step"] == -(-batches // 2)


def test_a_loss_that_is_not_a_number_is_an_error(recipe: MakeRecipe, tmp_path: Path) -> None:
    settings = {"teacher.learning_rate": 1e30, "teacher.optimizer": "sgd"}
    run = start_run(tmp_path / "run", recipe(**settings), resume=False)
    with pytest.raises(
        DistiliqaError, match=r"the loss is (nan|inf) in epoch .*lower learning_rate"
    ):
        train_teachers(run, only=1)


def test_a_full_disk_is_one_line_and_keeps_the_best_weights(
    recipe: MakeRecipe, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lightning.Trainer, "save_checkpoint", full_disk)
    run = start_run(tmp_path / "run", recipe(), resume=False)
    with pytest.raises(DistiliqaError, match=r"last.ckpt: cannot be written .*free some space"):
        train_teachers(run, only=1)
    assert read_network(run.teacher_weights(1)).config.outputs == 1


def test_a_checkpoint_that_is_cut_short_leaves_the_one_before(
    recipe: MakeRecipe, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = start_run(tmp_path / "run", recipe(**{"teacher.epochs": 1}), resume=False)
    train_teachers(run, only=1)
    before = (run.fold_folder(1) / LAST).read_bytes()

    def cut_short(trainer: lightning.Trainer, path: Path) -> None:
        path.write_bytes(before[:100])
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(lightning.Trainer, "save_checkpoint", cut_short)
    longer = start_run(tmp_path / "longer", recipe(**{"teacher.epochs": 2}), resume=False)
    (make_folder(longer.fold_folder(1)) / LAST).write_bytes(before)
    with pytest.raises(DistiliqaError, match=r"last.ckpt: cannot be written"):
        train_teachers(longer, only=1, resume=True)
    assert (longer.fold_folder(1) / LAST).read_bytes() == before


def test_a_label_outside_the_scale_is_an_error(recipe: MakeRecipe, tmp_path: Path) -> None:
    with pytest.raises(DistiliqaError, match="outside the scale"):
        start_run(tmp_path / "run", recipe(**{"data.scale": [0, 0.5]}), resume=False)


@pytest.mark.parametrize(
    "hardware",
    [
        {"accelerator": "gpuu"},
        {"accelerator": "cpu", "devices": [0]},
        {"accelerator": "cpu", "devices": 0},
        {"strategy": "dpp"},
    ],
)
def test_hardware_that_is_not_there_is_one_line(
    recipe: MakeRecipe, tmp_path: Path, hardware: dict[str, Any]
) -> None:
    settings = recipe(**{f"hardware.{key}": value for key, value in hardware.items()})
    with pytest.raises(RecipeError, match=r"^hardware: ") as error:
        start_run(tmp_path / "run", settings, resume=False)
    assert "\n" not in str(error.value)
    assert not (tmp_path / "run" / "cache").exists()


def test_maps_and_processing_are_learned_and_exported(
    recipe: MakeRecipe, mapped_folder: Path, tmp_path: Path
) -> None:
    both = {"map_weight": 1.0, "processed_weight": 0.5, "composites": 0.5, "crops": 0.3}
    settings = {f"{step}.{key}": both[key] for step in ("teacher", "student") for key in both}
    data = {
        "data.folder": str(mapped_folder),
        "data.ratings": str(mapped_folder / "train.json"),
        "data.scale": [0, 1],
    }
    run = start_run(tmp_path / "run", recipe(**settings, **data), resume=False)
    train_teachers(run)
    train_student(run)
    row = table(run.student_folder / "train_info_student.csv")[-1]
    assert 0 < float(row["val_map_mae"]) < 2
    assert 0 < float(row["val_processed_loss"]) < 5
    folder = tmp_path / "model"
    export_run(run, folder, name="mapped")
    config = read_config(folder)
    assert config.heatmap == (16, 16)
    assert config.processed
    assert {path.name for path in folder.iterdir()} == {"model.onnx", "config.json", "README.md"}
    changed = next(mapped_folder.glob("*.npz"))
    maps = dict(np.load(changed))
    np.savez(changed, quality=maps["quality"], weight=maps["weight"] / 2)
    with pytest.raises(RecipeError, match="images have changed"):
        open_run(run.folder)


def test_pretraining_on_named_patients_keeps_them_in_training(
    recipe: MakeRecipe, rated_folder: Path, tmp_path: Path
) -> None:
    (tmp_path / "pretrained.txt").write_text("case0\ncase1\n", encoding="utf-8")
    named = str(tmp_path / "pretrained.txt")
    first = start_run(tmp_path / "first", recipe(**{"data.cases": named}), resume=False)
    assert {image.case for image in first.images} == {"case0", "case1"}
    train_teachers(first, only=1)
    settings = {
        "folds.always_train": named,
        "initial_weights": str(first.teacher_weights(1)),
        "teacher.epochs": 1,
        "teacher.select_on": "error_and_ladders",
    }
    run = start_run(tmp_path / "run", recipe(**settings), resume=False)
    for fold in run.folds:
        assert {run.images[at].case for at in fold.validation} <= {"case2", "case3"}
        assert {"case0", "case1"} < {run.images[at].case for at in fold.train}
    train_teachers(run, only=1)
    (row,) = table(run.fold_folder(1) / "train_info_fold_1.csv")
    assert 0 <= float(row["val_ordered"]) <= 1
    assert open_run(run.folder).folds == run.folds
    with pytest.raises(RecipeError, match="no image of the case 'case7'"):
        start_run(tmp_path / "none", recipe(**{"data.cases": ["case7"]}), resume=False)


def test_teachers_that_see_all_are_asked_once_an_image(
    trained: TrainingRun,
) -> None:
    """The stored answers are those of the teachers for the image as it is.

    Its flips have nearly the same: it is symmetric but for noise, so its pose is not sharp.
    """
    outputs = np.load(trained.student_folder / TABLE)
    fold = trained.fold(trained.recipe.student.held_out_fold)
    assert outputs.shape == (len(trained.images), 1, 2)
    assert np.isfinite(outputs[list(fold.train)]).all()
    assert np.isnan(outputs[list(fold.validation)]).all()
    at = fold.train[0]
    image = torch.from_numpy(trained.cache.array(at))[None, None]
    for k in (1, 2):
        teacher = read_network(trained.teacher_weights(k))
        with torch.inference_mode():
            both = teacher(torch.cat([image, image.flip(-1)]))[:, 0].numpy()
        np.testing.assert_allclose(both[0], outputs[at, 0, k - 1], atol=1e-5)
        np.testing.assert_allclose(both[1], both[0], atol=1e-2)


def test_intervals_are_calibrated_by_the_teachers_that_did_not_see_the_patient(
    trained: TrainingRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    spread = {at: at / 100 for at in range(12)}
    ratings = rate_held_out(trained)
    assert ratings is not None
    assert set(ratings.kinds) == {""}
    rated = rated_by_teachers(trained, ratings, spread, None)
    places = [at for fold in trained.folds for at in fold.validation]
    assert sorted(places) == list(range(12))
    assert rated.cases == [trained.images[at].case for at in places]
    teacher = read_network(trained.teacher_weights(1))
    first = list(trained.folds[0].validation)
    with torch.inference_mode():
        scores = teacher(torch.from_numpy(trained.cache.images[first] / np.float32(65535))[:, None])
    labels = np.array([trained.images[at].score for at in first])
    errors = scores[:, 0].numpy() - labels
    np.testing.assert_allclose(rated.errors[: len(first)], errors, atol=1e-4)
    np.testing.assert_allclose(rated.spread, np.array(places) / 100)
    name = trained.images[places[3]].name
    few = rate_held_out(trained, {name})
    assert few is not None
    assert few.positions == (places[3],)
    assert len(rated_by_teachers(trained, ratings, spread, {name}).errors) == 1
    monkeypatch.setattr(calibration, "_MIN_HELD_OUT", 2)
    network = read_network(trained.student_folder / "best.safetensors")
    monkeypatch.setattr(calibration, "COVERAGE", 0.8)  # for which four patients are too few
    whole = calibration.calibrate_student(trained, network)
    assert whole.intervals is not None
    assert (whole.intervals.images, whole.coverage, whole.processed) == (6, (), None)
    monkeypatch.setattr(calibration, "COVERAGE", 0.6)
    student = calibration.calibrate_student(trained, network)
    found = student.intervals
    assert found is not None
    assert len(student.coverage) == 4
    assert all(0 <= share <= 1 for share in student.coverage)
    assert (found.images, found.cases, found.coverage) == (12, 4, 0.6)
    assert found.width is not None
