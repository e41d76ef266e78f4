"""The teachers: one network a fold, each kept at its best on the patients held out."""

from __future__ import annotations

import torch
from torch import Tensor

from distiliqa.lab.train.batch_labels import Batch
from distiliqa.lab.train.callbacks import BestWeights, History
from distiliqa.lab.train.cross_validation import pool_folds, predict_fold
from distiliqa.lab.train.distributed import leads
from distiliqa.lab.train.engine import fit
from distiliqa.lab.train.runs import begin_anew
from distiliqa.lab.train.training_module import RatingModule
from distiliqa.lab.train.training_run import TrainingRun

COLUMNS = ("Epoch", "overall_perf", "train_loss", "val_overall_perf", "val_loss")


class TeacherModule(RatingModule):
    """A member of the ensemble: learns the labels."""

    def training_step(self, batch: Batch, number: int) -> Tensor:
        predictions, penalty, labels = self.predict_batch(batch, number)
        losses = self.loss(predictions, labels.score[:, None])
        self.seen.add(batch["index"], predictions[:, 0], labels.score, losses)
        return self.checked(losses.mean() + penalty)

    def summarize_training(self) -> None:
        found, rows = self.agreement_seen()
        self.summary["overall_perf"] = found.overall
        self.summary["train_loss"] = float(rows[:, 3].mean())


def train_teachers(run: TrainingRun, *, only: int | None = None, resume: bool = False) -> None:
    """Train the teacher of every fold, or of fold ``only`` (from 1); finished ones are kept.

    Parameters
    ----------
    run : the run; weights go to ``teacher/fold_{k}/best.safetensors``, predictions as
        `distiliqa.lab.train.cross_validation` says.
    resume : go on where an interrupted training stopped.
    """
    for number in [only] if only is not None else range(1, len(run.folds) + 1):
        if not (resume and run.teacher_result(number).is_file()):
            _train_fold(run, number, resume)
    if leads():
        pool_folds(run)


def _train_fold(run: TrainingRun, number: int, resume: bool) -> None:
    recipe, step, seen = run.recipe, run.recipe.teacher, run.seen_by_teacher(number)
    folder = run.fold_folder(number)
    seed = recipe.seed + number
    torch.manual_seed(seed)
    module = TeacherModule(
        run.new_network(1, step),
        step,
        seed,
        span=recipe.data.span,
        ladders=run.ladders(seen.validation, step),
    )
    if not resume:
        begin_anew(folder)
    training = run.training_set(seen.train, step, seed)
    title = f"teacher {number}/{len(run.folds)}"
    fitted = fit(
        module,
        run.batches(training, seen.validation, step, seed),
        cache=run.cache,
        recipe=recipe,
        folder=folder,
        history=History(folder / f"train_info_fold_{number}.csv", COLUMNS, title),
        best=BestWeights(run.teacher_weights(number), step.patience),
        resume=resume,
    )
    if leads():
        predict_fold(run, number)
    result = run.teacher_result(number)
    held_out = run.fold(number).validation
    run.record(result, fitted, held_out=held_out, select_on=step.select_on)
