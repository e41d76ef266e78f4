"""Body phantom: one slice of an abdomen that is no person's, painted from ellipsoids.

Ellipsoids (see `tools.phantom.anatomy`) are painted one over the other with antialiased edges;
a smooth displacement bends them, and correlated texture fills them.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

from distiliqa.ct.crop_or_pad import AIR_HU
from tools.phantom import anatomy
from tools.phantom.anatomy import Ellipsoid

Image = NDArray[np.float64]


def body_phantom(
    z_mm: float, *, size: int = 512, spacing_mm: float = 0.74, seed: int = 0
) -> NDArray[np.float32]:
    """One axial slice of the body, without noise.

    Parameters
    ----------
    z_mm : position, mm, toward the head; anatomy is right between -20 and 20.
    size : rows and columns.
    spacing_mm : pixel spacing, mm; the body is 332 mm wide.
    seed : the individual: bending, bowel and texture.

    Returns
    -------
    float32, (size, size), HU. Rows run to the back, columns to the patient's left.
    """
    canvas = _Canvas(z_mm, size, spacing_mm, seed)
    canvas.paint_table()
    canvas.paint(anatomy.WALL)
    cavity = canvas.coverage(anatomy.CAVITY)
    canvas.fill(anatomy.FAT, cavity)
    canvas.paint(anatomy.rectus_muscles() + anatomy.BACK)
    canvas.paint(anatomy.small_vessels(seed, 34, (-10, 115), (-50, 35)), within=cavity)
    for part, gas in _bowel(seed):
        canvas.paint_hollow(part, gas, within=cavity)
    canvas.paint_hollow(*anatomy.STOMACH, within=cavity)
    canvas.paint(anatomy.LIVER_LOBES, within=cavity)
    canvas.paint(anatomy.small_vessels(seed, 42, (-125, -20), (-70, 30)), within=cavity)
    canvas.paint(anatomy.LIVER_CONTENT + anatomy.ORGANS + anatomy.KIDNEYS, within=cavity)
    canvas.add_texture()
    canvas.paint(anatomy.SPINE + anatomy.ribs(z_mm), grain_hu=16.0)
    return canvas.hu.astype(np.float32)


def _bowel(seed: int) -> Iterable[tuple[Ellipsoid, float]]:
    """Loops of bowel in the front and left of the cavity, each with its share of gas."""
    rng = np.random.default_rng((seed, 1))
    yield Ellipsoid(68, 96, -30, 17, 21, 15), 0.55  # descending colon
    yield Ellipsoid(68, 14, -66, 30, 13, -4), 0.6  # transverse colon
    for x, y in ((60, -12), (84, 2), (62, 8), (40, -30), (88, -60), (108, 44), (30, 4), (-20, -28)):
        a, b = rng.uniform(8, 14), rng.uniform(7, 11)
        part = Ellipsoid(80, x + rng.normal(0, 3), y + rng.normal(0, 3), a, b, rng.uniform(-60, 60))
        yield part, max(0.0, rng.uniform(-0.8, 0.45))


class _Canvas:
    """Slice that is being painted: HU, and the position of each pixel in the body."""

    def __init__(self, z_mm: float, size: int, spacing_mm: float, seed: int) -> None:
        middle = (np.arange(size) - (size - 1) / 2) * spacing_mm
        self.y, self.x = np.meshgrid(middle, middle, indexing="ij")
        self.z, self.pixel = z_mm, spacing_mm
        self.hu = np.full((size, size), AIR_HU)
        self.flat_x, self.flat_y = self.x, self.y
        self._bend(np.random.default_rng((seed, 0)))
        texture = np.random.default_rng((seed, 2, round(z_mm * 10) % 2**32))
        self.fine, self.coarse, self.strands = (
            self._field(texture, width) for width in (1.0, 4.0, 2.2)
        )

    def _bend(self, rng: np.random.Generator) -> None:
        """Displace by a few smooth waves, 1 to 2 mm each, so that nothing is a true ellipse."""
        shift = np.zeros((2, *self.hu.shape))
        for _ in range(14):
            wave = rng.normal(0, 1 / 32, 2)  # radians per mm
            phase = wave[0] * self.x + wave[1] * self.y + rng.normal(0, 0.02) * self.z
            shift += rng.normal(0, 0.9, (2, 1, 1)) * np.sin(phase + rng.uniform(0, 2 * np.pi))
        self.x, self.y = self.x + shift[0], self.y + shift[1]

    def coverage(self, part: Ellipsoid, margin: float = 0.0) -> Image:
        """Share of each pixel inside the part shrunk by ``margin`` mm, in [0, 1]."""
        section = np.sqrt(max(0.0, 1 - ((self.z - part.z) / part.c) ** 2))
        a, b = part.a * section - margin, part.b * section - margin
        if min(a, b) <= 0.2:
            return np.zeros_like(self.hu)
        turn = np.radians(part.turn)
        x, y = self.x - part.x, self.y - part.y
        u, v = x * np.cos(turn) + y * np.sin(turn), y * np.cos(turn) - x * np.sin(turn)
        # Distance to the edge by the gradient of the implicit function; exact near the edge.
        level = np.sqrt((u / a) ** 2 + (v / b) ** 2)
        slope = np.sqrt((u / a**2) ** 2 + (v / b**2) ** 2) / np.maximum(level, 1e-6)
        distance = (1 - level) / np.maximum(slope, 1e-6)
        return np.clip(0.5 + distance / (1.6 * self.pixel), 0, 1)

    def fill(self, hu: float | Image, share: Image) -> None:
        """Mix ``hu`` into the pixels by their share."""
        self.hu += share * (hu - self.hu)

    def paint(
        self, parts: Iterable[Ellipsoid], within: Image | float = 1.0, grain_hu: float = 0.0
    ) -> None:
        """Paint parts one over the other, with fine grain of this standard deviation."""
        for part in parts:
            self.fill(part.hu + grain_hu * self.fine, self.coverage(part) * within)

    def paint_hollow(self, part: Ellipsoid, gas: float, within: Image) -> None:
        """Paint an organ with a wall, fluid, and gas in the upper ``gas`` share of its height."""
        self.fill(part.hu, self.coverage(part) * within)
        lumen = self.coverage(part, margin=2.5) * within
        self.fill(24.0, lumen)
        surface = part.y - part.b + 2 * part.b * gas
        self.fill(-960.0, lumen * np.clip(0.5 + (surface - self.flat_y) / self.pixel, 0, 1))

    def paint_table(self) -> None:
        """The table below the body: a thin curved shell filled with foam."""
        radius = np.hypot(self.flat_x, self.flat_y + 430)
        below = (self.flat_y > 100) & (np.abs(self.flat_x) < 190)
        foam, top, bottom = (548.0, 570.0, -940.0), (548.0, 549.5, -60.0), (568.5, 570.0, -60.0)
        for inner, outer, hu in (foam, top, bottom):
            inside = np.clip(0.5 + np.minimum(outer - radius, radius - inner) / self.pixel, 0, 1)
            self.fill(hu, inside * below)

    def add_texture(self) -> None:
        """Vary the soft tissues: parenchyma by a few HU, fat by strands of connective tissue."""
        soft = (self.hu > -20) & (self.hu < 240)
        fat = (self.hu > -140) & (self.hu < -70)
        self.hu += soft * (2.0 * self.fine + 2.5 * self.coarse)
        strands = 38.0 * np.clip(self.strands - 1.7, 0, 2)
        self.hu += fat * (4.0 * self.fine + 3.0 * self.coarse + strands)

    def _field(self, rng: np.random.Generator, width_mm: float) -> Image:
        """Gaussian noise of unit variance, correlated over ``width_mm``."""
        field = gaussian_filter(rng.standard_normal(self.hu.shape), width_mm / self.pixel)
        return field / field.std()
