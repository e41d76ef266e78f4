"""Calibration of a trained student: intervals, processing, domain reference, local quality map.

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

import numpy as np
import torch
from numpy.typing import NDArray

from distiliqa.errors import RecipeError
from distiliqa.lab.data.cache import read_image
from distiliqa.lab.data.folds import Fold
from distiliqa.lab.data.process_column import shows_body_as_it_is
from distiliqa.lab.data.ratings import RatedImage
from distiliqa.lab.network.graph import (
    DomainReference,
    LocalHead,
    ScoringGraph,
    image_statistics,
)
from distiliqa.lab.network.network import Network
from distiliqa.lab.train.domain_reference import Bodies, fit_domain
from distiliqa.lab.train.local_quality import composites, fit_local_head
from distiliqa.lab.train.teacher_ratings import (
    BATCH,
    batch_of,
    case_of,
    processed_calibration_of,
    rate_held_out,
    rated_by_teachers,
)
from distiliqa.lab.train.training_run import TrainingRun
from distiliqa.metrics.body_shape import BodyShape, body_shape
from distiliqa.models.config import Domain
from distiliqa.models.interval_calibration import IntervalCalibration
from distiliqa.models.processed import ProcessedCalibration
from distiliqa.statistics.conformal import COVERAGE, calibrate, spread_of
from distiliqa.statistics.conformal_by_case import (
    calibrate_by_case,
    left_out_coverage,
    min_cases,
)
from distiliqa.terminal import track

_MIN_HELD_OUT = 20  # images, for a quantile


@dataclass(frozen=True)
class CalibratedStudent:
    """Student with its calibration; None where the run holds no images to calibrate on.

    Attributes
    ----------
    coverage : of each patient, of intervals that were calibrated on the others; empty where
        intervals are not set across patients.
    """

    graph: ScoringGraph
    intervals: IntervalCalibration | None = None
    domain: Domain | None = None
    processed: ProcessedCalibration | None = None
    coverage: tuple[float, ...] = ()

    @property
    def heatmap(self) -> tuple[int, int] | None:
        """Rows and columns of the local quality map; None for a student without one."""
        if not self.graph.has_heatmap:
            return None
        side = self.graph.network.config.patches_a_side
        return side, side


def calibrate_student(
    run: TrainingRun,
    network: Network,
    typical: Container[str] | None = None,
    sites: Mapping[str, str] | None = None,
) -> CalibratedStudent:
    """Calibrate the student of a run on the images of the run.

    A network without a trained quality map gets one that is fitted here, from several versions of
    one slice, if it sees all of it.

    Parameters
    ----------
    typical : names of images like those that will be scored. Of the held-out images, intervals are
        calibrated on these; None for all. Intervals hold for the mixture that they were calibrated
        on.
    sites : the site of each patient, if known. The limit of the domain is then set on sites that
        the reference does not know, else on patients.

    Raises
    ------
    RecipeError : fewer than 20 of the typical images were held out.
    """
    fold = run.fold(run.recipe.student.held_out_fold)
    local = _local_head(run, network, fold)
    if not (run.recipe.student.holds_out and len(fold.validation) >= _MIN_HELD_OUT):
        if typical is not None:
            raise _too_few(0)
        return CalibratedStudent(ScoringGraph(network, local=local))
    known, known_outputs = _examined(run, network, fold.train)
    others, outputs = _examined(run, network, fold.validation)
    reference, domain = _domain(run, fold, known, others, sites or {})
    spread = dict(zip(fold.train, spread_of(known_outputs).tolist(), strict=True))
    spread |= dict(zip(fold.validation, spread_of(outputs).tolist(), strict=True))
    ratings = rate_held_out(run)
    by_case = None if ratings is None else rated_by_teachers(run, ratings, spread, typical)
    if by_case is not None and len(by_case.members) > min_cases(COVERAGE):
        intervals = calibrate_by_case(by_case, coverage=COVERAGE)
        coverage = tuple(left_out_coverage(by_case, coverage=COVERAGE).tolist())
    else:
        chosen = [run.images[at] for at in fold.validation]
        intervals, coverage = interval_calibration_of(chosen, outputs, typical), ()
    processed = None
    if ratings is not None and network.config.processed:
        processed = processed_calibration_of(run, ratings, spread, intervals)
    graph = ScoringGraph(network, reference, local)
    return CalibratedStudent(graph, intervals, domain, processed, coverage)


def _local_head(run: TrainingRun, network: Network, fold: Fold) -> LocalHead | None:
    """The quality map of a network that sees all of a slice and was not trained to have one."""
    if not network.sees_all or network.config.map:
        return None
    rises, seed = run.recipe.data.higher_is_better, run.recipe.seed
    examples = composites(run.images, run.cache, fold.train, seed=seed, higher_is_better=rises)
    return fit_local_head(network, track(examples, "Fitting the quality map"))


def _domain(
    run: TrainingRun,
    fold: Fold,
    known: NDArray[np.float64],
    others: NDArray[np.float64],
    sites: Mapping[str, str],
) -> tuple[DomainReference, Domain]:
    """The domain of the training images; statistics (n, d) of these and of the held-out ones."""
    cases = [case_of(image) for image in run.images]
    groups = [sites.get(case, case) for case in cases]
    bodies = [at for at in fold.train if shows_body_as_it_is(run.images[at])] or fold.train
    return fit_domain(
        known,
        [groups[at] for at in fold.train],
        others,
        [groups[at] for at in fold.validation],
        Bodies(_shapes([run.images[at] for at in bodies]), [cases[at] for at in bodies]),
    )


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
    cases = {case_of(images[row]) for row in chosen}
    return calibrate(outputs[chosen], labels, cases=len(cases), coverage=COVERAGE)


def _too_few(count: int) -> RecipeError:
    return RecipeError(
        f"{count} of the images for calibration were held out; {_MIN_HELD_OUT} are needed",
        remedy="name images of patients of the held-out fold as the run's ratings name them",
    )


def _shapes(images: Sequence[RatedImage]) -> list[BodyShape]:
    """Shapes of the bodies, from the files: the cache has no lungs and no pixel spacing."""

    def measured(image: RatedImage) -> BodyShape:
        ct = read_image(image)
        return body_shape(ct.hu, ct.spacing_mm)

    with ThreadPoolExecutor() as pool:
        found = pool.map(measured, images)
        return list(track(found, "Measuring", total=len(images)))


@torch.inference_mode()
def _examined(
    run: TrainingRun, network: Network, positions: Sequence[int]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Statistics (n, d) and outputs (n, outputs) of some images of the run."""
    device = next(network.parameters()).device
    statistics, outputs = [], []
    starts = range(0, len(positions), BATCH)
    for start in track(starts, "Examining"):
        images = batch_of(run, positions[start : start + BATCH]).to(device)
        seen = network.features(images, patches=False)
        statistics.append(image_statistics(seen).double().cpu().numpy())
        outputs.append(network.vit.heads(seen.tokens.of_class).double().cpu().numpy())
    return np.concatenate(statistics), np.concatenate(outputs)
