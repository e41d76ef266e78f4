"""Geometries of scans, and presets of real scanners as far as they are public.

Fan beams have an arc detector; parallel beams are there too. The axis of rotation is at pixel
(rows // 2, columns // 2). x runs to the right, y up, both in mm. A ray is the line
``x cos(angle) + y sin(angle) = offset``, so that (angle + pi, -offset) is the same line.

Distances of the presets are those that the scanners write to DICOM (0018,1110 and 0018,1111). Where
channels, pitch or views are not published, they are chosen for a field of view of 500 mm and marked
approximate.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from distiliqa.errors import DistiliqaError

Array = NDArray[np.floating]


class Rays(NamedTuple):
    """Lines through the slice: two arrays that broadcast to (views, channels)."""

    angle: Array  # radians
    offset: Array  # mm from the axis of rotation


@dataclass(frozen=True)
class FanBeam:
    """Fan beam: from a source on a circle to equal angles on an arc around that source.

    Attributes
    ----------
    source_to_center, source_to_detector : mm.
    channels : detector elements in the plane.
    pitch : from element to element along the arc, mm.
    views : projections in a full turn.
    quarter_offset : shift of the detector in channels; 0.25 interleaves opposite rays.
    first_view : angle of the first view, radians.
    """

    source_to_center: float
    source_to_detector: float
    channels: int
    pitch: float
    views: int
    quarter_offset: float = 0.25
    first_view: float = 0.0

    @property
    def step(self) -> float:
        """Angle between neighboring channels, radians."""
        return self.pitch / self.source_to_detector

    @property
    def sampling(self) -> float:
        """Distance between neighboring rays at the axis of rotation, mm."""
        return self.step * self.source_to_center

    @property
    def field_of_view(self) -> float:
        """Diameter of the circle that every view sees, mm."""
        half = self.channels / 2 - self.quarter_offset
        return 2 * self.source_to_center * math.sin(half * self.step)

    @property
    def parallel(self) -> ParallelBeam:
        """Parallel beam with as many rays, which the rays of this fan are sorted into.

        Scanners do so before they filter, so that a kernel is the same all over the slice
        (Stierstorfer et al., Phys Med Biol 2004, doi 10.1088/0031-9155/49/11/007).
        """
        source = self.source_to_center
        return ParallelBeam(self.channels, self.sampling, self.views, source_to_center=source)

    @property
    def quarter_turns(self) -> range:
        """Quarter turns that map every view to another view."""
        return range(0, 4, 4 // math.gcd(self.views, 4))

    def view_angles(self) -> Array:
        """Angle of the central ray of each view: float64, (views,), radians."""
        return self.first_view + np.arange(self.views) * (2 * math.pi / self.views)

    def channel_positions(self) -> Array:
        """Fan angle of each channel: float64, (channels,), radians."""
        return (
            np.arange(self.channels) - (self.channels - 1) / 2 - self.quarter_offset
        ) * self.step

    def rays(self) -> Rays:
        """All rays of the scan: (views, channels)."""
        fan = self.channel_positions()
        offset = self.source_to_center * np.sin(fan)
        return Rays(self.view_angles()[:, None] + fan, offset[None])


@dataclass(frozen=True)
class ParallelBeam:
    """Parallel rays over half a turn, ``pitch`` mm apart; other attributes as in `FanBeam`.

    ``source_to_center`` is that of the fan whose rays were sorted into these; infinite for none.
    """

    channels: int
    pitch: float
    views: int
    quarter_offset: float = 0.0
    first_view: float = 0.0
    source_to_center: float = math.inf

    @property
    def parallel(self) -> ParallelBeam:
        """This beam."""
        return self

    @property
    def rays_of_fan(self) -> Array:
        """Rays of the fan for each ray, float64, (channels,): more away from the axis."""
        sine = self.channel_positions() / self.source_to_center
        return 1 / np.sqrt(np.maximum(1 - sine**2, 0.1))

    @property
    def step(self) -> float:
        """Distance between neighboring channels, mm."""
        return self.pitch

    @property
    def sampling(self) -> float:
        """Distance between neighboring rays at the axis of rotation, mm."""
        return self.pitch

    @property
    def field_of_view(self) -> float:
        """Diameter of the circle that every view sees, mm."""
        return (self.channels - 2 * self.quarter_offset) * self.pitch

    @property
    def quarter_turns(self) -> range:
        """Quarter turns that map the views to each other; half a turn has two."""
        return range(math.gcd(self.views, 2))

    def view_angles(self) -> Array:
        """Angle of each view: float64, (views,), radians."""
        return self.first_view + np.arange(self.views) * (math.pi / self.views)

    def channel_positions(self) -> Array:
        """Offset of each channel: float64, (channels,), mm."""
        return (
            np.arange(self.channels) - (self.channels - 1) / 2 - self.quarter_offset
        ) * self.pitch

    def rays(self) -> Rays:
        """All rays of the scan: (views, channels)."""
        return Rays(self.view_angles()[:, None], self.channel_positions()[None])


Geometry = FanBeam | ParallelBeam


class Scanner(NamedTuple):
    """Scanner model: geometry, DICOM model names, and the source of the figures."""

    geometry: FanBeam
    models: tuple[str, ...]  # parts of Manufacturer's Model Name (0008,1090), lower case
    source: str


SCANNERS = {
    "definition-as-plus": Scanner(
        FanBeam(595.0, 1085.6, channels=736, pitch=1.2858, views=1152),
        ("definition",),
        "Projection headers of LDCT-and-Projection-data (Moen et al., Med Phys 2021, "
        "doi 10.1002/mp.14594); without the flying focal spot, which doubles the readings",
    ),
    "sensation-64": Scanner(
        FanBeam(570.0, 1040.0, channels=672, pitch=1.407, views=1160),
        ("sensation",),
        "672 channels, 1160 views, fan of 52 degrees: Flohr et al., Eur Radiol 2003; approximate",
    ),
    "emotion-16": Scanner(
        FanBeam(535.0, 940.0, channels=736, pitch=1.242, views=1160),
        ("emotion",),
        "distances from DICOM; channels, pitch and views approximate",
    ),
    "lightspeed": Scanner(
        FanBeam(541.0, 949.075, channels=888, pitch=1.0239, views=984),
        ("lightspeed", "discovery", "optima", "brightspeed"),
        "Wang et al., IEEE Trans Med Imaging 2006, doi 10.1109/TMI.2006.882141",
    ),
    "revolution": Scanner(
        FanBeam(625.61, 1097.61, channels=832, pitch=1.084, views=984),
        ("revolution",),
        "distances from DICOM; channels, pitch and views approximate",
    ),
    "aquilion-one": Scanner(
        FanBeam(600.0, 1072.0, channels=896, pitch=1.027, views=900),
        ("aquilion",),
        "896 channels, fan of 49.2 degrees, 900 views: manufacturer's data; approximate",
    ),
}
DEFAULT = "definition-as-plus"


def scanner(name: str) -> Scanner:
    """Preset of this name. Raises `DistiliqaError` if there is none."""
    if name not in SCANNERS:
        raise DistiliqaError(f"no scanner {name!r}", remedy=f"choose from {', '.join(SCANNERS)}")
    return SCANNERS[name]


def scanner_of(model: str | None) -> Scanner:
    """Preset for a DICOM Manufacturer's Model Name; the default one for unknown models."""
    lower = (model or "").lower()
    known = (preset for preset in SCANNERS.values() if any(part in lower for part in preset.models))
    return next(known, SCANNERS[DEFAULT])
