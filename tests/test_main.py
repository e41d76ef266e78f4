"""The published command line, run as its README types it, on a small TCIA-shaped tree."""

from __future__ import annotations

import csv
import json
import runpy
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from distiliqa.lab.data.ratings import read_ratings
from distiliqa.lab.evaluate.predictor import load_predictor, predict
from distiliqa.lab.network.sizes import NetworkConfig
from distiliqa.lab.network.transformer import VisionTransformer
from distiliqa.lab.train.recipe import load_recipe

MAIN = Path(__file__).resolve().parents[1] / "main.py"
CASES = {"train": ["C002", "C004"], "test": ["C012"]}
TOY = ["stem_width=2", "depth=1", "width=16", "heads=2", "mlp=16"]


@pytest.fixture
def tree(tmp_path: Path, write_ct: Callable[..., Path], monkeypatch: pytest.MonkeyPatch) -> Path:
    """``Dataset/LDCT-and-Projection-data`` below the working directory."""
    monkeypatch.chdir(tmp_path)
    root = tmp_path / "Dataset" / "LDCT-and-Projection-data"
    rng = np.random.default_rng(0)
    for case in (*CASES["train"], *CASES["test"]):
        for number in (1, 2):
            body = np.full((128, 128), 40.0)
            for folder, noise in (("1.0-Full Dose Images-1", 5), ("1.0-Low Dose Images-2", 60)):
                path = root / case / "study" / folder / f"1-00{number}.dcm"
                hu = (body + noise * rng.standard_normal(body.shape)).round()
                write_ct(path, hu, PatientID=case, ImagePositionPatient=[0, 0, number])
    return root


def run(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> None:
    monkeypatch.setattr(sys, "argv", ["main.py", *arguments])
    runpy.run_path(str(MAIN), run_name="__main__")


def toy() -> list[str]:
    sizes = [part for size in TOY for part in ("--set", f"network.{size}")]
    return [*sizes, "--set", "folds.count=2", "--set", "network.stem_blocks=1", "--device", "cpu"]


def imagenet_weights(folder: Path) -> Path:
    """A file in torchvision's layout for the toy network."""
    vit = VisionTransformer(3, 224, patch=16, depth=1, width=16, heads=2, mlp=16, outputs=10)
    state = {name.replace("heads.", "heads.head."): w for name, w in vit.state_dict().items()}
    torch.save(state, folder / "vit.pth")
    return folder / "vit.pth"


def rows(path: Path) -> list[list[str]]:
    with path.open(newline="") as file:
        return list(csv.reader(file))


def test_defaults_are_the_published_ones(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    main = runpy.run_path(str(MAIN))
    args = main["parser"]().parse_args(["--task", "train"])
    data = Path("Dataset/LDCT-and-Projection-data")
    assert (args.data_preprocess_path, args.img_extension) == (data, "dcm")
    assert args.train_cases == [
        "C002",
        "C004",
        "C016",
        "C021",
        "C030",
        "C050",
        "C052",
        "C067",
        "C081",
    ]
    assert (args.test_cases, args.device) == (["C012", "C077"], "cuda:0")
    main["check_image_size"](args.img_size)
    recipe = load_recipe("published", main["overrides"](args))
    assert (recipe.data.folder, recipe.data.ratings) == (data, data / "train.json")
    assert recipe.network.config(5) == NetworkConfig(
        stem="published", stem_blocks=5, stem_width=8, patch=16, depth=12, width=768, heads=12,
        mlp=3072, outputs=5, image_size=512,
    )  # fmt: skip
    assert (recipe.window.width, recipe.window.level, recipe.folds.count) == (350, 40, 5)
    teacher, student = recipe.teacher, recipe.student
    assert (teacher.epochs, teacher.batch_size) == (500, 10)
    assert (student.epochs, student.batch_size, student.distill_weight) == (200, 25, 0.75)
    assert (student.gate, recipe.data.scale, recipe.imagenet_weights) == (0.05, (0, 1), None)
    for step in (teacher, student):
        assert (step.optimizer, step.momentum, step.weight_decay) == ("sgd", 0.9, 0)
        assert (step.learning_rate, step.final_learning_rate) == (1e-3, 1e-6)
        assert (step.l1_weight, step.mse_weight) == (1, 1)
    args.published = True
    recipe = load_recipe("published", main["overrides"](args))
    assert (recipe.folds.by, recipe.augmentation) == ("contiguous", "dihedral+rescale")
    assert (recipe.student.distillation, recipe.student.select_on) == ("published", "training")


@pytest.mark.parametrize("words", ["512", "512 512", "(512, 512)", "(512,512)"])
def test_the_published_image_size_is_taken(words: str) -> None:
    runpy.run_path(str(MAIN))["check_image_size"](words.split())


@pytest.mark.parametrize("words", ["256 256", "512 256", "512 512 512", "x", "()"])
def test_another_image_size_is_one_line(
    tree: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], words: str
) -> None:
    with pytest.raises(SystemExit) as stopped:
        run(monkeypatch, "--task", "preprocessing", "--img_size", *words.split())
    assert stopped.value.code == 2
    assert "the network takes 512 x 512; leave it out" in capsys.readouterr().err


def test_an_abdomen_is_mixed_from_a_quarter_dose(
    tree: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for case in (*CASES["train"], *CASES["test"]):
        (tree / case).rename(tree / case.replace("C", "L"))
    cases = ["--train_cases", "L002", "L004", "--test_cases", "L012"]
    for options, dose in ([], "0.25"), (["--low-dose", "0.3"], "0.3"):
        run(monkeypatch, "--task", "preprocessing", *cases, *options)
        with (tree / "manifest.csv").open(newline="") as file:
            assert {row["dose"] for row in csv.DictReader(file)} == {"1.0", "0.5", "0.75", dose}
    with pytest.raises(SystemExit):
        run(monkeypatch, "--task", "preprocessing")
    assert "no pair of the case C002; choose from L002" in capsys.readouterr().err


def test_the_four_tasks_in_the_published_order(
    tree: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    window = ["--set", "window.width=1400", "--set", "window.level=-300"]
    small = [*toy(), *window]
    start = ["--imagenet_weights", str(imagenet_weights(tmp_path))]
    steps = ["--num_epochs_teacher", "1", "--num_epochs_student", "2", "--conv_stem", "1"]
    run(monkeypatch, "--task", "preprocessing")
    assert len(json.loads((tree / "train.json").read_text())) == 16
    assert len(json.loads((tree / "test.json").read_text())) == 8
    run(monkeypatch, "--task", "train_teacher", *small, *steps, *start)
    run(monkeypatch, "--task", "train_student", *small, *steps)
    run(monkeypatch, "--task", "evaluate")

    assert load_recipe(tmp_path / "distiliqa_run/recipe.yaml").imagenet_weights == start[1]

    for fold in (1, 2):
        snapshot = tmp_path / f"snapshots_fold_{fold}" / "model_0.pth"
        state = torch.load(snapshot, weights_only=True)
        assert state["model.heads.weight"].shape == (1, 16)
        assert "conv_head.0.0.weight" in state
        assert (tmp_path / f"Train/weights/fold{fold}.pth").is_file()
    (student,) = (tmp_path / "snapshots_student").iterdir()
    assert torch.load(student, weights_only=True)["model.heads.weight"].shape == (2, 16)
    metrics = ["", "overall ", "plcc", "srocc", "krocc", "mae", "mse"]
    assert rows(tmp_path / "accumulate_metrics.csv")[0][:7] == metrics
    header, *images = rows(tmp_path / "eval_info.csv")
    assert header[:4] == ["", "patient", "true", "pred"]
    assert [image[0] for image in images] == [str(number) for number in range(8)]
    assert all(Path(image[1]).is_file() for image in images)
    rated = read_ratings(tree, tree / "test.json")
    outputs = predict(load_predictor("distiliqa_run"), rated, cache_folder=tmp_path)
    scores = [float(image[header.index("pred")]) for image in images]
    assert scores == pytest.approx(outputs.mean(axis=1), abs=1e-5)  # in the window of the run
    for fold in (1, 2):
        header, *epochs = rows(tmp_path / f"train_info_fold_{fold}.csv")
        assert header[:6] == [
            "", "Epoch", "overall_perf", "train_loss", "val_overall_perf", "val_loss",
        ]  # fmt: skip
        assert [epoch[:2] for epoch in epochs] == [["0", "0"]]
    header, *epochs = rows(tmp_path / "train_info_student.csv")
    assert header[:5] == ["", "Epoch", "overall_perf", "loss", "teacher_overall_perf"]
    assert [epoch[:2] for epoch in epochs] == [["0", "0"], ["1", "1"]]


def test_each_task_has_options_of_its_own(
    tree: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "distiliqa_run" / "student"
    distil = ["--task", "train_student", *toy(), "--num_epochs_student"]

    def epochs() -> int:
        return len((folder / "train_info_student.csv").read_text().splitlines()) - 1

    run(monkeypatch, "--task", "preprocessing")
    run(monkeypatch, "--task", "train_teacher", *toy(), "--num_epochs_teacher", "1")
    run(monkeypatch, *distil, "2")
    assert epochs() == 2
    first = (folder / "best.safetensors").stat().st_mtime_ns
    run(monkeypatch, *distil, "2")
    assert (folder / "best.safetensors").stat().st_mtime_ns == first
    others = [f"Train/weights/fold{k}.pth" for k in (2, 1)]
    run(monkeypatch, *distil, "2", "--weights_path", *others)
    assert (folder / "best.safetensors").stat().st_mtime_ns != first
    run(monkeypatch, *distil, "1", "--weights_path", *others)
    assert epochs() == 1


def test_a_student_of_no_teacher_needs_none(
    tree: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    run(monkeypatch, "--task", "preprocessing")
    alone = ["--task", "train_student", *toy(), "--num_epochs_student", "1"]
    run(monkeypatch, *alone, "--distill_weight", "0")
    assert "starts from random weights" in capsys.readouterr().err
    (student,) = (tmp_path / "snapshots_student").iterdir()
    first = student.stat().st_mtime_ns
    run(monkeypatch, *alone, "--distill_weight", "0")
    weights = tmp_path / "distiliqa_run" / "student" / "best.safetensors"
    assert weights.stat().st_mtime_ns < first  # it was trained once


def test_published_behavior_is_one_switch(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run(monkeypatch, "--task", "preprocessing")
    physical = json.loads((tree / "test.json").read_text())
    run(monkeypatch, "--task", "preprocessing", "--published")
    published = json.loads((tree / "test.json").read_text())
    # Divisor 3 in place of 9 mixes in more of the low dose's noise.
    mixed = [name for name in physical if "0.5Dose" in name]
    assert mixed
    assert all(published[name] < physical[name] for name in mixed)


def test_a_missing_student_is_one_line(
    tree: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as stopped:
        run(monkeypatch, "--task", "evaluate")
    assert stopped.value.code == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert "train_student" in error
