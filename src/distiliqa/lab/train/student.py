"""Student: one network with an output for each teacher, distilled from all of them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from statistics import fmean
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from distiliqa.errors import RecipeError
from distiliqa.files import write_text
from distiliqa.lab.data.dataset import RatedDataset
from distiliqa.lab.network.network import Network
from distiliqa.lab.network.weights import read_network
from distiliqa.lab.train.callbacks import BestWeights, History
from distiliqa.lab.train.distributed import leads
from distiliqa.lab.train.engine import fit
from distiliqa.lab.train.ladders import Ladders
from distiliqa.lab.train.losses import DistillationLoss
from distiliqa.lab.train.rating import RatingModule
from distiliqa.lab.train.recipe import StudentSection
from distiliqa.lab.train.runs import begin_anew
from distiliqa.lab.train.targets import Batch, Targets
from distiliqa.lab.train.teacher_outputs import (
    FOLLOWED,
    NO_TEACHERS,
    TABLE,
    TeacherOutputs,
    fingerprint,
    hardly_followed,
    make_table,
    passing,
    symmetries_of,
    symmetries_seen,
    warn,
)
from distiliqa.lab.train.training_run import BEST, RESULT, TrainingRun
from distiliqa.statistics.agreement import agreement

FINGERPRINT = "teachers.sha256"  # of everything that the student learns from
COLUMNS = ("Epoch", "overall_perf", "loss", "teacher_overall_perf")


class StudentModule(RatingModule):
    """Training of a student: labels, and teachers where they are close to the labels.

    Parameters
    ----------
    teachers : their outputs; None where ``step.distill_weight`` is 0.
    span : length of the scale of the labels, of which ``step.gate`` is a share.
    """

    def __init__(
        self,
        network: Network,
        step: StudentSection,
        seed: int,
        teachers: TeacherOutputs | None,
        *,
        span: float = 1.0,
        ladders: Ladders | None = None,
    ) -> None:
        super().__init__(network, step, seed, span=span, ladders=ladders)
        self.step: StudentSection = step
        self.teachers = teachers
        self.warned = False
        self.distillation = DistillationLoss(
            self.loss, step.distill_weight, step.gate * span, step.distillation
        )

    def training_step(self, batch: Batch, number: int) -> Tensor:
        outputs, penalty, targets = self.predict_batch(batch, number)
        loss, *followed = self._loss_of(outputs, targets, batch)
        self.seen.add(
            batch["index"],
            outputs.mean(dim=1),
            targets.score,
            *(value.expand(len(outputs)) for value in (loss, *followed)),
        )
        return self.checked(loss + penalty)

    def _loss_of(self, outputs: Tensor, targets: Targets, batch: Batch) -> tuple[Tensor, ...]:
        """Loss; with teachers also their mean output, and the share of images that follow them.

        The teachers rate whole images. For a part, or with a disc, the student gets their error
        on the whole image, added to the label of what it is shown.
        """
        if self.teachers is None:
            score = targets.score[:, None]
            return (self.loss(outputs.mean(dim=1, keepdim=True), score).mean(),)
        rated = self.teachers(batch["image"], batch["index"], batch["transform"])
        rated = rated + targets.apart[:, None]
        loss, open_share = self.distillation(outputs, targets.score, rated)
        return loss, rated.mean(dim=1), open_share

    def summarize_training(self) -> None:
        found, rows = self.agreement_seen()
        self.summary["overall_perf"] = found.overall
        if not self.step.holds_out:  # as published
            self.merit = found.overall
        self.summary["loss"] = float(rows[:, 3].mean())
        if self.teachers is None:
            return
        of_teachers = agreement(rows[:, 4].numpy(), rows[:, 2].numpy())
        self.summary["teacher_overall_perf"] = of_teachers.overall
        self.summary[FOLLOWED] = float(rows[:, 5].mean())
        if self.current_epoch == 0:
            self.warn_unless_followed(self.summary[FOLLOWED])

    def warn_unless_followed(self, share: float) -> None:
        """Warn once where few images follow the teachers."""
        text = hardly_followed(share, self.distillation.gate)
        if text is not None and leads() and not self.warned:
            self.warned = True
            warn(text)


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
    recipe, step, folder = run.recipe, run.recipe.student, run.student_folder
    networks = _networks(run, teachers)
    seen, held_out = _sides(run)
    if not resume:
        begin_anew(folder)
    training = run.training_set(seen, step, recipe.seed)
    torch.manual_seed(recipe.seed)
    network = run.new_network(len(networks) or recipe.folds.count, step)
    run.keep_student_recipe()
    _keep_fingerprint(run, networks, seen)
    competent = run.competent_teachers() if teachers is None else None
    outputs = _teacher_outputs(run, networks, training, competent) if networks else None
    module = StudentModule(
        network,
        step,
        recipe.seed,
        outputs,
        span=recipe.data.span,
        ladders=run.ladders(held_out, step),
    )
    _warn_at_once(module, run)
    history = History(folder / "train_info_student.csv", _columns(step), "student")
    fitted = fit(
        module,
        run.batches(training, held_out, step, recipe.seed),
        cache=run.cache,
        recipe=recipe,
        folder=folder,
        history=history,
        best=BestWeights(folder / BEST, step.patience),
        resume=resume,
    )
    followed = _followed(history.rows, module.distillation.gate)
    result = folder / RESULT
    run.record(result, fitted, held_out=held_out, select_on=step.select_on, **followed)


def _networks(run: TrainingRun, teachers: Sequence[Network] | None) -> list[Network]:
    """Teachers to learn from; none where their weight is 0."""
    if not run.recipe.student.distill_weight:
        return []
    return list(teachers or (read_network(path) for path in _teacher_weights(run)))


def _columns(step: StudentSection) -> tuple[str, ...]:
    return COLUMNS if step.distill_weight else COLUMNS[:-1]


def _warn_at_once(module: StudentModule, run: TrainingRun) -> None:
    """Warn before the first epoch, where the outputs of the teachers are already known."""
    if module.teachers is None:
        if leads():
            warn(NO_TEACHERS)
    elif module.teachers.table is not None:
        labels = [image.score for image in run.images]
        gate = module.distillation.gate
        module.warn_unless_followed(passing(module.teachers.table.numpy(), labels, gate))


def _followed(rows: list[dict[str, float]], gate: float) -> dict[str, Any]:
    """Share of images that followed the teachers over all epochs, and warnings."""
    if FOLLOWED not in rows[0]:
        return {FOLLOWED: 0.0, "warnings": [NO_TEACHERS]}
    share = fmean(row[FOLLOWED] for row in rows)
    text = hardly_followed(share, gate)
    return {FOLLOWED: share, "warnings": [] if text is None else [text]}


def is_distilled_from(run: TrainingRun, teachers: Sequence[Network]) -> bool:
    """Test whether the student in the folder, finished or not, has these teachers and recipe."""
    known = run.student_folder / FINGERPRINT
    if not known.is_file() or run.student_recipe != run.recipe:
        return False
    return known.read_bytes() == _fingerprint(run, teachers, _sides(run)[0]).encode()


def _sides(run: TrainingRun) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Positions of the training images of the student, and of those held out."""
    step = run.recipe.student
    fold = run.fold(step.held_out_fold)
    if step.holds_out and fold.validation:
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
    run: TrainingRun,
    networks: list[Network],
    training: RatedDataset,
    competent: NDArray[np.bool_] | None,
) -> TeacherOutputs:
    symmetries = _symmetries(run, networks)
    if symmetries is None:
        return TeacherOutputs(networks, None, competent)
    table = make_table(
        networks,
        run.cache,
        symmetries_seen(training, symmetries, run.recipe.student.epochs),
        path=run.student_folder / TABLE,
        device=torch.device("cuda" if torch.cuda.is_available() else "cpu"),
        batch_size=run.recipe.student.batch_size,
        half=_in_half_precision(run),
    )
    return TeacherOutputs((), table, competent)


def _keep_fingerprint(
    run: TrainingRun, networks: Sequence[Network], positions: Sequence[int]
) -> None:
    """Write the fingerprint of the teachers, and remove the outputs of other teachers."""
    known, now = run.student_folder / FINGERPRINT, _fingerprint(run, networks, positions)
    if not (known.is_file() and known.read_bytes() == now.encode()):
        (run.student_folder / TABLE).unlink(missing_ok=True)
        write_text(known, now)


def _fingerprint(run: TrainingRun, networks: Sequence[Network], positions: Sequence[int]) -> str:
    symmetries = _symmetries(run, networks)
    return fingerprint(networks, positions, symmetries, half=_in_half_precision(run))


def _symmetries(run: TrainingRun, networks: Sequence[Network]) -> int | None:
    posed = all(isinstance(network, Network) and network.sees_all for network in networks)
    return symmetries_of(run.recipe.augmentation, posed=posed)


def _in_half_precision(run: TrainingRun) -> bool:
    return run.recipe.hardware.precision == "bf16-mixed"
