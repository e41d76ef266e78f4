"""What the body in a slice is made of, and its outline: bone, fat, soft tissue, air around it.

A trunk has fat, muscle and organs, and bone in its depth and here and there below its skin. A head
has a ring of bone, a limb one thick bone or two in muscle, a phantom no bone, and numbers that are
not HU have no air. None of these needs the pixel spacing. Ranges of tissue: bone from 200 HU, fat
-150 to -40 HU, soft tissue 0 to 120 HU.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from distiliqa.metrics.body_blocks import BODY_HU, opened, shrunk, spanned

_BONE_HU = 200.0  # of a mean over a block
_FAT_HU, _SOFT_HU = (-150.0, -40.0), (0.0, 120.0)
_AIR_HU = -700.0  # lung too
_RIM = 0.15  # of the radius of a disc as large as the body: skull is inside, most of a rib is not
_SECTORS = 36
_TAIL = 0.025  # of the body at each end, that its width and height leave out
_BIN_HU = 20.0
_MIN_BODY, _MIN_INSIDE = 20, 10  # blocks


@dataclass(frozen=True)
class BodyTissue:
    """What the body in a slice is made of.

    Attributes
    ----------
    aspect : float
        Width over height of the body: above 1 in trunks, about 0.8 in heads.
    air : float
        Share of the slice that is air or lung, below -700 HU.
    bone : float
        Share of the body that is bone.
    ring : float
        Share of the directions, seen from the middle of the body, in which bone lies below the skin
        at once: about 1 in a head, at most 0.7 in a chest.
    fat, soft : float
        Share of the body that is fat, and soft tissue or water.
    peak : float
        Share of what is no bone and no lung that lies in one range of 40 HU: 1 in water, 0.85 in
        brain, 0.3 in trunks.
    roundness : float
        Share of the body inside the disc of its area about its middle: above 0.99 in a round
        phantom, 0.92 in heads, 0.6 to 0.95 in trunks.
    """

    aspect: float
    air: float
    bone: float
    ring: float
    fat: float
    soft: float
    peak: float
    roundness: float = 0.0


def body_tissue(means: NDArray[np.floating]) -> BodyTissue | None:
    """Measure what the body in a slice is made of.

    Parameters
    ----------
    means : ndarray
        (rows, columns), HU, of blocks, see `distiliqa.metrics.body_blocks`.

    Returns
    -------
    BodyTissue or None
        None where no body is seen.
    """
    body = spanned(opened(means > BODY_HU))
    if np.count_nonzero(body) < _MIN_BODY:
        return None
    inside, bone = means[body], means > _BONE_HU
    return BodyTissue(
        aspect=_extent(body.sum(axis=0)) / _extent(body.sum(axis=1)),
        air=float(np.mean(means < _AIR_HU)),
        bone=float(np.mean(bone[body])),
        ring=_ring(body, bone),
        fat=_share(inside, _FAT_HU),
        soft=_share(inside, _SOFT_HU),
        peak=_peak(means[shrunk(body, 2)]),
        roundness=_roundness(body),
    )


def _extent(profile: NDArray[np.integer]) -> float:
    """Length that holds all but the tails of a profile, blocks; at least one."""
    reached = np.cumsum(profile) / profile.sum()
    low, high = np.interp([_TAIL, 1 - _TAIL], reached, np.arange(len(profile)))
    return float(max(high - low, 1.0))


def _roundness(body: NDArray[np.bool_]) -> float:
    rows, columns = np.nonzero(body)
    distances = np.hypot(rows - rows.mean(), columns - columns.mean())
    return float(np.mean(distances <= np.sqrt(len(rows) / np.pi)))


def _share(values: NDArray[np.floating], limits: tuple[float, float]) -> float:
    return float(np.mean((values > limits[0]) & (values < limits[1])))


def _ring(body: NDArray[np.bool_], bone: NDArray[np.bool_]) -> float:
    radius = np.sqrt(np.count_nonzero(body) / np.pi)
    rim = body & ~shrunk(body, max(1, round(_RIM * radius)))
    rows, columns = np.nonzero(rim & bone)
    middle = [places.mean() for places in np.nonzero(body)]
    turns = np.arctan2(rows - middle[0], columns - middle[1]) / (2 * np.pi) + 0.5
    sectors = (turns * _SECTORS).astype(int) % _SECTORS
    return len(np.unique(sectors)) / _SECTORS


def _peak(values: NDArray[np.floating]) -> float:
    tissue = values[(values > BODY_HU) & (values < _BONE_HU)]
    if tissue.size < _MIN_INSIDE:
        return 0.0
    counts, _ = np.histogram(tissue, np.arange(BODY_HU, _BONE_HU + _BIN_HU, _BIN_HU))
    return float((counts[:-1] + counts[1:]).max() / tissue.size)
