"""What a trained student is told about itself: what it knows, how sure it is, and where it looks.

Certainty and the limit of the domain are set on the images that were held out of its training, so
they are missing where none were; see `distiliqa.statistics.conformal` and
`distiliqa.lab.train.domain_reference`.
"""

from __future__ import annotations

from collections.abc import Container, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from distiliqa.errors import RecipeError
from distiliqa.lab.data.cache import read_rated
from distiliqa.lab.data.ratings import RatedImage
from distiliqa.lab.network.graph import ScoringGraph, image_statistics
from distiliqa.lab.network.network import Network
from distiliqa.lab.train.domain_reference import fit_domain
from distiliqa.lab.train.local_quality import composites, fit_local_head
from distiliqa.lab.train.training_run import TrainingRun
from distiliqa.metrics.body_shape import BodyShape, body_shape
from distiliqa.models.folder import Certainty, Domain
from distiliqa.statistics.conformal import COVERAGE, calibrate
from distiliqa.terminal import track

_BATCH = 8
_FEWEST = 20  # held-out images that say anything of a quantile


@dataclass(frozen=True)
class Insight:
    """A student with what is known of it; None where the run cannot tell."""

    graph: ScoringGraph
    certainty: Certainty | None = None
    domain: Domain | None = None

    @property
    def heatmap(self) -> tuple[int, int] | None:
        """Rows and columns of the map, if there is one."""
        if self.graph.local is None:
            return None
        side = self.graph.network.config.patches_a_side
        return side, side


def gain_insight(
    run: TrainingRun, network: Network, typical: Container[str] | None = None
) -> Insight:
    """Examine the student of a run on the run's images.

    A map needs versions of one slice and a network that sees all of it.

    Parameters
    ----------
    typical : names of images like those that will be scored: of the held-out images the ones that
        intervals are set on; None for all. Intervals hold for the mixture they were set on.

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
    told = track(examples, "Mapping")
    local = fit_local_head(network, told) if network.sees_all else None
    held_out = run.recipe.student.holds_out and len(fold.validation) >= _FEWEST
    if not held_out:
        if typical is not None:
            raise _too_few(0)
        return Insight(ScoringGraph(network, local=local))
    known, _ = _asked(run, network, fold.train)
    others, outputs = _asked(run, network, fold.validation)
    cases = [_case(run.images[at]) for at in fold.train]
    shapes = _shapes([run.images[at].path for at in fold.train])
    reference, domain = fit_domain(known, cases, others, shapes)
    certainty = certainty_of([run.images[at] for at in fold.validation], outputs, typical)
    return Insight(ScoringGraph(network, reference, local), certainty, domain)


def certainty_of(
    images: Sequence[RatedImage], outputs: NDArray[np.float64], typical: Container[str] | None
) -> Certainty:
    """How wide intervals are, set on those of some held-out images that are typical.

    Parameters
    ----------
    outputs : (n, outputs), of the student for each of ``images``.
    typical : names of images, see `gain_insight`.

    Raises
    ------
    RecipeError : fewer than 20 typical images.
    """
    taken = [row for row, image in enumerate(images) if typical is None or image.name in typical]
    if len(taken) < _FEWEST:
        raise _too_few(len(taken))
    labels = np.array([images[row].score for row in taken])
    cases = {_case(images[row]) for row in taken}
    return calibrate(outputs[taken], labels, cases=len(cases), coverage=COVERAGE)


def _too_few(count: int) -> RecipeError:
    return RecipeError(
        f"{count} of the images to set intervals on were held out; {_FEWEST} are needed",
        remedy="name images of patients of the held-out fold as the run's ratings name them",
    )


def _case(image: RatedImage) -> str:
    """The patient of an image, or where unknown the slice that it is a version of."""
    return image.case or image.source or image.name


def _shapes(paths: Sequence[Path]) -> list[BodyShape]:
    """Of the bodies in images; the cache of the run holds neither lungs nor the pixel spacing."""

    def measured(path: Path) -> BodyShape:
        ct = read_rated(path)
        return body_shape(ct.hu, ct.spacing_mm)

    with ThreadPoolExecutor() as pool:
        found = pool.map(measured, paths)
        return list(track(found, "Measuring", total=len(paths)))


@torch.inference_mode()
def _asked(
    run: TrainingRun, network: Network, positions: Sequence[int]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Statistics (n, d) and outputs (n, outputs) of some images of the run."""
    device = next(network.parameters()).device
    statistics, outputs = [], []
    starts = range(0, len(positions), _BATCH)
    for start in track(starts, "Examining"):
        batch = [run.cache.array(at)[None] for at in positions[start : start + _BATCH]]
        images = torch.from_numpy(np.stack(batch)).to(device)
        seen = network.features(images)
        statistics.append(image_statistics(seen).double().cpu().numpy())
        outputs.append(network.vit.rate(seen.tokens).double().cpu().numpy())
    return np.concatenate(statistics), np.concatenate(outputs)
