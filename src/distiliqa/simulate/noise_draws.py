"""Standard normal numbers for the noise of a slice: the same on every machine, without torch too.

They come from the Mersenne Twister MT19937 (Matsumoto & Nishimura, ACM Trans Model Comput Simul
1998, doi 10.1145/272991.272995) by the transform of Box and Muller (Ann Math Stat 1958,
doi 10.1214/aoms/1177706645). ``torch.randn`` on the CPU draws the same, within the rounding of
float32: a lower dose has the same noise, whether NumPy or torch computes it.
"""

from __future__ import annotations

import hashlib
import math

import numpy as np
from numpy.typing import NDArray

_GROUP = 16  # numbers that are made together, of 8 radii and 8 angles
_BITS = 24  # of a uniform number, as many as a float32 holds


def noise_seed(seed: int, sop_uid: str | None, frame: int = 0) -> int:
    """Seed of the noise of one slice, below 2**56.

    Parameters
    ----------
    seed : seed that the user gave.
    frame : 0-based index of the slice in its image.
    """
    name = f"{seed} {sop_uid} {frame}" if frame else f"{seed} {sop_uid}"
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:7], "big")


def stream_seed(seed: int, purpose: int = 0) -> int:
    """Seed of the generator of a slice: of its noise, 0, or of the rings in it, 1."""
    return (2 * seed + purpose) % 2**63


def noise_draws(shape: tuple[int, ...], seed: int) -> NDArray[np.float32]:
    """Draw the noise of a slice: ``torch.randn(shape)`` after ``manual_seed(stream_seed(seed))``.

    Where the numbers are no multiple of 16, the last 16 are others than those of torch.
    """
    count = math.prod(shape)
    uniform = _uniform(-(-count // _GROUP) * _GROUP, stream_seed(seed))
    first, second = uniform.reshape(-1, 2, _GROUP // 2).swapaxes(0, 1)
    radius, angle = np.sqrt(-2 * np.log(1 - first)), np.float32(2 * math.pi) * second
    drawn = np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1)
    return drawn.reshape(-1)[:count].reshape(shape)


def _uniform(count: int, seed: int) -> NDArray[np.float32]:
    """Numbers in [0, 1) of the lowest 32 bits of a seed. NumPy keeps this stream (NEP 19)."""
    words = np.random.RandomState(seed % 2**32).bytes(4 * count)
    kept = np.frombuffer(words, "<u4") & np.uint32(2**_BITS - 1)
    return kept.astype(np.float32) * np.float32(2.0**-_BITS)
