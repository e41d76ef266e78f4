"""An image as hybrid iterative reconstruction shows it: noisy and smooth, blended.

The smooth image minimizes the squared distance to the noisy one plus a penalty on differences
between neighbors: quadratic for small ones, which are noise, and linear for large ones, which are
edges (Thibault et al., Med Phys 2007, doi 10.1118/1.2789499, has such a penalty). It takes away
high frequencies first, so what is left of the noise is coarser, as users of such reconstructions
see it.
"""

from __future__ import annotations

import math

import numpy as np

from distiliqa.simulate.processing.preparation import Image, Preparation, Process, within_body

_PENALTY = 4.0  # weight of each pair of neighbors; a pixel has 8
_EDGE = 0.3  # difference of neighbors from which the penalty is linear, in noise levels
_ITERATIONS = 30
_PAIRS = ((0, 1, 1.0), (1, 0, 1.0), (1, 1, math.sqrt(0.5)), (1, -1, math.sqrt(0.5)))


def iterative_blend(given: Preparation) -> Process:
    """Blend of an image with its smooth version; ``strength`` is the share of that, 0 to 1."""
    edge, share = np.float32(_EDGE * given.noise_hu), np.float32(given.strength)

    def blended(inner: Image) -> Image:
        return inner + share * (smooth_with_edges(inner, edge) - inner)

    return lambda hu: within_body(hu, blended)


def smooth_with_edges(image: Image, edge: np.float32) -> Image:
    """Minimize half the squared distance to the image plus the penalty, by reweighted averages.

    Each round solves for every pixel with its neighbors fixed. The weights of a pair of neighbors
    are those of the Huber function at their present difference.

    Parameters
    ----------
    edge : difference of neighbors from which the penalty is linear, HU.
    """
    smooth = image
    for _ in range(_ITERATIONS):
        total, weight = image.copy(), np.ones_like(image)
        for down, right, near in _PAIRS:
            first, second = _pair(down, right)
            difference = np.abs(smooth[first] - smooth[second])
            pair = np.float32(_PENALTY * near) * edge / np.maximum(difference, edge)
            total[first] += pair * smooth[second]
            total[second] += pair * smooth[first]
            weight[first] += pair
            weight[second] += pair
        smooth = total / weight
    return smooth


def _pair(down: int, right: int) -> tuple[tuple[slice, slice], tuple[slice, slice]]:
    """Pixels that have a neighbor in this direction, and these neighbors."""
    above, below = slice(None, -down or None), slice(down, None)
    if right < 0:
        return (above, slice(-right, None)), (below, slice(None, right))
    return (above, slice(None, -right or None)), (below, slice(right, None))
