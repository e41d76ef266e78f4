"""Methods of a benchmark without a network: measures of the image, or of it and its reference.

None knows the scale of the readers. So each is mapped by a logistic curve that is fitted to the
other outer folds, as VQEG fits it to all images; a straight line where no curve is found. BRISQUE
learns the scale by itself.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from distiliqa.ct.window import Window
from distiliqa.files import write_json
from distiliqa.foreign_json import read_json
from distiliqa.lab.benchmark.benchmark_recipe import MethodSection
from distiliqa.lab.benchmark.rated_set import RatedSet
from distiliqa.lab.benchmark.references import reference_of
from distiliqa.lab.benchmark.scene_statistics import brisque, niqe, parts_of, statistics_of
from distiliqa.lab.data.cache import read_image
from distiliqa.lab.data.folds import Fold
from distiliqa.lab.data.ratings import RatedImage
from distiliqa.lab.evaluate.logistic_fit import fit_logistic
from distiliqa.metrics.gmsd import gmsd
from distiliqa.metrics.noise_level import box_size, global_noise_level, soft_tissue
from distiliqa.metrics.psnr import psnr
from distiliqa.metrics.ssim import ssim
from distiliqa.metrics.vif import vif
from distiliqa.terminal import track

Floats = NDArray[np.float64]


def out_of_fold_measure(rated: RatedSet, method: MethodSection, by: str, work: Path) -> Floats:
    """Predictions of all images, (n,), by curves fitted to the folds that they are not in.

    Parameters
    ----------
    work : folder that keeps the values.

    Raises
    ------
    RecipeError : an image has no reference.
    """
    if method.measure == "brisque":
        return _out_of_fold_brisque(rated, by)
    values_for = _values_by_fold(rated, method, work)
    scores = np.empty(len(rated.images))
    for fold in rated.folds(by):
        values, train, validation = values_for(fold), list(fold.train), list(fold.validation)
        scores[validation] = mapped(values[train], rated.labels[train], values[validation])
    return scores


def _values_by_fold(rated: RatedSet, method: MethodSection, work: Path) -> Callable[[Fold], Floats]:
    """Values of all images, (n,), for an outer fold; those of NIQE differ between folds."""
    if method.measure == "niqe":
        numbers = track(range(len(rated.images)), "niqe")
        parts = [parts_of(rated.cache.array(at)) for at in numbers]
        return lambda fold: niqe(parts, rated.labels, fold)
    values = _known_values(rated, method, work)
    return lambda fold: values


def _out_of_fold_brisque(rated: RatedSet, by: str) -> Floats:
    numbers = track(range(len(rated.images)), "brisque")
    features = np.array([statistics_of(rated.cache.array(at)) for at in numbers])
    scores, recipe = np.empty(len(features)), rated.recipe
    for fold in rated.folds(by):
        inner = rated.inner(fold, by)[0]
        scores[list(fold.validation)] = brisque(
            features,
            rated.labels,
            fold,
            inner,
            span=recipe.data.span,
            select_on=recipe.select_on,
        )
    return scores


def mapped(values: Floats, labels: Floats, new: Floats) -> Floats:
    """Map new values by the curve that takes known ones to their labels, (m,).

    A value that is not finite counts as the median of the known ones.
    """
    finite = np.isfinite(values)
    median = float(np.median(values[finite])) if finite.any() else 0.0
    values, new = (np.where(np.isfinite(part), part, median) for part in (values, new))
    if np.ptp(values) == 0:
        return np.full(len(new), labels.mean())
    fit = fit_logistic(values, labels)
    if fit is None:
        slope, start = np.polyfit(values, labels, 1)
        return slope * new + start
    return fit.low + (fit.high - fit.low) * expit((new - fit.middle) / max(fit.width, 1e-9))


def _known_values(rated: RatedSet, method: MethodSection, work: Path) -> Floats:
    name = method.measure or method.reference
    assert name is not None
    path = work / "measures" / f"{name}-{rated.cache.path.stem}.json"
    if not path.is_file():
        values = _values(rated, method, name)
        write_json(path, [value if np.isfinite(value) else None for value in values])
    return np.array([np.nan if value is None else value for value in read_json(path)])


def _values(rated: RatedSet, method: MethodSection, name: str) -> list[float]:
    window = rated.recipe.window.window()
    if method.reference is not None:
        pairs = [(image, reference_of(image, rated.references)) for image in rated.images]
        return [_compared(name, *pair, window) for pair in track(pairs, name)]
    if name in _OF_SEEN:
        numbers = track(range(len(rated.images)), name)
        return [_OF_SEEN[name](rated.cache.array(at).astype(np.float64)) for at in numbers]
    return [_OF_SLICE[name](image) for image in track(rated.images, name)]


MAX_DB = 100.0  # PSNR of the reference itself


def _compared(name: str, image: RatedImage, reference: RatedImage, window: Window) -> float:
    """Similarity of an image to its reference; NaN where it is not defined."""
    pair = (read_image(image).hu, read_image(reference).hu)
    found = _FULL_REFERENCE[name](*pair, window)
    return np.nan if found is None else min(found, MAX_DB)


def _noise_level(image: RatedImage) -> float:
    ct = read_image(image)
    found = global_noise_level(ct.hu, ct.info.spacing_mm)
    return np.nan if found is None else found


def _snr(image: RatedImage) -> float:
    """Mean of soft tissue above air over the noise level."""
    ct = read_image(image)
    noise = global_noise_level(ct.hu, ct.info.spacing_mm)
    tissue = soft_tissue(ct.hu, box_size(ct.info.spacing_mm))
    if not noise or not tissue.any():
        return np.nan
    return float((ct.hu[tissue].mean() + 1000) / noise)


def _total_variation(seen: Floats) -> float:
    """Mean length of the gradient (Rudin, Osher & Fatemi 1992, 10.1016/0167-2789(92)90242-F)."""
    return float(np.sqrt(_squares(seen)).mean())


def _gradient_energy(seen: Floats) -> float:
    """Mean square of the gradient."""
    return float(_squares(seen).mean())


def _squares(seen: Floats) -> Floats:
    down, across = np.diff(seen, axis=0)[:, :-1], np.diff(seen, axis=1)[:-1]
    return down**2 + across**2


_OF_SLICE: dict[str, Callable[[RatedImage], float]] = {"noise_level": _noise_level, "snr": _snr}
_OF_SEEN: dict[str, Callable[[Floats], float]] = {
    "total_variation": _total_variation,
    "gradient_energy": _gradient_energy,
}
_FULL_REFERENCE: dict[str, Callable[[NDArray, NDArray, Window], float | None]] = {
    "ssim": ssim,
    "psnr": psnr,
    "vif": vif,
    "gmsd": gmsd,
}
