"""Teachers, student, prediction and export on one run."""

from __future__ import annotations

import csv
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

from distiliqa.errors import DistiliqaError, ModelFolderError, RecipeError
from distiliqa.files import sha256, write_json
from distiliqa.foreign_json import read_json
from distiliqa.lab.evaluate.predictor import load_predictor
from distiliqa.lab.network.sizes import NetworkConfig
from distiliqa.lab.network.transformer import VisionTransformer
from distiliqa.lab.network.weights import read_network, weights_file
from distiliqa.lab.train import calibration
from distiliqa.lab.train.engine import LAST
from distiliqa.lab.train.export_student import export_run
from distiliqa.lab.train.recipe import Recipe, load_recipe
from distiliqa.lab.train.runs import open_run, start_run
from distiliqa.lab.train.student import is_distilled_from, train_student
from distiliqa.lab.train.teacher import train_teachers
from distiliqa.lab.train.teacher_outputs import TABLE
from distiliqa.lab.train.teacher_ratings import rate_held_out, rated_by_teachers
from distiliqa.lab.train.training_run import RESULT, TrainingRun
from distiliqa.models.folder import read_config, shipped_models

MakeRecipe = Callable[..., Recipe]
NOT_OF_RECIPES = ("outputs", "image_size", "map", "processed")


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory, rated_folder: Path) -> TrainingRun:
    data = {"data.folder": str(rated_folder), "data.ratings": str(rated_folder / "train.json")}
    run = start_run(tmp_path_factory.mktemp("run"), load_recipe("smoke", data), resume=False)
    train_teachers(run)
    train_student(run)
    return run


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


def test_a_run_starts_from_trained_weights(
    trained: TrainingRun, recipe: MakeRecipe, tmp_path: Path
) -> None:
    first = trained.teacher_weights(1)
    run = start_run(tmp_path / "run", recipe(initial_weights=str(first)), resume=False)
    image = torch.rand(1, 1, 512, 512)
    with torch.inference_mode():
        taught, student = (
            read_network(first)(image),
            run.new_network(3, run.recipe.teacher).eval()(image),
        )
    torch.testing.assert_close(student, taught.expand(1, 3))
    assert read_json(run.folder / "run.json")["initial_weights_sha256"] == sha256(first)
    other = recipe(initial_weights=str(first), **{"network.depth": 2})
    with pytest.raises(RecipeError, match="other sizes"):
        start_run(tmp_path / "other", other, resume=False).new_network(1, other.teacher)


def test_a_run_starts_from_a_shipped_model_or_a_model_folder(
    recipe: MakeRecipe, rated_folder: Path, tmp_path: Path
) -> None:
    data = {"data.folder": str(rated_folder), "data.ratings": str(rated_folder / "train.json")}
    shipped = shipped_models()["compact"]
    sizes = NetworkConfig(**read_config(shipped).architecture).as_dict()
    data |= {f"network.{name}": sizes[name] for name in sizes if name not in NOT_OF_RECIPES}
    for named in ("compact", str(shipped)):
        compact = load_recipe("compact", data | {"initial_weights": named, "folds.count": 2})
        run = start_run(tmp_path / Path(named).parent.name, compact, resume=False)
        known = read_network(weights_file(shipped)).state_dict()
        began = run.new_network(1, run.recipe.teacher).state_dict()
        for name, values in began.items():
            expected = known[name].mean(0, keepdim=True) if "vit.heads." in name else known[name]
            torch.testing.assert_close(values, expected)
        facts = read_json(run.folder / "run.json")
        assert facts["initial_weights_sha256"] == sha256(weights_file(shipped))
        assert compact.teacher.select_on == "error_and_correlation"
    with pytest.raises(DistiliqaError, match="no such weights; check the path"):
        start_run(tmp_path / "none", recipe(initial_weights="none.safetensors"), resume=False)
    assert not (tmp_path / "none" / "cache").exists()


def test_the_published_network_starts_from_imagenet_or_says_that_it_does_not(
    recipe: MakeRecipe, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sizes = {"network.preset": "published", "network.stem_blocks": 1, "network.stem_width": 2}
    toy = sizes | {"network.width": 16, "network.mlp": 24, "network.depth": 1}
    start_run(tmp_path / "random", recipe(**toy), resume=False)
    assert capsys.readouterr().err.count("warning: the network starts from random weights") == 1
    vit = VisionTransformer(3, 224, patch=16, depth=1, width=16, heads=2, mlp=24, outputs=10)
    names = {"heads.": "heads.head.", ".mlp.0.": ".mlp.linear_1.", ".mlp.3.": ".mlp.linear_2."}
    state = vit.state_dict()
    for now, then in names.items():  # as torchvision's file calls them
        state = {name.replace(now, then): values for name, values in state.items()}
    torch.save(state, tmp_path / "vit_b_16.pth")
    given = recipe(imagenet_weights=str(tmp_path / "vit_b_16.pth"), **toy)
    run = start_run(tmp_path / "given", given, resume=False)
    assert "random weights" not in capsys.readouterr().err
    layer = "encoder.layers.encoder_layer_0.mlp.3.weight"
    assert torch.equal(
        run.new_network(1, run.recipe.teacher).vit.state_dict()[layer], vit.state_dict()[layer]
    )
    facts = read_json(run.folder / "run.json")
    assert facts["imagenet_weights_sha256"] == sha256(tmp_path / "vit_b_16.pth")
    with pytest.raises(DistiliqaError, match="no such weights"):
        start_run(tmp_path / "none", recipe(imagenet_weights="none.pth", **toy), resume=False)


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
    assert len(table(run.fold_folder(1) / "train_info_fold_1.csv")) < 30


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


def test_a_label_outside_the_scale_is_an_error(recipe: MakeRecipe, tmp_path: Path) -> None:
    with pytest.raises(DistiliqaError, match="outside the scale"):
        start_run(tmp_path / "run", recipe(**{"data.scale": [0, 0.5]}), resume=False)


def test_a_run_is_not_overwritten(trained: TrainingRun, recipe: MakeRecipe, tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match="add --resume"):
        start_run(trained.folder, recipe(), resume=False)
    with pytest.raises(RecipeError, match="another recipe"):
        start_run(trained.folder, recipe(seed=5), resume=True)


@pytest.fixture
def copied(trained: TrainingRun, tmp_path: Path) -> TrainingRun:
    """The run that is trained, to be trained again."""
    return open_run(Path(shutil.copytree(trained.folder, tmp_path / "copied")))


def stopped(*_: object, **__: object) -> None:
    raise KeyboardInterrupt


def test_a_new_student_leaves_nothing_of_an_earlier_one(
    copied: TrainingRun, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("distiliqa.lab.train.student.fit", stopped)
    with pytest.raises(KeyboardInterrupt):
        train_student(copied)
    assert not (copied.student_folder / LAST).exists()
    with pytest.raises(RecipeError, match="the student is not trained to the end"):
        export_run(copied, tmp_path / "model", name="none")


def test_a_new_teacher_leaves_nothing_of_an_earlier_one(
    copied: TrainingRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("distiliqa.lab.train.teacher.fit", stopped)
    with pytest.raises(KeyboardInterrupt):
        train_teachers(copied, only=2)
    assert not (copied.fold_folder(2) / LAST).exists()
    with pytest.raises(RecipeError, match="teacher 2 not trained to the end"):
        train_student(copied)


def test_a_finished_student_is_kept_when_resumed(
    copied: TrainingRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("distiliqa.lab.train.student.fit", None)
    train_student(copied, resume=True)


def test_a_student_does_not_learn_from_answers_of_other_teachers(copied: TrainingRun) -> None:
    first = np.load(copied.student_folder / TABLE)
    (copied.student_folder / RESULT).unlink()
    networks = [read_network(copied.teacher_weights(k)) for k in (2, 1)]
    assert is_distilled_from(copied, networks[::-1])
    assert not is_distilled_from(copied, networks)
    train_student(copied, teachers=networks, resume=True)
    np.testing.assert_array_equal(np.load(copied.student_folder / TABLE), first[..., ::-1])


def test_what_a_run_left_damaged_is_made_again_or_named(copied: TrainingRun) -> None:
    (copied.student_folder / RESULT).unlink()
    for name in (TABLE, "teachers.sha256"):
        (copied.student_folder / name).write_bytes(b"\xff\xfe damaged")
    before = (copied.student_folder / LAST).read_bytes()
    (copied.student_folder / LAST).write_bytes(before[: len(before) // 2])
    with pytest.raises(DistiliqaError, match=r"last.ckpt: a damaged checkpoint .*; delete it"):
        train_student(copied, resume=True)
    (copied.student_folder / LAST).unlink()
    train_student(copied, resume=True)
    assert (copied.student_folder / RESULT).is_file()


def test_a_run_of_data_that_have_changed_is_not_gone_on_with(
    recipe: MakeRecipe, rated_folder: Path, tmp_path: Path
) -> None:
    data = Path(shutil.copytree(rated_folder, tmp_path / "data"))
    of_data = {"data.folder": str(data), "data.ratings": str(data / "train.json")}
    run = start_run(tmp_path / "run", recipe(**of_data), resume=False)
    facts = read_json(run.folder / "run.json")
    write_json(run.folder / "run.json", facts | {"distiliqa": "the first"})
    start_run(run.folder, recipe(**of_data), resume=True)
    assert read_json(run.folder / "run.json")["distiliqa"] == "the first"
    scores = read_json(data / "train.json")
    write_json(data / "train.json", scores | {"case0_noise0.npy": 0.5})
    for opened in (
        lambda: start_run(run.folder, recipe(**of_data), resume=True),
        lambda: open_run(run.folder),
    ):
        with pytest.raises(RecipeError, match="its ratings or images have changed since"):
            opened()
    write_json(data / "train.json", scores)
    np.save(data / "case0_noise0.npy", np.zeros((512, 512), np.float32))
    with pytest.raises(RecipeError, match="its ratings or images have changed since"):
        open_run(run.folder)


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


def test_steps_out_of_order_say_what_to_run(recipe: MakeRecipe, tmp_path: Path) -> None:
    run = start_run(tmp_path / "run", recipe(), resume=False)
    with pytest.raises(RecipeError, match=r"teacher 1, 2 not trained.*train-teacher"):
        train_student(run)
    with pytest.raises(RecipeError, match="train-student"):
        export_run(run, tmp_path / "model", name="none")
    with pytest.raises(ModelFolderError, match="no trained network"):
        load_predictor(run.folder)
    for number in (0, 3):
        with pytest.raises(RecipeError, match=f"no fold {number}"):
            train_teachers(run, only=number)
    with pytest.raises(RecipeError, match="holds no run"):
        open_run(tmp_path)


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
