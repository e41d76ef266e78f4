"""Seconds a slice for forward projection, noise and reconstruction: distiliqa and scikit-image.

    python benchmarks/simulation.py [--size 512] [--views 720] [--rounds 3]

Both take a body phantom through the views and back, in turn, and the ratio is taken round by round,
so that a machine whose speed drifts does not favour either. scikit-image projects parallel beams
over half a turn with as many views; distiliqa a fan of 736 channels over a full one.
"""

from __future__ import annotations

import argparse
import os
import statistics
import time
from collections.abc import Callable

import numpy as np
import torch
from skimage.transform import iradon, radon

from distiliqa.simulate.acquisition import Acquisition
from distiliqa.simulate.degradation import Degradation
from distiliqa.simulate.geometry import FanBeam
from distiliqa.simulate.noise import WATER_PER_MM, Beam
from distiliqa.simulate.phantom import body_phantom
from distiliqa.simulate.simulator import degrade

DOSE, PHOTONS = 0.25, 1e6


def ours(attenuation: np.ndarray, spacing: float, views: int) -> object:
    """Fan beam, counts with read-out noise, filtered back-projection, added to the slice."""
    geometry = FanBeam(595.0, 1085.6, channels=736, pitch=1.2858, views=views)
    made = Acquisition(geometry, Beam(photons=PHOTONS), noise_free=True)
    hu = torch.from_numpy(1000 * (attenuation / WATER_PER_MM - 1))[None]
    return degrade(hu, spacing, made, Degradation(dose=DOSE), [0])


def theirs(attenuation: np.ndarray, spacing: float, views: int) -> object:
    """Parallel beams, counts, filtered back-projection."""
    angles = np.linspace(0, 180, views, endpoint=False)
    integrals = radon(attenuation, angles, circle=True) * spacing
    counts = np.random.default_rng(0).poisson(DOSE * PHOTONS * np.exp(-integrals)).clip(1)
    return iradon(-np.log(counts / (DOSE * PHOTONS)), angles, filter_name="hann", circle=True)


def seconds(run: Callable[..., object], *arguments: object) -> float:
    begin = time.perf_counter()
    run(*arguments)
    return time.perf_counter() - begin


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--size", type=int, default=512)
    options.add_argument("--views", type=int, default=720)
    options.add_argument("--rounds", type=int, default=3)
    args = options.parse_args()
    spacing = 360 / args.size
    hu = body_phantom(0.0, size=args.size, spacing_mm=spacing)
    attenuation = ((1 + hu / 1000) * WATER_PER_MM).astype(np.float32)
    work = attenuation, spacing, args.views
    first = seconds(ours, *work)  # makes the matrices, once for a size
    rounds = [(seconds(ours, *work), seconds(theirs, *work)) for _ in range(args.rounds)]
    fan, skimage = (statistics.median(column) for column in zip(*rounds, strict=True))
    ratio = statistics.median(b / a for a, b in rounds)
    print(f"{args.size} x {args.size}, {args.views} views, {os.cpu_count()} cores, ", end="")
    print(f"median of {args.rounds} rounds")
    print(f"distiliqa     {fan:7.2f} s a slice ({first:.2f} s the first)")
    print(f"scikit-image  {skimage:7.2f} s a slice")
    print(f"ratio         {ratio:7.1f}")


if __name__ == "__main__":
    main()
