"""Geometries of real scanners, as far as they are public.

Distances are those that the scanners write to DICOM (0018,1110 and 0018,1111). Where channels,
pitch or views are not published, they are chosen for a field of view of 500 mm and marked
approximate.
"""

from __future__ import annotations

from typing import NamedTuple

from distiliqa.errors import DistiliqaError
from distiliqa.simulate.geometry import FanBeam


class Scanner(NamedTuple):
    """A scanner model: its geometry, the DICOM model names it goes by, and who says so."""

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
    """The preset of this name. Raises `DistiliqaError` if there is none."""
    if name not in SCANNERS:
        raise DistiliqaError(f"no scanner {name!r}", remedy=f"choose from {', '.join(SCANNERS)}")
    return SCANNERS[name]


def scanner_of(model: str | None) -> Scanner:
    """The preset for a DICOM Manufacturer's Model Name; the default one for unknown models."""
    lower = (model or "").lower()
    fits = (preset for preset in SCANNERS.values() if any(part in lower for part in preset.models))
    return next(fits, SCANNERS[DEFAULT])
