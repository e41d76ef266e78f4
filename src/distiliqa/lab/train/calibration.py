"""Calibration of a trained student: prediction intervals, domain reference, local quality map.

Intervals are set across patients where the run has teachers and ten patients: every image is rated
by the teacher that did not see it, see `distiliqa.statistics.conformal_by_case`. Else they are set
on the images held out of the training of the student, see `distiliqa.statistics.conformal`, as is
the limit of the domain, see `distiliqa.lab.train.domain_reference`. Both are missing where none
were.
"""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from distiliqa.errors import RecipeError
from distiliqa.lab.data.cache import read_rated
from distiliqa.lab.data.ratings import RatedImage
from distiliqa.lab.network.graph import ScoringGraph, image_statistics
from distiliqa.lab.network.network import Network
from distiliqa.lab.network.weights import read_network
from distiliqa.lab.train.domain_reference import fit_domain
from distiliqa.lab.train.local_quality import composites, fit_local_head
from distiliqa.lab.train.training_run import TrainingRun
from distiliqa.metrics.body_shape import BodyShape, body_shape
from distiliqa.models.config import Domain, IntervalCalibration
from distiliqa.statistics.conformal import COVERAGE, calibrate, spread_of
from distiliqa.statistics.conformal_by_case import (
    RatedByOthers,
    calibrate_by_case,
    min_cases,
)
from distiliqa.terminal import track

_BATCH = 8
_MIN_HELD_OUT = 20  # images, for a quantile


@dataclass(frozen=True)
class CalibratedStudent:
    """Student with its calibration; None where the run holds no images to calibrate on."""

    graph: ScoringGraph
    intervals: IntervalCalibration | None = None
    domain: Domain | None = None

    @property
    def heatmap(self) -> tuple[int, int] | None:
        """Rows and columns of the local quality map; None for a student without one."""
        if not self.graph.has_heatmap:
            return None
        side = self.graph.network.config.patches_a_side
        return side, side


def calibrate_student(
    run: TrainingRun, network: Network, typical: Container[str] | None = None
) -> CalibratedStudent:
    """Calibrate the student of a run on the images of the run.

    A network without a trained quality map gets one that is fitted here, from several versions of
    one slice, if it sees all of it.

    Parameters
    ----------
    typical : names of images like those that will be scored. Of the held-out images, intervals are
        calibrated on these; None for all. Intervals hold for the mixture that they were calibrated
        on.

    Raises
    ------
    RecipeError : fewer than 20 of the typical images were held out.
    """
    fold = run.fold(run.recipe.student.held_out_fold)
    examples = composites(
        run.images,
        run.cache,
        fold.train,
        seed=run.recipe.seed,
        higher_is_better=run.recipe.data.higher_is_better,
    )
    shown = track(examples, "Fitting the quality map")
    fitted = network.sees_all and not network.config.map
    local = fit_local_head(network, shown) if fitted else None
    held_out = run.recipe.student.holds_out and len(fold.validation) >= _MIN_HELD_OUT
    if not held_out:
        if typical is not None:
            raise _too_few(0)
        return CalibratedStudent(ScoringGraph(network, local=local))
    known, known_outputs = _examined(run, network, fold.train)
    others, outputs = _examined(run, network, fold.validation)
    cases = [_case(run.images[at]) for at in fold.train]
    shapes = _shapes([run.images[at].path for at in fold.train])
    reference, domain = fit_domain(known, cases, others, shapes)
    of_all = dict(zip(fold.train, known_outputs, strict=True))
    of_all |= dict(zip(fold.validation, outputs, strict=True))
    by_case = rated_by_teachers(run, of_all, typical)
    if by_case is not None:
        intervals = calibrate_by_case(by_case, coverage=COVERAGE)
    else:
        chosen = [run.images[at] for at in fold.validation]
        intervals = interval_calibration_of(chosen, outputs, typical)
    return CalibratedStudent(ScoringGraph(network, reference, local), intervals, domain)


def rated_by_teachers(
    run: TrainingRun, outputs: Mapping[int, NDArray[np.float64]], typical: Container[str] | None
) -> RatedByOthers | None:
    """Errors on all images that a teacher held out, each rated by that teacher.

    The spread of an image is that of the student, as it will be of new images.

    Parameters
    ----------
    outputs : of the student by position of the image, (outputs,) each.

    Returns
    -------
    None where the run lacks a teacher, or images of too few patients.
    """
    teachers = [run.teacher_weights(k) for k in range(1, len(run.folds) + 1)]
    held_out = [
        [at for at in fold.validation if typical is None or run.images[at].name in typical]
        for fold in run.folds
    ]
    positions = [at for part in held_out for at in part]
    cases = [_case(run.images[at]) for at in positions]
    if len(set(cases)) <= min_cases(COVERAGE) or not all(path.is_file() for path in teachers):
        return None
    found = [
        _of_teacher(run, read_network(path), part)
        for path, part in zip(teachers, held_out, strict=True)
        if part
    ]
    scores, processed = (np.concatenate(parts) for parts in zip(*found, strict=True))
    scale, labels = run.recipe.data, np.array([run.images[at].score for at in positions])
    spread = spread_of(np.stack([outputs[at] for at in positions]))
    share = (scores - scale.scale[0]) / scale.span
    return RatedByOthers(scores - labels, spread, share, processed, cases)


@torch.inference_mode()
def _of_teacher(
    run: TrainingRun, network: Network, positions: Sequence[int]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Scores and probabilities of processing, 0 without that head, of some images, (n,) each."""
    scores, processed = [], []
    for start in track(range(0, len(positions), _BATCH), "Rating by teachers"):
        images = _batch(run, positions[start : start + _BATCH])
        heads = network.heads(network.features(images))
        scores.append(heads.scores.mean(dim=1).double().numpy())
        known = heads.processed
        processed.append(
            np.zeros(len(images)) if known is None else known.sigmoid().double().numpy()
        )
    return np.concatenate(scores), np.concatenate(processed)


def _batch(run: TrainingRun, positions: Sequence[int]) -> Tensor:
    return torch.from_numpy(np.stack([run.cache.array(at)[None] for at in positions]))


def interval_calibration_of(
    images: Sequence[RatedImage], outputs: NDArray[np.float64], typical: Container[str] | None
) -> IntervalCalibration:
    """Interval calibration on the typical images among some that were held out.

    Parameters
    ----------
    outputs : (n, outputs), of the student for each of ``images``.
    typical : names of images, see `calibrate_student`.

    Raises
    ------
    RecipeError : fewer than 20 typical images.
    """
    chosen = [row for row, image in enumerate(images) if typical is None or image.name in typical]
    if len(chosen) < _MIN_HELD_OUT:
        raise _too_few(len(chosen))
    labels = np.array([images[row].score for row in chosen])
    cases = {_case(images[row]) for row in chosen}
    return calibrate(outputs[chosen], labels, cases=len(cases), coverage=COVERAGE)


def _too_few(count: int) -> RecipeError:
    return RecipeError(
        f"{count} of the images for calibration were held out; {_MIN_HELD_OUT} are needed",
        remedy="name images of patients of the held-out fold as the run's ratings name them",
    )


def _case(image: RatedImage) -> str:
    """Patient of an image; where unknown, the slice that it is a version of."""
    return image.case or image.source or image.name


def _shapes(paths: Sequence[Path]) -> list[BodyShape]:
    """Shapes of the bodies, from the files: the cache has no lungs and no pixel spacing."""

    def measured(path: Path) -> BodyShape:
        ct = read_rated(path)
        return body_shape(ct.hu, ct.spacing_mm)

    with ThreadPoolExecutor() as pool:
        found = pool.map(measured, paths)
        return list(track(found, "Measuring", total=len(paths)))


@torch.inference_mode()
def _examined(
    run: TrainingRun, network: Network, positions: Sequence[int]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Statistics (n, d) and outputs (n, outputs) of some images of the run."""
    device = next(network.parameters()).device
    statistics, outputs = [], []
    starts = range(0, len(positions), _BATCH)
    for start in track(starts, "Examining"):
        images = _batch(run, positions[start : start + _BATCH]).to(device)
        seen = network.features(images)
        statistics.append(image_statistics(seen).double().cpu().numpy())
        outputs.append(network.vit.rate(seen.tokens).double().cpu().numpy())
    return np.concatenate(statistics), np.concatenate(outputs)
