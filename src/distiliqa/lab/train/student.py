"""Student: one network with an output for each teacher, distilled from all of them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from statistics import fmean
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from distiliqa.errors import RecipeError
from distiliqa.files import write_text
from distiliqa.lab.data.dataset import RatedDataset
from distiliqa.lab.network.network import Network
from distiliqa.lab.network.weights import read_network
from distiliqa.lab.train.callbacks import BestWeights, History
from distiliqa.lab.train.distributed import leads
from distiliqa.lab.train.engine import LAST, fit
from distiliqa.lab.train.recipe_sections import StudentSection
from distiliqa.lab.train.runs import begin_anew
from distiliqa.lab.train.student_module import StudentModule
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

FINGERPRINT = "teachers.sha256"  # of everything that the student learns from
COLUMNS = ("Epoch", "overall_perf", "loss", "teacher_overall_perf")


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
    RecipeError : a teacher is not trained yet; with ``resume``, the student in the folder is one of
        other teachers or settings.
    """
    recipe, step, folder = run.recipe, run.recipe.student, run.student_folder
    networks = _networks(run, teachers)
    if resume:
        _require_same_student(run, networks)
        if (folder / RESULT).is_file():
            return
    seen, held_out = _sides(run)
    if not resume:
        begin_anew(folder)
    run.keep_student_recipe()
    _keep_fingerprint(run, networks, seen)
    training = run.training_set(seen, step, recipe.seed)
    competent = run.competent_teachers() if teachers is None else None
    outputs = _teacher_outputs(run, networks, training, competent) if networks else None
    module = _module(run, held_out, outputs, heads=len(networks) or recipe.folds.count)
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


def _module(
    run: TrainingRun, held_out: Sequence[int], outputs: TeacherOutputs | None, *, heads: int
) -> StudentModule:
    """The student before training, with new weights."""
    recipe, step = run.recipe, run.recipe.student
    torch.manual_seed(recipe.seed)
    return StudentModule(
        run.new_network(heads, step),
        step,
        recipe.seed,
        outputs,
        span=recipe.data.span,
        ladders=run.ladders(held_out, step),
    )


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


def _require_same_student(run: TrainingRun, teachers: Sequence[Network]) -> None:
    folder = run.student_folder
    begun = (folder / RESULT).is_file() or (folder / LAST).is_file()
    if begun and not is_distilled_from(run, teachers):
        raise RecipeError(
            "holds a student of other teachers or settings",
            path=folder,
            remedy="leave out --resume to train a new one in its place",
        )


def is_distilled_from(run: TrainingRun, teachers: Sequence[Network]) -> bool:
    """Test whether the student in the folder, finished or not, has these teachers and recipe.

    The hardware may be another one.
    """
    known = run.student_folder / FINGERPRINT
    same = run.recipe.model_copy(update={"hardware": run.student_recipe.hardware})
    if not known.is_file() or run.student_recipe != same:
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
