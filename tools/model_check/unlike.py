"""Images that a model of body CT does not know: natural ones, MR, PET, heads, limbs, phantoms.

Most are computed; real ones are in `tools.model_check.strangers`.
"""

from __future__ import annotations

import gzip
from collections.abc import Iterator, Sequence
from pathlib import Path

import matplotlib
import nibabel
import numpy as np
import skimage
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter
from skimage.transform import resize

from distiliqa.ct.crop_or_pad import AIR_HU
from distiliqa.simulate.acquisition import Acquisition
from tools.phantom.scan import scan

SIZE = 512
# Those that come inside scikit-image itself.
NATURAL = (
    "astronaut.png", "brick.png", "camera.png", "cell.png", "chelsea.png", "coffee.png",
    "coins.png", "grass.png", "gravel.png", "hubble_deep_field.jpg", "ihc.png", "moon.png",
    "motorcycle_left.png", "page.png", "retina.jpg", "rocket.jpg", "text.png",
)  # fmt: skip
IN_WINDOW, ALL_HU = (-135.0, 215.0), (-1000.0, 1000.0)
DOSES = (1.0, 0.25, 0.05)
HEAD_MM, BODY_MM = (0.45, 0.45), (0.78, 0.78)  # pixel spacing of what is computed


def natural() -> Iterator[NDArray[np.float32]]:
    """Photographs, gray, as if they were HU: in the window, and from air to bone."""
    folder = Path(skimage.__file__).parent / "data"
    for name in NATURAL:
        image = skimage.io.imread(folder / name)
        gray = image[..., :3].mean(axis=-1) if image.ndim == 3 else image
        for limits in (IN_WINDOW, ALL_HU):
            yield _as_hu(gray, limits)


def magnetic_resonance() -> Iterator[NDArray[np.float32]]:
    """Heads by MR: a slice that Matplotlib ships, and some of nibabel's test volume."""
    packed = Path(matplotlib.get_data_path()) / "sample_data" / "s1045.ima.gz"
    slices = [np.frombuffer(gzip.decompress(packed.read_bytes()), np.uint16).reshape(256, 256)]
    path = Path(nibabel.__file__).parent / "tests" / "data" / "anatomical.nii"
    volume = np.asarray(nibabel.load(path).dataobj)  # type: ignore[attr-defined]
    slices += [volume[:, :, z] for z in range(6, 20, 2)]
    for slice_ in slices:
        for limits in (IN_WINDOW, ALL_HU):
            yield _as_hu(slice_, limits)


def emission() -> Iterator[NDArray[np.float32]]:
    """Computed PET of trunks: uptake as a standardized value, and as activity in Bq/ml."""
    rng = np.random.default_rng(0)
    organs = [(0, 0, 175, 115, 0.0, 0.8), (-70, -10, 75, 60, 0.2, 2.2), (75, -25, 30, 30, 0.0, 1.8)]
    for wide in (0.9, 1.0, 1.1):
        parts = [
            (wide * x, wide * y, wide * a, wide * b, turn, hu) for x, y, a, b, turn, hu in organs
        ]
        uptake = np.maximum(_painted([*parts, (20, 40, 12, 12, 0.0, 8.0)], BODY_MM), 0)
        seen = gaussian_filter(uptake, 3.5)  # pixels: 6 mm full width at half maximum
        noise = gaussian_filter(rng.standard_normal(seen.shape), 2.0)
        counted = np.maximum(seen + 0.3 * np.sqrt(seen) * noise / noise.std(), 0)
        for unit in (1.0, 5000.0):
            yield (unit * counted).astype(np.float32)


def _as_hu(image: NDArray, limits: tuple[float, float]) -> NDArray[np.float32]:
    scale = SIZE / min(image.shape[:2])
    shape = [round(side * scale) for side in image.shape[:2]]
    even = resize(image.astype(float), shape)[:SIZE, :SIZE]
    low, high = np.quantile(even, [0.0, 0.995])
    share = np.clip((even - low) / max(high - low, 1e-9), 0, 1)
    return (limits[0] + share * (limits[1] - limits[0])).astype(np.float32)


def heads() -> Iterator[NDArray[np.float32]]:
    """Computed heads, scanned at several doses: skull, brain of two tissues, ventricles."""
    rng = np.random.default_rng(0)
    for seed, dose in enumerate(DOSES * 3):
        turn, wide = rng.uniform(-0.3, 0.3), rng.uniform(65, 80)
        head = _painted(
            [
                (0, 0, wide + 8, wide * 1.3 + 8, turn, 40.0),  # scalp
                (0, 0, wide + 4, wide * 1.3 + 4, turn, 1000.0),
                (0, 0, wide - 3, wide * 1.3 - 3, turn, 34.0),
                (0, 0, wide - 14, wide * 1.3 - 14, turn, 27.0),
                (-9, -6, 6, 20, turn + 0.2, 8.0),
                (9, -6, 6, 20, turn - 0.2, 8.0),
            ],
            HEAD_MM,
        )
        yield scan(head, HEAD_MM, dose, seed=seed, acquisition=Acquisition())


def extremities() -> Iterator[NDArray[np.float32]]:
    """Computed thighs, in pairs, and forearms, alone, scanned at several doses."""
    for seed, dose in enumerate(DOSES * 2):
        thighs = [
            part
            for side in (-95, 95)
            for part in (
                (side, 0, 82, 78, 0.0, -95.0),
                (side, 2, 66, 62, 0.0, 55.0),
                (side, 0, 15, 15, 0.0, 1100.0),
                (side, 0, 8, 8, 0.0, -40.0),
            )
        ]
        forearm = [
            (0, 0, 42, 34, 0.2, -90.0),
            (0, 0, 37, 29, 0.2, 60.0),
            (-15, 2, 8, 7, 0.0, 1000.0),
            (15, 0, 7, 7, 0.0, 1000.0),
        ]
        for parts in (thighs, forearm):
            image = _painted(parts, BODY_MM)
            yield scan(image, BODY_MM, dose, seed=seed, acquisition=Acquisition())


def phantoms() -> Iterator[NDArray[np.float32]]:
    """Cylinders of water and of plastic with rods, as physicists scan them, at several doses."""
    rods = [(1000.0, 0.0), (340.0, 1.6), (-35.0, 3.1), (-96.0, 4.7), (990.0, 5.5), (120.0, 2.4)]
    for seed, (dose, radius) in enumerate((d, r) for d in DOSES for r in (100.0, 160.0)):
        inserts = [
            (0.58 * radius * np.cos(at), 0.58 * radius * np.sin(at), 8, 8, 0, hu) for hu, at in rods
        ]
        for parts in ([], inserts):
            water = _painted([(0, 0, radius, radius, 0, 0.0), *parts], BODY_MM)
            yield scan(water, BODY_MM, dose, seed=seed, acquisition=Acquisition())


def _painted(
    ellipses: Sequence[tuple[float, float, float, float, float, float]],
    spacing_mm: tuple[float, float],
) -> NDArray[np.float32]:
    """Ellipses one over the other in air: x and y, half axes (mm), turn (radians), HU."""
    y, x = (np.mgrid[:SIZE, :SIZE] - SIZE / 2) * spacing_mm[0]
    image = np.full((SIZE, SIZE), AIR_HU)
    for right, down, wide, high, turn, hu in ellipses:
        across = (x - right) * np.cos(turn) + (y - down) * np.sin(turn)
        along = (y - down) * np.cos(turn) - (x - right) * np.sin(turn)
        image[(across / wide) ** 2 + (along / high) ** 2 <= 1] = hu
    return gaussian_filter(image, 0.7).astype(np.float32)
