"""The student: one network with an output for each teacher, distilled from all of them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor

from distiliqa.errors import RecipeError
from distiliqa.evaluate.agreement import agreement
from distiliqa.files import write_text
from distiliqa.model.network import Network
from distiliqa.model.weights import read_network
from distiliqa.train.callbacks import BestWeights, History
from distiliqa.train.engine import fit
from distiliqa.train.losses import DistillationLoss
from distiliqa.train.rating import Batch, RatingModule
from distiliqa.train.recipe import StudentSection
from distiliqa.train.run import BEST, RESULT, TrainingRun, begin_anew
from distiliqa.train.teacher_outputs import (
    TABLE,
    TeacherOutputs,
    fingerprint,
    make_table,
    symmetries_of,
)

TAUGHT = "teachers.sha256"  # the fingerprint of what the student learns from
COLUMNS = ("Epoch", "overall_perf", "loss", "teacher_overall_perf")


class StudentModule(RatingModule):
    """Learns the labels, and the teachers where they are right."""

    def __init__(
        self, network: Network, step: StudentSection, seed: int, teachers: TeacherOutputs
    ) -> None:
        super().__init__(network, step, seed)
        self.step: StudentSection = step
        self.teachers = teachers
        self.distillation = DistillationLoss(
            self.loss, step.distill_weight, step.gate, step.distillation
        )

    def training_step(self, batch: Batch, number: int) -> Tensor:
        outputs, price = self.predict_batch(batch["image"], number)
        taught = self.teachers(batch["image"], batch["index"], batch["transform"])
        loss, open_share = self.distillation(outputs, batch["score"], taught)
        share = open_share.expand(len(outputs))
        self.seen.add(
            batch["index"],
            outputs.mean(dim=1),
            batch["score"],
            loss.expand(len(outputs)),
            taught.mean(dim=1),
            share,
        )
        return self.checked(loss + price)

    def summarize_training(self) -> None:
        found, rows = self.agreement_seen()
        self.summary["overall_perf"] = found.overall
        if self.step.select_on == "training":  # as published
            self.merit = found.overall
        self.summary["loss"] = float(rows[:, 3].mean())
        taught = agreement(rows[:, 4].numpy(), rows[:, 2].numpy())
        self.summary["teacher_overall_perf"] = taught.overall
        self.summary["teachers_followed"] = float(rows[:, 5].mean())


def train_student(
    run: TrainingRun, *, teachers: Sequence[Network] | None = None, resume: bool = False
) -> None:
    """Distil the run's teachers into a student, ``student/best.safetensors``.

    Parameters
    ----------
    teachers : networks of one output each to learn from, in place of the run's own.
    resume : go on where an interrupted training stopped; a finished student is kept.

    Raises
    ------
    RecipeError : a teacher is not trained yet.
    """
    if resume and (run.student_folder / RESULT).is_file():
        return
    networks = list(teachers or (read_network(path) for path in _teacher_weights(run)))
    recipe, step, folder = run.recipe, run.recipe.student, run.student_folder
    seen, held_out = _sides(run)
    if not resume:
        begin_anew(folder)
    training = run.dataset(seen, augmentation=recipe.augmentation, seed=recipe.seed)
    torch.manual_seed(recipe.seed)
    network = run.new_network(outputs=len(networks))
    run.keep_student_recipe()
    module = StudentModule(network, step, recipe.seed, _teacher_outputs(run, networks, seen))
    fitted = fit(
        module,
        run.batches(training, held_out, step, recipe.seed),
        cache=run.cache,
        recipe=recipe,
        folder=folder,
        history=History(folder / "train_info_student.csv", COLUMNS, "student"),
        best=BestWeights(folder / BEST, step.patience),
        resume=resume,
    )
    run.record(folder / RESULT, fitted, held_out=held_out)


def is_taught_by(run: TrainingRun, teachers: Sequence[Network]) -> bool:
    """Whether the student that is there, finished or not, learned from these and by this recipe."""
    known = run.student_folder / TAUGHT
    if not known.is_file() or run.student_recipe != run.recipe:
        return False
    return known.read_text(encoding="utf-8") == _fingerprint(run, teachers, _sides(run)[0])


def _sides(run: TrainingRun) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Positions of the images that the student learns from, and of those held out."""
    step = run.recipe.student
    fold = run.fold(step.held_out_fold)
    if step.select_on == "held_out" and fold.validation:
        return tuple(fold.train), tuple(fold.validation)
    return tuple(range(len(run.images))), ()


def _teacher_weights(run: TrainingRun) -> list[Path]:
    numbers = range(1, len(run.folds) + 1)
    missing = [str(k) for k in numbers if not run.teacher_result(k).is_file()]
    if missing:
        raise RecipeError(
            f"teacher {', '.join(missing)} not trained to the end",
            path=run.folder,
            remedy=f"run `distiliqa train-teacher --resume`, or with --fold {missing[0]}",
        )
    return [run.teacher_weights(k) for k in numbers]


def _teacher_outputs(
    run: TrainingRun, networks: list[Network], positions: Sequence[int]
) -> TeacherOutputs:
    symmetries = symmetries_of(run.recipe.augmentation)
    known, told = run.student_folder / TAUGHT, _fingerprint(run, networks, positions)
    if not (known.is_file() and known.read_text(encoding="utf-8") == told):
        (run.student_folder / TABLE).unlink(missing_ok=True)
        write_text(known, told)
    if symmetries is None:
        return TeacherOutputs(networks, None)
    table = make_table(
        networks,
        run.cache,
        positions,
        symmetries=symmetries,
        path=run.student_folder / TABLE,
        device=torch.device("cuda" if torch.cuda.is_available() else "cpu"),
        batch_size=run.recipe.student.batch_size,
        half=_asks_in_half(run),
    )
    return TeacherOutputs((), table)


def _fingerprint(run: TrainingRun, networks: Sequence[Network], positions: Sequence[int]) -> str:
    symmetries = symmetries_of(run.recipe.augmentation)
    return fingerprint(networks, positions, symmetries, half=_asks_in_half(run))


def _asks_in_half(run: TrainingRun) -> bool:
    return run.recipe.hardware.precision == "bf16-mixed"
