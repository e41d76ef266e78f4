"""A reduced precision is offered where its scores agree with those of fp32, measured here.

The slices are those of the example series, each also with noise added: quality is seen in
differences of a few HU, of which eight significant bits may lose all. What was measured is kept in
the user's cache folder, so that each machine measures a model once.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from distiliqa.ct import crop_or_pad, index_ct, read_ct
from distiliqa.errors import DistiliqaError
from distiliqa.examples import EXAMPLE_SERIES
from distiliqa.models.config import INPUT, OUTPUT, ModelConfig
from distiliqa.models.folder import ONNX
from distiliqa.scoring.execution import Execution
from distiliqa.scoring.machine_cache import keep_measured, read_measured
from distiliqa.scoring.runtimes.int8 import make_int8
from distiliqa.scoring.runtimes.runtime import Runtime, open_runtime
from distiliqa.statistics.agreement import srocc

MAX_MOVED, MIN_SROCC = 0.02, 0.999
_SPAN = 4.0  # of the scale that MAX_MOVED is for
_NOISE_HU = (0.0, 10.0, 20.0)
_MAX_MORE = 64


@dataclass(frozen=True)
class Closeness:
    """Scores of a reduced precision beside those of fp32.

    Attributes
    ----------
    moved : float
        Largest difference, on a scale from 0 to 4.
    srocc : float
        Spearman's correlation of the two.
    """

    moved: float
    srocc: float

    @property
    def is_enough(self) -> bool:
        """Whether the precision is offered."""
        return self.moved <= MAX_MOVED and self.srocc >= MIN_SROCC


def offer_int8(folder: Path, config: ModelConfig, slices: Path | None = None) -> None:
    """Make the int8 network of a model on this machine, and check it.

    Parameters
    ----------
    slices : Path or None
        Slices that set the ranges, besides `check_slices` of the example series.

    Raises
    ------
    DistiliqaError
        See `require_closeness` and `distiliqa.scoring.runtimes.int8.make_int8`.
    """
    images, execution = check_slices(config, slices), Execution(precision="int8")
    make_int8(folder, config, images)
    made = open_runtime(folder, config, execution)
    require_closeness(folder, config, execution, made, images)


def require_closeness(
    folder: Path,
    config: ModelConfig,
    execution: Execution,
    reduced: Runtime,
    images: NDArray[np.float32] | None = None,
) -> None:
    """Raise where the scores of a model in a reduced precision are not those of fp32.

    Parameters
    ----------
    folder, config, execution : the model folder, its description, and the way it is run.
    reduced : Runtime
        The network, opened in that way.
    images : ndarray of float32 or None
        Windowed slices to measure it on now; None takes what was measured before, or measures it on
        `check_slices`.

    Raises
    ------
    DistiliqaError
        They differ by more than 0.02 on a scale from 0 to 4, or rank slices otherwise: Spearman's
        correlation is below 0.999.
    """
    facts = {"model": config.files.get(ONNX), "precision": execution.precision}
    found = _read(read_measured("closeness", facts)) if images is None else None
    if found is None:
        images = check_slices(config) if images is None else images
        found = closeness(reduced, open_runtime(folder, config, Execution()), config, images)
        keep_measured("closeness", facts, asdict(found))
    if not found.is_enough:
        raise DistiliqaError(
            f"{execution.precision} moves scores of {config.title} by up to {found.moved:.2g} of 4 "
            f"and has a rank correlation of {found.srocc:.4f} with fp32; {MAX_MOVED:g} and "
            f"{MIN_SROCC:g} are the limits",
            remedy="use the precision fp32",
        )


def closeness(
    reduced: Runtime, exact: Runtime, config: ModelConfig, images: NDArray[np.float32]
) -> Closeness:
    """Compare the scores of two ways to run a model for windowed slices (n, 1, S, S)."""
    feeds = [{INPUT: image[np.newaxis]} for image in images]
    one, other = (
        np.concatenate([runtime.run([OUTPUT], feed)[0].mean(axis=1) for feed in feeds])
        for runtime in (reduced, exact)
    )
    scale = config.network_scale
    moved = float(np.abs(one - other).max()) * _SPAN / (scale.high - scale.low)
    return Closeness(moved, srocc(one, other) or 0.0)


def check_slices(config: ModelConfig, more: Path | None = None) -> NDArray[np.float32]:
    """Make the slices of the comparison, as the network takes them: (n, 1, S, S) in [0, 1].

    Parameters
    ----------
    more : Path or None
        Slices to add, at most 64 of them, from all over the folder.
    """
    rng = np.random.default_rng(0)
    slices = [crop_or_pad(ct.hu, config.image_size)[0] for ct in read_ct(EXAMPLE_SERIES)]
    noisy = [
        (hu + rng.normal(0, sd, hu.shape)).astype(np.float32) for sd in _NOISE_HU for hu in slices
    ]
    if more is not None:
        found = index_ct(more).slices
        spread = found[:: -(-len(found) // _MAX_MORE) or 1]
        noisy += [crop_or_pad(info.read().hu, config.image_size)[0] for info in spread]
    return np.stack([config.window.apply(hu) for hu in noisy])[:, np.newaxis]


def _read(content: Any) -> Closeness | None:
    """What an earlier measurement found; None where it cannot be used."""
    try:
        return Closeness(float(content["moved"]), float(content["srocc"]))
    except (KeyError, TypeError, ValueError):
        return None
