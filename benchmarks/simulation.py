"""Projection, noise and reconstruction of a slice, beside scikit-image and the ASTRA toolbox."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from importlib.util import find_spec

import numpy as np
import torch

from bench.figures import Curve, Figure, Found, main
from bench.phantom import phantom_of
from bench.rounds import ratio, side_by_side
from bench.scans import Image, by_astra, by_numpy, by_skimage, fan, ours, parallel
from distiliqa.simulate.attenuation import WATER_PER_MM
from distiliqa.simulate.patient import body_outline

SIZE, VIEWS, ROUNDS = 512, 720, 3
PHOTONS = 2.5e5
ALL_VIEWS, ALL_SIZES, FEW = (90, 180, 360, 720, 1440), (128, 256, 512, 768), 360
SLOW = 3  # points of these curves that others are measured at
FAN, PARALLEL, NUMPY = "distiliqa, fan beam", "distiliqa, parallel", "distiliqa, NumPy"
SKIMAGE, ASTRA = "scikit-image", "ASTRA"

Scan = Callable[[Image, float, int, float | None], Image]
SCANS: dict[str, Scan] = {
    FAN: partial(ours, fan),
    PARALLEL: partial(ours, parallel),
    NUMPY: by_numpy,
    SKIMAGE: by_skimage,
    ASTRA: by_astra,
}


def measure() -> Found:
    """Scan the same phantom by each, noise-free for the quality and with noise for the time."""
    scans = {name: scan for name, scan in SCANS.items() if name != ASTRA or find_spec("astra")}
    left_out = [] if len(scans) == len(SCANS) else ["ASTRA: astra is not installed"]
    phantom, spacing = phantom_of(SIZE)
    begin = time.perf_counter()
    ours(fan, phantom, spacing, VIEWS, PHOTONS)
    first = time.perf_counter() - begin
    work = phantom, spacing, VIEWS, PHOTONS
    seconds = side_by_side({name: partial(scan, *work) for name, scan in scans.items()}, ROUNDS)
    figures = []
    for other in (name for name in (SKIMAGE, ASTRA) if name in scans):
        bound = 5 if other == SKIMAGE else None
        for own in (FAN, PARALLEL, NUMPY):
            times = ratio(seconds, other, own)
            figures.append(Figure(f"{own} against {other}", times, "times", at_least=bound))
    times = ratio(seconds, NUMPY, PARALLEL)
    what, note = "time with NumPy against torch", "parallel; torch has all cores, NumPy one"
    figures.append(Figure(what, times, "times", at_most=3, note=note))
    for name, scan in scans.items():
        figures.append(Figure(f"simulation, {name}", _per_second(seconds[name]), "slices/s"))
        figures += _quality(name, scan, phantom, spacing)
    figures.append(Figure("first slice of a size", first, "s", note="it makes the matrices"))
    if torch.cuda.is_available():
        figures.append(on_gpu(phantom, spacing))
    else:
        left_out.append("simulation on a GPU: there is none")
    about = (
        f"A body phantom of {SIZE} x {SIZE} pixels through {VIEWS} views and back: line integrals, "
        "Poisson noise, filtered back-projection with a ramp. The parallel scans have a ray a "
        "pixel; one of them uses NumPy in place of torch, as dose-response does. The fan is that "
        "of a scanner, 736 channels over the full turn. The error is that of a scan without noise "
        "in the body, the noise is what the photons add there; linear interpolation, as the others "
        "do it, blurs: less noise, more error."
    )
    return Found("Simulation", about, figures, _curves(scans), left_out)


def _quality(name: str, scan: Scan, phantom: Image, spacing: float) -> list[Figure]:
    """Error without noise, and noise, in the body."""
    body = body_outline(1000 * (phantom / WATER_PER_MM - 1))
    silent, noisy = (scan(phantom, spacing, VIEWS, photons) for photons in (None, PHOTONS))
    error, noise = (
        float(np.sqrt(np.square(slice_[body], dtype=np.float64).mean())) * 1000 / WATER_PER_MM
        for slice_ in (silent - phantom, noisy - silent)
    )
    return [Figure(f"error, {name}", error, "HU"), Figure(f"noise, {name}", noise, "HU")]


def on_gpu(phantom: Image, spacing: float) -> Figure:
    """Scans of the phantom on an NVIDIA GPU."""
    batch = torch.from_numpy(phantom).cuda().expand(16, -1, -1)

    def run() -> None:
        ours(fan, batch, spacing, VIEWS, PHOTONS)
        torch.cuda.synchronize()

    rate = 16 * _per_second(side_by_side({"cuda": run}, ROUNDS)["cuda"])
    return Figure("simulation on a GPU, fan beam", rate, "slices/s", note="16 at a time")


def _per_second(seconds: list[float]) -> float:
    return 1 / float(np.median(seconds))


def _curves(scans: dict[str, Scan]) -> list[Curve]:
    """Seconds a slice against views and against size."""
    views: dict[str, list[tuple[float, float]]] = {}
    sizes: dict[str, list[tuple[float, float]]] = {}
    for name, scan in scans.items():
        points = SLOW if name in (SKIMAGE, ASTRA) else None
        views[name] = [(count, _seconds(scan, SIZE, count)) for count in ALL_VIEWS[:points]]
        sizes[name] = [(side, _seconds(scan, side, FEW)) for side in ALL_SIZES[:points]]
    about_views = (
        "The time of distiliqa has a part that does not depend on the views: the transform of the "
        "slice, and its values on a polar grid that is as fine as the slice needs."
    )
    about_sizes = f"{FEW} views. Back-projection grows with the pixels, the square of the side."
    return [
        Curve("Simulation against views", "views", "s", views, about_views),
        Curve("Simulation against size", "pixels a side", "s", sizes, about_sizes),
    ]


def _seconds(scan: Scan, size: int, views: int) -> float:
    phantom, spacing = phantom_of(size)
    return side_by_side({"one": partial(scan, phantom, spacing, views, PHOTONS)}, 1)["one"][0]


if __name__ == "__main__":
    main(measure, __doc__)
