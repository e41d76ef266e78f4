"""Photons a ray for each mAs and mm of slice thickness, in normal-dose slices of many scanners.

    python -m tools.make_docs.photons_of_patients [--data ../shared/data]

`distiliqa.simulate.acquisition.PHOTONS_PER_MAS_MM` is the median over series. No pair of doses is
read.
"""

from __future__ import annotations

import argparse
from collections import defaultdict
from pathlib import Path
from statistics import median

from distiliqa.ct import CTSlice, index_ct
from distiliqa.errors import CTReadError
from distiliqa.simulate.acquisition import acquisition_of

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = ("ct-dev/normal_dose", "ct-more/normal_dose")
SCANNERS = ("sensation", "volume zoom")  # state the mAs of a slice, at 120 kV
MIN_SPACING_MM = 0.5  # below, the spacing of old files is not that of the slice


def main() -> None:
    options = argparse.ArgumentParser(description=str(__doc__).splitlines()[0])
    options.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "data")
    found = of_series(options.parse_args().data)
    for (scanner, _), values in sorted(found.items()):
        print(f"{scanner}: {median(values):.0f} in {len(values)} slices")
    print(f"median of {len(found)} series: {median(map(median, found.values())):.0f}")


def of_series(data: Path) -> dict[tuple[str, str], list[float]]:
    """Photons for each mAs and mm of the slices of each series, by scanner and series."""
    found: defaultdict[tuple[str, str], list[float]] = defaultdict(list)
    for folder in FOLDERS:
        for info in index_ct(str(data / folder)).slices:
            scanner = info.acquisition.scanner or ""
            if any(name in scanner.lower() for name in SCANNERS) and info.acquisition.kvp == 120:
                try:
                    photons = of_slice(info.read())
                except CTReadError:
                    continue
                if photons is not None:
                    found[scanner, str(info.series)].append(photons)
    return dict(found)


def of_slice(ct: CTSlice) -> float | None:
    """Photons for each mAs and mm of one slice; None where the header does not give enough."""
    header = ct.acquisition
    known = header.exposure_mas and header.slice_thickness_mm and ct.spacing_mm
    if not known or ct.spacing_mm is None or ct.spacing_mm[0] < MIN_SPACING_MM:
        return None
    photons = acquisition_of(ct.hu, ct.spacing_mm[0], header).beam.photons
    return photons / (header.exposure_mas or 1) / (header.slice_thickness_mm or 1)


if __name__ == "__main__":
    main()
