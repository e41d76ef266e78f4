"""Training of a student in steps: the loss of labels and teachers, and what an epoch sums up."""

from __future__ import annotations

from torch import Tensor

from distiliqa.lab.network.network import Network
from distiliqa.lab.train.batch_labels import Batch, BatchLabels
from distiliqa.lab.train.distributed import leads
from distiliqa.lab.train.ladders import Ladders
from distiliqa.lab.train.losses import DistillationLoss
from distiliqa.lab.train.recipe_sections import StudentSection
from distiliqa.lab.train.teacher_outputs import FOLLOWED, TeacherOutputs, hardly_followed, warn
from distiliqa.lab.train.training_module import RatingModule
from distiliqa.statistics.agreement import agreement


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
        outputs, penalty, labels = self.predict_batch(batch, number)
        loss, *followed = self._loss_of(outputs, labels, batch)
        self.seen.add(
            batch["index"],
            outputs.mean(dim=1),
            labels.score,
            *(value.expand(len(outputs)) for value in (loss, *followed)),
        )
        return self.checked(loss + penalty)

    def _loss_of(self, outputs: Tensor, labels: BatchLabels, batch: Batch) -> tuple[Tensor, ...]:
        """Loss; with teachers also their mean output, and the share of images that follow them.

        The teachers rate whole images. For a part, or with a disc, the student gets their error
        on the whole image, added to the label of what it is shown.
        """
        if self.teachers is None:
            score = labels.score[:, None]
            return (self.loss(outputs.mean(dim=1, keepdim=True), score).mean(),)
        rated = self.teachers(batch["image"], batch["index"], batch["transform"])
        rated = rated + labels.apart[:, None]
        loss, open_share = self.distillation(outputs, labels.score, rated)
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
