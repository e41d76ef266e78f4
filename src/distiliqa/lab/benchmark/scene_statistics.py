"""BRISQUE and NIQE, refitted to CT: features of OpenCV, and models of the training folds alone.

Both describe an image by the distribution of its locally normalized values and of their products
with neighbors, at two scales: 36 numbers. BRISQUE maps them to labels by support vector regression
(Mittal, Moorthy & Bovik 2012, doi 10.1109/TIP.2012.2214050). NIQE compares those of its parts with
those of good images (Mittal, Soundararajan & Bovik 2013, doi 10.1109/LSP.2012.2227726). NIQE has
here the features of BRISQUE, computed part by part. Their published models, of photographs, are not
used.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import product

import numpy as np
from numpy.typing import NDArray

from distiliqa.extras import require_extra
from distiliqa.lab.data.folds import Fold
from distiliqa.lab.train.merit import merit_of
from distiliqa.statistics.agreement import agreement

Floats = NDArray[np.float64]

_FEATURES = 36
PART = 64  # side of the parts of NIQE, pixels
_SHARP = 0.75  # of the sharpest part of a good image: sharper ones describe it
_BEST = 0.25  # share of the training images, those with the best labels, that are good
_LEVELS = 255  # OpenCV takes the range of 8 bits

_COSTS = (1.0, 10.0, 100.0)
_GAMMAS = (0.005, 0.05, 0.5)
_TUBE = 0.1  # errors below it do not count, standard deviations of the labels
_MAX_STEPS = 100_000


def require_opencv() -> None:
    """Raise `DistiliqaError` if OpenCV is not installed."""
    require_extra("benchmark", ("cv2",), "BRISQUE and NIQE need")


def statistics_of(seen: NDArray[np.float32]) -> Floats:
    """The 36 features of BRISQUE, (36,); NaN where a distribution is not defined.

    Parameters
    ----------
    seen : (rows, columns), in [0, 1].
    """
    import cv2

    stored = np.ascontiguousarray(seen * np.float32(_LEVELS))
    return cv2.quality.QualityBRISQUE.computeFeatures(stored).ravel().astype(np.float64)


def parts_of(seen: NDArray[np.float32]) -> tuple[Floats, Floats]:
    """Features of the parts of an image, (parts, 36), and their sharpness, (parts,).

    Parts without defined features, such as those of air alone, are left out.
    """
    pairs = [(statistics_of(part), _sharpness(part)) for part in _parts(seen)]
    known = [pair for pair in pairs if np.isfinite(pair[0]).all()]
    features = np.array([pair[0] for pair in known]).reshape(-1, _FEATURES)
    return features, np.array([pair[1] for pair in known])


def _parts(seen: NDArray[np.float32]) -> Iterator[NDArray[np.float32]]:
    rows, columns = (range(0, side - PART + 1, PART) for side in seen.shape)
    for row, column in product(rows, columns):
        yield seen[row : row + PART, column : column + PART]


def _sharpness(part: NDArray[np.float32]) -> float:
    """Mean of the local standard deviation, in the window that the features have."""
    import cv2

    mean, square = (cv2.GaussianBlur(values, (7, 7), 7 / 6) for values in (part, part * part))
    return float(np.sqrt(np.maximum(square - mean * mean, 0)).mean())


def brisque(
    features: Floats, labels: Floats, fold: Fold, inner: Fold, *, span: float, select_on: str
) -> Floats:
    """Predict the held-out images of a fold, (validation images,).

    Parameters
    ----------
    features : (n, 36), of all images; labels : (n,).
    inner : split of the training images, on which cost and width of the regression are chosen.
    span : length of the scale of the labels.
    select_on : merit by which they are chosen, as the epoch of a network is, see `merit_of`.
    """

    def merit(setting: tuple[float, float]) -> float:
        found = _regressed(features, labels, inner, *setting)
        true = labels[list(inner.validation)]
        figures = agreement(found, true)
        rising = (figures.signed_plcc or 0.0) >= 0
        return merit_of(figures, rising=rising, select_on=select_on, span=span)

    best = max(product(_COSTS, _GAMMAS), key=merit)
    return _regressed(features, labels, fold, *best)


def _regressed(features: Floats, labels: Floats, fold: Fold, cost: float, gamma: float) -> Floats:
    import cv2

    known, wanted = list(fold.train), list(fold.validation)
    if np.ptp(labels[known]) == 0:  # no support vectors, which OpenCV refuses
        return np.full(len(wanted), labels[known][0])
    scaled = _scaled(features, known)
    center, spread = labels[known].mean(), labels[known].std()
    machine = cv2.ml.SVM.create()
    machine.setType(cv2.ml.SVM_EPS_SVR)
    machine.setKernel(cv2.ml.SVM_RBF)
    machine.setC(cost)
    machine.setGamma(gamma)
    machine.setP(_TUBE)
    machine.setTermCriteria((cv2.TERM_CRITERIA_EPS | cv2.TERM_CRITERIA_COUNT, _MAX_STEPS, 1e-4))
    standard = ((labels[known] - center) / spread).astype(np.float32)
    machine.train(scaled[known], cv2.ml.ROW_SAMPLE, standard)
    _, found = machine.predict(scaled[wanted])
    return center + spread * found.ravel().astype(np.float64)


def _scaled(features: Floats, known: Sequence[int]) -> NDArray[np.float32]:
    """Features from -1 to 1 over the known images; their median stands for what is undefined."""
    finite = np.where(np.isfinite(features), features, np.nan)
    learned = finite[list(known)]
    empty = np.isnan(learned).all(axis=0)
    learned[:, empty] = 0.0
    median = np.nanmedian(learned, axis=0)
    low, high = np.nanmin(learned, axis=0), np.nanmax(learned, axis=0)
    filled = np.where(np.isnan(finite), median, finite)
    spread = np.where(high > low, high - low, 1.0)
    return (2 * (filled - low) / spread - 1).astype(np.float32)


def niqe(parts: Sequence[tuple[Floats, Floats]], labels: Floats, fold: Fold) -> Floats:
    """Distance of each image from the good training images of a fold, (n,).

    NaN where an image has no part with defined features, or no training image has.

    Parameters
    ----------
    parts : features and sharpness of the parts of each image, see `parts_of`.
    labels : (n,).
    """
    known = list(fold.train)
    least = np.quantile(labels[known], 1 - _BEST)
    good = [_sharp(*parts[at]) for at in known if labels[at] >= least]
    pristine = np.concatenate([*good, np.empty((0, _FEATURES))])
    if len(pristine) < 2:
        return np.full(len(parts), np.nan)
    mean, covariance = pristine.mean(axis=0), np.cov(pristine, rowvar=False)
    return np.array([_distance(features, mean, covariance) for features, _ in parts])


def _sharp(features: Floats, sharpness: Floats) -> Floats:
    if not len(features):
        return np.empty((0, _FEATURES))
    return features[sharpness >= _SHARP * sharpness.max()]


def _distance(features: Floats, mean: Floats, covariance: Floats) -> float:
    """Equation 10 of Mittal et al. 2013."""
    if not len(features):
        return np.nan
    own = np.cov(features, rowvar=False) if len(features) > 1 else np.zeros_like(covariance)
    apart = features.mean(axis=0) - mean
    squared = apart @ np.linalg.pinv((covariance + own) / 2) @ apart
    return float(np.sqrt(max(squared, 0.0)))
