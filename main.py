"""Published command line of DistilIQA, run by this package.

    python main.py --task preprocessing | train_teacher | train_student | evaluate

Options and the names of files and folders in the working directory are the published ones
(doi 10.1016/j.compbiomed.2024.108670)::

    train_info_fold_{k}.csv  snapshots_fold_{k}/  Train/weights/       train_teacher
    train_info_student.csv   snapshots_student/   Evaluation/weights/  train_student
    accumulate_metrics.csv   eval_info.csv                             evaluate

The published README speaks of ``snapshots_students``, the published code writes
``snapshots_student``, and so does this. Tables begin with the published columns; more may follow.
``--published`` also reproduces what the published code does and this package does not by default:
see docs/how-to/published.md.
"""

from __future__ import annotations

import argparse
import csv
import io
import sys
from pathlib import Path
from typing import Any

RUN = Path("distiliqa_run")
TEACHER_WEIGHTS, STUDENT_WEIGHTS = Path("Train/weights"), Path("Evaluation/weights")
IMAGE_SIZE = 512
TRAIN_CASES = ["C002", "C004", "C016", "C021", "C030", "C050", "C052", "C067", "C081"]
TEST_CASES = ["C012", "C077"]
PUBLISHED_BEHAVIOR = {
    "folds.by": "contiguous",
    "augmentation": "dihedral+rescale",
    "student.distillation": "published",
    "student.select_on": "training",
}


def parser() -> argparse.ArgumentParser:
    """Published options, and four that this package adds."""
    options = argparse.ArgumentParser(prog="main.py", description=__doc__.splitlines()[0])
    add = options.add_argument
    tasks = {
        "preprocessing": preprocessing,
        "train_teacher": train_teacher,
        "train_student": train_student,
        "train": train,
        "evaluate": evaluate,
    }
    add("--task", choices=tasks, required=True, help="train is train_teacher, then train_student")
    add("--data_preprocess_path", type=Path, default=Path("Dataset/LDCT-and-Projection-data"))
    add("--img_extension", default="dcm")
    add("--train_cases", nargs="+", default=TRAIN_CASES)
    add("--test_cases", nargs="+", default=TEST_CASES)
    add(
        "--low-dose",
        "--low_dose",
        type=float,
        help="relative to full; default: 0.10 of chest cases (C...), 0.25 of others (L..., N...)",
    )
    add("--img_size", nargs="+", default=["512", "512"], help="the published network takes 512 512")
    add("--lr", type=float, default=1e-3)
    add("--num_epochs_teacher", type=int, default=500)
    add("--num_epochs_student", type=int, default=200)
    add("--device", default="cuda:0", help="the CPU is used where there is no such device")
    add("--batch_size_teacher", type=int, default=10)
    add("--batch_size_student", type=int, default=25)
    add("--conv_stem", type=int, default=5)
    add("--distill_weight", type=float, default=0.75)
    add(
        "--weights_path", nargs="+", type=Path, help="default: Train/weights/fold1.pth to fold5.pth"
    )
    add("--student_weight_path", type=Path, help="default: the newest in Evaluation/weights")
    add("--imagenet_weights", help="ViT-B/16 in torchvision's layout: a path, or download")
    add("--published", action="store_true", help="reproduce the published code's behavior")
    add("--set", action="append", default=[], help="override a key of the recipe: folds.count=2")
    options.set_defaults(tasks=tasks)
    return options


def preprocessing(args: argparse.Namespace) -> None:
    """Write mixed doses and labels beside the images."""
    from distiliqa.cli.preprocess import preprocess

    preprocess(
        args.data_preprocess_path,
        low_dose=args.low_dose,
        img_extension=args.img_extension,
        train_cases=args.train_cases,
        test_cases=args.test_cases,
        dose_formula="published" if args.published else "physical",
    )


def overrides(args: argparse.Namespace) -> dict[str, Any]:
    """Keys of a recipe for the published options."""
    from distiliqa.lab.recipe_file import parse_overrides

    return {
        "data.folder": str(args.data_preprocess_path),
        "data.ratings": str(args.data_preprocess_path / "train.json"),
        "network.stem_blocks": args.conv_stem,
        "imagenet_weights": args.imagenet_weights,
        "teacher.epochs": args.num_epochs_teacher,
        "teacher.batch_size": args.batch_size_teacher,
        "teacher.learning_rate": args.lr,
        "student.epochs": args.num_epochs_student,
        "student.batch_size": args.batch_size_student,
        "student.learning_rate": args.lr,
        "student.distill_weight": args.distill_weight,
        **hardware(args.device),
        **(PUBLISHED_BEHAVIOR if args.published else {}),
        **parse_overrides(args.set),
    }


def check_image_size(words: list[str]) -> None:
    """Refuse another size than the network takes, written as ``512 512`` or ``(512, 512)``."""
    from distiliqa.errors import DistiliqaError

    sizes = " ".join(words).replace(",", " ").strip("() ").split()
    if len(sizes) > 2 or {*sizes} != {str(IMAGE_SIZE)}:
        raise DistiliqaError(
            f"--img_size {' '.join(words)}: the network takes {IMAGE_SIZE} x {IMAGE_SIZE}",
            remedy="leave it out: slices of other sizes are cropped or padded, never resampled",
        )


def hardware(device: str) -> dict[str, Any]:
    """Keys of a recipe for a torch device; the CPU where there is no such device."""
    import torch

    if device.startswith("cuda") and torch.cuda.is_available():
        number = int(device.partition(":")[2] or 0)
        return {"hardware.accelerator": "gpu", "hardware.devices": [number]}
    return {"hardware.accelerator": "cpu", "hardware.devices": 1}


def opened(args: argparse.Namespace, step: str) -> Any:
    """Open the run in the working directory; each step has its own options."""
    from dataclasses import replace

    from distiliqa.lab.train.recipe import load_recipe
    from distiliqa.lab.train.runs import start_run
    from distiliqa.lab.train.training_run import RECIPE

    recipe = load_recipe("published", overrides(args))
    if not (RUN / RECIPE).is_file():
        return start_run(RUN, recipe, resume=True)
    known = load_recipe(RUN / RECIPE)
    if step == "teacher":
        return start_run(RUN, recipe.model_copy(update={"student": known.student}), resume=True)
    kept: dict[str, Any] = {"teacher": known.teacher, "student": known.student}
    if args.imagenet_weights is None:
        kept["imagenet_weights"] = known.imagenet_weights
    run = start_run(RUN, recipe.model_copy(update=kept), resume=True)
    return replace(run, recipe=run.recipe.model_copy(update={"student": recipe.student}))


def heads() -> int | None:
    """Attention heads of the run in the working directory, which the published layout lacks."""
    from distiliqa.lab.train.recipe import load_recipe
    from distiliqa.lab.train.training_run import RECIPE

    recipe = RUN / RECIPE
    return load_recipe(recipe).network.config(1).heads if recipe.is_file() else None


def copy_weights(weights: Path, *places: Path) -> None:
    """Copy weights to the published paths, in the published layout."""
    import torch

    from distiliqa.files import atomic_path
    from distiliqa.lab.network.published import to_published
    from distiliqa.lab.network.weights import read_network

    state = to_published(read_network(weights).state_dict())
    for place in places:
        with atomic_path(place) as partial:
            torch.save(state, partial)


def show_table(table: Path) -> None:
    """Copy a table of epochs to the working directory, with the published column of row numbers."""
    from distiliqa.files import write_text

    if not table.is_file():
        return
    header, *rows = csv.reader(io.StringIO(table.read_text(encoding="utf-8")))
    text = io.StringIO()
    numbered = ([str(number), *row] for number, row in enumerate(rows))
    csv.writer(text, lineterminator="\n").writerows([["", *header], *numbered])
    write_text(Path(table.name), text.getvalue())


def best_epoch(result: Path) -> int:
    """Epoch whose weights were kept."""
    from distiliqa.foreign_json import read_json

    return read_json(result)["epoch"]


def train_teacher(args: argparse.Namespace) -> None:
    """Train five teachers; copy them to ``snapshots_fold_{k}`` and ``Train/weights``."""
    from distiliqa.lab.train.teacher import train_teachers

    run = opened(args, "teacher")
    try:
        train_teachers(run, resume=True)
    finally:  # of an interrupted training too
        for k in range(1, len(run.folds) + 1):
            show_table(run.fold_folder(k) / f"train_info_fold_{k}.csv")
    for k in range(1, len(run.folds) + 1):
        snapshot = Path(f"snapshots_fold_{k}/model_{best_epoch(run.teacher_result(k))}.pth")
        copy_weights(run.teacher_weights(k), snapshot, TEACHER_WEIGHTS / f"fold{k}.pth")


def train_student(args: argparse.Namespace) -> None:
    """Train the student; copy it to ``snapshots_student`` and ``Evaluation/weights``."""
    from distiliqa.lab.network.published import import_network
    from distiliqa.lab.train.student import is_distilled_from
    from distiliqa.lab.train.student import train_student as distil
    from distiliqa.lab.train.training_run import BEST

    run = opened(args, "student")
    paths = args.weights_path or [
        TEACHER_WEIGHTS / f"fold{k}.pth" for k in range(1, len(run.folds) + 1)
    ]
    needed = run.recipe.student.distill_weight > 0
    teachers = [import_network(path, heads()) for path in paths] if needed else []
    try:
        distil(run, teachers=teachers, resume=is_distilled_from(run, teachers))
    finally:
        show_table(run.student_folder / "train_info_student.csv")
    name = f"student_{best_epoch(run.student_folder / 'result.json')}.pth"
    weights = run.student_folder / BEST
    copy_weights(weights, Path("snapshots_student") / name, STUDENT_WEIGHTS / name)


def train(args: argparse.Namespace) -> None:
    """Train teachers, then student."""
    train_teacher(args)
    train_student(args)


def evaluate(args: argparse.Namespace) -> None:
    """Evaluate the student on ``test.json``; write to the working directory."""
    from distiliqa.cli.evaluate import evaluate as measure
    from distiliqa.errors import DistiliqaError
    from distiliqa.lab.network.published import import_network
    from distiliqa.lab.network.weights import save_network
    from distiliqa.scratch import scratch_folder

    found = sorted(STUDENT_WEIGHTS.glob("*.pth"), key=lambda path: path.stat().st_mtime)
    if not (args.student_weight_path or found):
        raise DistiliqaError(
            "holds no weights", path=STUDENT_WEIGHTS, remedy="run --task train_student first"
        )
    data = args.data_preprocess_path
    # Published weights do not name their window: in the folder of the run they get that of the run.
    with scratch_folder(RUN if RUN.is_dir() else Path()) as folder:
        weights = folder / "student.safetensors"
        save_network(import_network(args.student_weight_path or found[-1], heads()), weights)
        measure(weights, data=data, ratings=data / "test.json", out=Path())


def main() -> None:
    """Run a task; a user's mistake is one line and exit 2."""
    from typer import Exit

    from distiliqa.errors import DistiliqaError

    args = parser().parse_args()
    try:
        check_image_size(args.img_size)
        args.tasks[args.task](args)
    except Exit as stopped:
        sys.exit(stopped.exit_code)
    except DistiliqaError as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(2)
    except KeyboardInterrupt:
        print("interrupted; run again to resume", file=sys.stderr)
        sys.exit(130)


if __name__ == "__main__":
    main()
