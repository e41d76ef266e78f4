"""Domain of a network: statistics and shapes of its training images, and the limits around them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import torch
from numpy.typing import NDArray

from distiliqa.lab.network.graph import DomainReference
from distiliqa.lab.train.body_limits import body_limits
from distiliqa.metrics.body_shape import BodyShape
from distiliqa.models.config import Domain

FALSE_ALARMS = 0.05  # between patients who differ; fewer for a patient like the others


def fit_domain(
    known: NDArray[np.floating],
    cases: Sequence[str],
    others: NDArray[np.floating],
    shapes: Sequence[BodyShape],
    *,
    body_cases: Sequence[str] | None = None,
    false_alarms: float = FALSE_ALARMS,
) -> tuple[DomainReference, Domain]:
    """Fit the domain reference of a network and its limits.

    The limit of the distance is set on patients that the reference does not know: those held out,
    and each patient of the training images against the others. Patients differ more than images.

    Parameters
    ----------
    known : (n, d), statistics of training images, see `distiliqa.lab.network.graph`.
    cases : the patient of each of them.
    others : (m, d), of images of other patients.
    shapes : of the bodies in the training images, or in those of them that show bodies as they are.
    body_cases : the patient of each shape; None where ``cases`` are these too.
    false_alarms : share of the distances of unknown patients that lies beyond the limit.
    """
    rows, labels = known.astype(np.float64), np.asarray(cases)
    mean, whitening = whitened(rows)
    distances = [_distances(others, mean, whitening)]
    for case in np.unique(labels):
        if not (alone := labels == case).all():
            distances.append(_distances(rows[alone], *whitened(rows[~alone])))
    limit = float(np.quantile(np.concatenate(distances), 1 - false_alarms))
    reference = DomainReference(
        torch.from_numpy(mean).float(), torch.from_numpy(whitening / limit).float()
    )
    checked = sum(map(len, distances))
    return reference, replace(
        Domain(false_alarms, len(known), checked),
        **body_limits(shapes, cases if body_cases is None else body_cases),
    )


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
