"""The anatomy of the body phantom: ellipsoids in the order they are painted.

Attenuation values are those of a contrast-enhanced abdomen in the portal venous phase.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

Range = tuple[float, float]

FAT, MUSCLE, LIVER, BLOOD, BONE, MARROW = -105.0, 58.0, 108.0, 165.0, 650.0, 190.0


class Ellipsoid(NamedTuple):
    """A part of the body. Millimeters from the middle: x to the patient's left, y to the back."""

    hu: float
    x: float
    y: float
    a: float  # half axis along x before turning
    b: float  # half axis along y before turning
    turn: float = 0.0  # degrees, clockwise on the screen
    z: float = 0.0
    c: float = 400.0  # half axis along z, to the head


WALL = (
    Ellipsoid(15, 0, 0, 166, 116),  # skin
    Ellipsoid(FAT, 0, 0, 164, 114),
    Ellipsoid(MUSCLE, 0, -3, 144, 95),
    Ellipsoid(FAT, 0, -4, 138.5, 89.5),  # between the muscle layers
    Ellipsoid(MUSCLE, 0, -4, 137.5, 88.5),
)
CAVITY = Ellipsoid(FAT, 0, -8, 132, 80)
BACK = (
    Ellipsoid(MUSCLE, -36, 74, 31, 21, -12),  # erector spinae
    Ellipsoid(MUSCLE, 36, 74, 31, 21, 12),
    Ellipsoid(FAT, -52, 67, 15, 1.2, -35),
    Ellipsoid(FAT, 52, 67, 15, 1.2, 35),
    Ellipsoid(FAT, -30, 80, 1.2, 12, 25),
    Ellipsoid(FAT, 30, 80, 1.2, 12, -25),
    Ellipsoid(MUSCLE, -66, 61, 22, 9, -28),  # quadratus lumborum
    Ellipsoid(MUSCLE, 66, 61, 22, 9, 28),
    Ellipsoid(MUSCLE, -33, 38, 13, 17, 12),  # psoas
    Ellipsoid(MUSCLE, 33, 38, 13, 17, -12),
)
SPINE = (
    Ellipsoid(BONE, -24, 62, 17, 5, 25),  # pedicles and transverse processes
    Ellipsoid(BONE, 24, 62, 17, 5, -25),
    Ellipsoid(MARROW + 60, -25, 62, 14, 2.8, 25),
    Ellipsoid(MARROW + 60, 25, 62, 14, 2.8, -25),
    Ellipsoid(BONE, 0, 62, 15.5, 15),  # arch
    Ellipsoid(BONE, 0, 86, 4.5, 17),  # spinous process
    Ellipsoid(MARROW, 0, 87, 2.6, 14),
    Ellipsoid(FAT + 40, 0, 61, 11.5, 10),  # canal
    Ellipsoid(35, 0, 61, 9.5, 8),  # dural sac
    Ellipsoid(BONE, 0, 36, 23.5, 17.5),  # vertebral body
    Ellipsoid(MARROW, 0, 36, 21.8, 15.8),
)
LIVER_LOBES = (
    Ellipsoid(LIVER, -74, -6, 62, 68, 10, z=25, c=95),
    Ellipsoid(LIVER, -22, -50, 66, 27, -10, z=30, c=75),
)
LIVER_CONTENT = (
    Ellipsoid(BLOOD, -44, -8, 19, 5.2, 24, z=3, c=40),  # portal vein and its branches
    Ellipsoid(BLOOD - 4, -72, -20, 14, 3.8, 12, z=3, c=24),
    Ellipsoid(BLOOD - 6, -92, -30, 13, 2.6, 40, z=5, c=20),
    Ellipsoid(BLOOD - 6, -90, -16, 12, 2.4, -12, z=2, c=20),
    Ellipsoid(BLOOD - 6, -58, -38, 2.6, 12, -28, z=6, c=22),
    Ellipsoid(LIVER - 22, -104, -16, 7.5, 7.0, z=4, c=9),  # low-contrast lesions
    Ellipsoid(LIVER - 16, -72, 34, 5.0, 5.0, z=-3, c=8),
    Ellipsoid(LIVER + 18, -58, -66, 4.0, 3.6, z=2, c=7),
    Ellipsoid(6, -112, 8, 4.0, 3.6, z=0, c=8),  # cyst
    Ellipsoid(60, -38, -30, 12.5, 16.5, 20, z=-4, c=26),  # gallbladder
    Ellipsoid(9, -38, -30, 11, 15, 20, z=-4, c=25),
)
STOMACH = (Ellipsoid(MUSCLE + 20, 50, -52, 46, 24, 14, z=12, c=55), 0.4)  # and its share of gas
ORGANS = (
    Ellipsoid(122, 112, 18, 20, 44, -14, z=20, c=60),  # spleen
    Ellipsoid(FAT, 93, 12, 13, 27, -14, z=14, c=30),
    Ellipsoid(BLOOD, 97, 16, 9, 2.6, -30, z=8, c=10),
    Ellipsoid(96, 20, -17, 29, 8.5, -24, z=-2, c=18),  # pancreas
    Ellipsoid(98, 52, -17, 24, 7.5, 12, z=2, c=16),
    Ellipsoid(94, -12, -9, 13, 11, 0, z=-8, c=22),
    Ellipsoid(BLOOD + 5, 34, -11, 27, 3.6, -12, z=1, c=9),  # splenic vein
    Ellipsoid(BLOOD + 5, -4, -8, 6.4, 6.8),  # superior mesenteric vein
    Ellipsoid(195, 10, -1, 3.8, 4.0),  # superior mesenteric artery
    Ellipsoid(BLOOD - 12, -25, 13, 12.5, 9, 10),  # inferior vena cava
    Ellipsoid(70, 6, 12, 11.6, 11.6),  # aorta, its wall and a calcified plaque
    Ellipsoid(205, 6, 12, 10.4, 10.4),
    Ellipsoid(720, 14.6, 17.2, 1.5, 3.0, 35, z=0, c=9),
    Ellipsoid(75, 40, 16, 9, 2.2, 55, z=6, c=10),  # adrenal gland
)
KIDNEYS = tuple(
    part
    for side, z in ((-1, -14), (1, -4))
    for part in (
        Ellipsoid(FAT, side * 67, 34, 30, 33, side * 25, z=z, c=58),  # renal fascia
        Ellipsoid(188, side * 68, 33, 26, 29, side * 25, z=z, c=52),  # cortex
        Ellipsoid(148, side * 66, 32.5, 18, 21, side * 25, z=z, c=42),  # medulla
        Ellipsoid(185, side * 74, 24, 2.6, 9, side * 60, z=z, c=32),
        Ellipsoid(185, side * 72, 44, 2.6, 9, side * -20, z=z, c=32),
        Ellipsoid(FAT + 25, side * 57, 31, 12, 8.5, side * 8, z=z, c=26),  # sinus
        Ellipsoid(45, side * 56, 33, 6.5, 3.2, side * 20, z=z, c=20),
        Ellipsoid(BLOOD, side * 44, 25, 15, 2.8, side * 22, z=z, c=9),  # renal vein
    )
)


def small_vessels(seed: int, count: int, x_mm: Range, y_mm: Range) -> tuple[Ellipsoid, ...]:
    """Vessels of an organ or of the mesentery, cut at any angle, anywhere in a rectangle."""
    rng = np.random.default_rng((seed, 3, count))
    return tuple(
        Ellipsoid(
            hu=BLOOD - 20,
            x=rng.uniform(*x_mm),
            y=rng.uniform(*y_mm),
            a=rng.uniform(1.2, 5.5),
            b=rng.uniform(0.9, 1.7),
            turn=rng.uniform(0, 180),
            z=rng.normal(0, 12),
            c=14,
        )
        for _ in range(count)
    )


def rectus_muscles() -> tuple[Ellipsoid, ...]:
    """The muscles left and right of the navel, and the fat between them."""
    return tuple(
        part
        for side in (-1, 1)
        for part in (
            Ellipsoid(FAT, side * 26, -92, 27, 8.5, side * 5),
            Ellipsoid(MUSCLE, side * 26, -92, 25.5, 7, side * 5),
        )
    )


def ribs(z_mm: float) -> tuple[Ellipsoid, ...]:
    """The ribs in the body wall; they run obliquely, so they move along the wall with z."""
    parts: list[Ellipsoid] = []
    for number, start in enumerate((28, 52, 76, 104)):
        for side in (-1, 1):
            angle = math.radians(start + 0.28 * z_mm + 2 * side)  # from the back
            x, y = side * 140 * math.sin(angle), 91 * math.cos(angle) - 3
            # Tangent to the wall, which is an ellipse of these half axes.
            turn = math.degrees(math.atan2(-91 * math.sin(angle), side * 140 * math.cos(angle)))
            length = 11.0 - number
            parts.append(Ellipsoid(BONE + 80, x, y, length, 4.4, turn))
            parts.append(Ellipsoid(MARROW + 20, x, y, length - 1.8, 2.7, turn))
    return tuple(parts)
