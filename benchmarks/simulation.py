"""Forward projection, noise and reconstruction: distiliqa, scikit-image and ASTRA.

    python benchmarks/simulation.py [--json FILE]

All take the same body phantom through 720 views and back, in turns. scikit-image and ASTRA, which
reconstructs nothing else on the CPU, project parallel beams over half a turn; distiliqa a fan of
736 channels over a full one.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable

import numpy as np
import torch
from skimage.transform import iradon, radon

from bench.figures import Curve, Figure, Found, main
from bench.rounds import rate, ratio, side_by_side
from distiliqa.simulate.acquisition import Acquisition
from distiliqa.simulate.body import body_outline
from distiliqa.simulate.degradation import Degradation
from distiliqa.simulate.geometry import FanBeam
from distiliqa.simulate.noise import WATER_PER_MM, Beam
from distiliqa.simulate.phantom import body_phantom
from distiliqa.simulate.projector import project
from distiliqa.simulate.reconstruction import filtered_back_projection
from distiliqa.simulate.simulator import degrade

SIZE, VIEWS, ROUNDS = 512, 720, 3
FIELD_MM = 360.0
DOSE, PHOTONS = 0.25, 1e6
SOURCE_MM, DETECTOR_MM, CHANNELS, PITCH_MM = 595.0, 1085.6, 736, 1.2858
BATCH = 8  # slices at a time on a GPU


def attenuation(size: int) -> np.ndarray:
    """The phantom, float32, per mm."""
    hu = body_phantom(0.0, size=size, spacing_mm=FIELD_MM / size)
    return ((1 + hu / 1000) * WATER_PER_MM).astype(np.float32)


def fan(views: int) -> FanBeam:
    return FanBeam(SOURCE_MM, DETECTOR_MM, channels=CHANNELS, pitch=PITCH_MM, views=views)


def noisy(integrals: np.ndarray) -> np.ndarray:
    counts = np.random.default_rng(0).poisson(DOSE * PHOTONS * np.exp(-integrals)).clip(1)
    return -np.log(counts / (DOSE * PHOTONS))


def ours(image: np.ndarray, views: int = VIEWS, device: str = "cpu", slices: int = 1) -> object:
    """Projection, counts with read-out noise, reconstruction of the difference, sum."""
    made = Acquisition(fan(views), Beam(photons=PHOTONS), noise_free=True)
    hu = torch.from_numpy(1000 * (image / WATER_PER_MM - 1)).expand(slices, -1, -1).to(device)
    spacing = FIELD_MM / image.shape[0]
    found = degrade(hu, spacing, made, Degradation(dose=DOSE), range(slices))
    return found.cpu()


def our_reconstruction(image: np.ndarray) -> np.ndarray:
    spacing = FIELD_MM / SIZE
    integrals = project(torch.from_numpy(image)[None], spacing, fan(VIEWS))
    return filtered_back_projection(integrals, SIZE, spacing, fan(VIEWS))[0].numpy()


def skimage_way(image: np.ndarray, noise: Callable = noisy) -> np.ndarray:
    spacing, angles = FIELD_MM / SIZE, np.linspace(0, 180, VIEWS, endpoint=False)
    integrals = noise(radon(image, angles, circle=True) * spacing)
    return iradon(integrals, angles, filter_name="ramp", circle=True) / spacing


def astra_way(image: np.ndarray, noise: Callable = noisy) -> np.ndarray:
    import astra

    half, pitch = FIELD_MM / 2, PITCH_MM * SOURCE_MM / DETECTOR_MM  # at the axis of rotation
    volume = astra.create_vol_geom(SIZE, SIZE, -half, half, -half, half)
    angles = np.linspace(0, np.pi, VIEWS, endpoint=False)
    beams = astra.create_proj_geom("parallel", pitch, CHANNELS, angles)
    projector = astra.create_projector("linear", beams, volume)
    number, integrals = astra.create_sino(image, projector)
    astra.data2d.store(number, noise(integrals).astype(np.float32))
    settings = astra.astra_dict("FBP")
    settings |= {"ProjectorId": projector, "ProjectionDataId": number}
    settings["ReconstructionDataId"] = astra.data2d.create("-vol", volume)
    settings["option"] = {"FilterType": "Ram-Lak"}
    algorithm = astra.algorithm.create(settings)
    astra.algorithm.run(algorithm)
    found = astra.data2d.get(settings["ReconstructionDataId"])
    astra.clear()
    return found


def error_hu(found: np.ndarray, image: np.ndarray) -> float:
    """Root mean square difference in the body, 3 pixels off its edges, HU."""
    from scipy.ndimage import binary_erosion

    inside = binary_erosion(body_outline(1000 * (image / WATER_PER_MM - 1)), iterations=3)
    return float(np.sqrt(np.mean(((found - image)[inside] * 1000 / WATER_PER_MM) ** 2)))


def measure() -> Found:
    image, left_out = attenuation(SIZE), []
    ways: dict[str, Callable[[], object]] = {
        "distiliqa": lambda: ours(image),
        "scikit-image": lambda: skimage_way(image),
    }
    silent = {
        "distiliqa": our_reconstruction(image),
        "scikit-image": skimage_way(image, noise=lambda integrals: integrals),
    }
    try:
        silent["astra"] = astra_way(image, noise=lambda integrals: integrals)
        ways["astra"] = lambda: astra_way(image)
    except ImportError as error:
        left_out.append(f"astra-toolbox ({error})")
    begin = time.perf_counter()
    ours(image, views=VIEWS + 1)  # a geometry that is not known yet
    first = time.perf_counter() - begin
    seconds = side_by_side(ways, ROUNDS)
    figures = [Figure(f"{name}, CPU", rate(seconds, name, 1), "slices/s") for name in ways]
    figures += [
        Figure(
            f"distiliqa beside {name}", ratio(seconds, name, "distiliqa"), "times",
            at_least=5.0 if name == "scikit-image" else None,
        )
        for name in ways if name != "distiliqa"
    ]  # fmt: skip
    figures += [
        Figure(f"{name}, error without noise", error_hu(found, image), "HU rms", note="in the body")
        for name, found in silent.items()
    ]
    figures.append(Figure("first slice of a new geometry", first, "s", note="makes the matrices"))
    figures += _on_a_gpu(image, left_out)
    about = f"{SIZE} x {SIZE} pixels, {VIEWS} views, dose {DOSE:g}, ramp filter; {ROUNDS} turns."
    return Found("Simulation", about, figures, _growth(), left_out)


def _on_a_gpu(image: np.ndarray, left_out: list[str]) -> list[Figure]:
    if not torch.cuda.is_available():
        left_out.append("GPU (there is none)")
        return []
    runs = {
        "cuda": lambda: ours(image, device="cuda", slices=BATCH),
        "cpu": lambda: ours(image),
    }
    seconds = side_by_side(runs, ROUNDS)
    cuda = rate(seconds, "cuda", BATCH)
    return [
        Figure("distiliqa, GPU", cuda, "slices/s", note=f"{BATCH} at a time"),
        Figure("GPU beside CPU", cuda / rate(seconds, "cpu", 1), "times"),
    ]


def _growth() -> list[Curve]:
    image = attenuation(SIZE)
    by_views = [(float(v), _seconds(image, v)) for v in (90, 180, 360, 720, 1440)]
    by_size = [(float(s), _seconds(attenuation(s), VIEWS)) for s in (128, 256, 384, 512)]
    return [
        Curve(
            "Simulation against views", "views", "s a slice", {"512 x 512": by_views},
            "Projection, filtering and back projection each cost as many operations as views.",
        ),
        Curve(
            "Simulation against size", "pixels a side", "s a slice", {"720 views": by_size},
            "Back projection goes with the number of pixels, projection with that of samples along "
            "the rays, filtering with neither: less than the square of the side.",
        ),
    ]  # fmt: skip


def _seconds(image: np.ndarray, views: int) -> float:
    ours(image, views)
    spent = []
    for _ in range(2):
        begin = time.perf_counter()
        ours(image, views)
        spent.append(time.perf_counter() - begin)
    return statistics.median(spent)


if __name__ == "__main__":
    main(measure, __doc__)
