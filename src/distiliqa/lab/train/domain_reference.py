"""Domain of a network: statistics and shapes of its training images, and the limits around them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from distiliqa.lab.network.graph import DomainReference
from distiliqa.lab.train.body_limits import body_limits
from distiliqa.metrics.body_shape import BodyShape
from distiliqa.models.config import Domain

FALSE_ALARMS = 0.05  # between groups that differ; fewer for a patient like the others


class Bodies(NamedTuple):
    """The bodies that limits of shape are set on.

    Attributes
    ----------
    shapes : of bodies. cases : the patient of each.
    """

    shapes: Sequence[BodyShape]
    cases: Sequence[str]


def fit_domain(
    known: NDArray[np.floating],
    groups: Sequence[str],
    others: NDArray[np.floating],
    other_groups: Sequence[str],
    bodies: Bodies,
    *,
    false_alarms: float = FALSE_ALARMS,
) -> tuple[DomainReference, Domain]:
    """Fit the domain reference of a network and its limits.

    The limit of the distance is set on groups that the reference does not know: each group of
    images against the training images of all others. Patients differ more than images, and sites
    more than patients.

    Parameters
    ----------
    known : (n, d), statistics of training images, see `distiliqa.lab.network.graph`.
    groups : the site or the patient of each of them.
    others, other_groups : (m, d), the same of images of other patients.
    bodies : in the training images, or in those of them that show bodies as they are.
    false_alarms : share of the distances of unknown groups that lies beyond the limit.
    """
    rows = known.astype(np.float64)
    distances = _left_out(rows, np.asarray(groups), others, np.asarray(other_groups))
    limit = float(np.quantile(distances, 1 - false_alarms))
    mean, whitening = whitened(rows)
    reference = DomainReference(
        torch.from_numpy(mean).float(), torch.from_numpy(whitening / limit).float()
    )
    return reference, replace(
        Domain(false_alarms, len(known), len(distances)),
        **body_limits(bodies.shapes, bodies.cases),
    )


def _left_out(
    rows: NDArray[np.float64],
    groups: NDArray[np.str_],
    others: NDArray[np.floating],
    other_groups: NDArray[np.str_],
) -> NDArray[np.float64]:
    """Distances of all images from the training images of other groups.

    Training images of one group alone are compared with nothing.
    """
    alone = ~np.isin(other_groups, groups) | (len(np.unique(groups)) == 1)
    distances = [_distances(others[alone], *whitened(rows))]
    for group in np.unique(groups):
        if not (own := groups == group).all():
            compared = np.concatenate([rows[own], others[other_groups == group]])
            distances.append(_distances(compared, *whitened(rows[~own])))
    return np.concatenate(distances)


def _distances(
    rows: NDArray[np.floating], mean: NDArray[np.float64], whitening: NDArray[np.float64]
) -> NDArray[np.float64]:
    return np.linalg.norm((rows - mean) @ whitening, axis=1)


def whitened(rows: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Mean (d,) and whitening (d, d) of rows (n, d), of which there may be fewer than columns.

    Columns are scaled first: the channels of a network differ by orders of magnitude.
    """
    mean, scale = rows.mean(axis=0), rows.std(axis=0)
    scale = scale + 1e-3 * scale.mean()
    covariance = shrunk_covariance((rows - mean) / scale)
    return mean, np.linalg.cholesky(np.linalg.inv(covariance)) / scale[:, None]


def shrunk_covariance(centered: NDArray[np.float64]) -> NDArray[np.float64]:
    """Covariance of centered rows (n, d), shrunk toward a multiple of the identity.

    Ledoit & Wolf 2004, doi 10.1016/S0047-259X(03)00096-4.
    """
    count, size = centered.shape
    sample = centered.T @ centered / count
    target = np.trace(sample) / size * np.eye(size)
    distance = np.square(sample - target).sum()
    # The sum over rows of the squared distance of each row's outer product from the sample's.
    fourth = np.square(np.square(centered).sum(axis=1)).sum()
    noise = (fourth - count * np.square(sample).sum()) / count**2
    share = min(max(noise / distance, 0.0), 1.0) if distance > 0 else 1.0
    return share * target + (1 - share) * sample
