"""Why two measures do not move as one might expect: oblique skin, and streaks below the noise."""

from __future__ import annotations

from pathlib import Path
from statistics import fmean
from typing import Any

import numpy as np
from numpy.typing import NDArray

from distiliqa.ct import CTSlice
from distiliqa.metrics import SliceParts
from distiliqa.metrics.edge_spread import FREQUENCY, drawn_transfer_functions, edge_response
from distiliqa.metrics.patient_mtf import crossing, sums_of_edges
from distiliqa.metrics.skin_edge import skin_edges
from distiliqa.simulate.degradation import Degradation
from tools.make_docs.measures_truth import LADDERS, OF_LADDERS, degraded, slices_of

KERNELS = ("B30f", "D45f")
SOFT_HU = (0.0, 100.0)
THICKNESS_MM, TILT = 3.0, 35.0  # of the slices of the pairs, and an angle of skin, degrees

Record = dict[str, Any]


def causes(data: Path) -> Record:
    """The figures that explain two others.

    Parameters
    ----------
    data : folder with ``ct-dev``.
    """
    found = skin(data / "ct-dev" / "dose_pairs" / "L143")
    return {
        "skin": found,
        "oblique": {name: oblique(max(row["half"])) for name, row in found.items()},
        "rods": rods(data / "ct-dev" / "normal_dose"),
    }


def skin(folder: Path) -> dict[str, Record]:
    """f50 of each slice of two kernels: of the sharper half of the skin, and of its sharpest parts.

    The sharpest parts are half of that half: the least oblique ones.
    """
    found = {name: [_f50s(ct) for ct in slices_of(folder / name / "full")] for name in KERNELS}
    return {
        name: {"half": [half for half, _ in both], "sharpest": [part for _, part in both]}
        for name, both in found.items()
    }


def oblique(f50: float) -> Record:
    """f50 of a Gaussian response where the skin is tilted against the slice, by `TILT`.

    The slice then averages the edge over its thickness times the tangent of the tilt.
    """
    width_mm = THICKNESS_MM * np.tan(np.radians(TILT))
    response = 0.5 ** ((FREQUENCY / f50) ** 2) * np.abs(np.sinc(FREQUENCY * width_mm))
    return {
        "f50": f50,
        "width_mm": float(width_mm),
        "found": float(crossing(response[None], 0.5)[0]),
    }


def rods(folder: Path) -> list[Record]:
    """What a rod of titanium adds to soft tissue: HU, and detail beside that of the noise."""
    chosen = [slices_of(folder / name)[5] for name in OF_LADDERS]
    before = [(ct, degraded(ct, Degradation())) for ct in chosen]
    return [
        {"strength": mm, **_mean([_added(one, degraded(ct, made(mm))) for ct, one in before])}
        for mm, made in LADDERS["metal"].items()
    ]


def _f50s(ct: CTSlice) -> tuple[float, float]:
    parts = SliceParts(ct.hu, ct.spacing_mm)
    sums = sums_of_edges(skin_edges(parts.outline, parts.pixel_mm), parts.pixel_mm)
    ideal = edge_response(sums).ideal
    arcs = len(sums.sums)
    own = crossing(drawn_transfer_functions(sums, np.eye(arcs), ideal), 0.5)
    sharpest = np.zeros(arcs)
    sharpest[np.argsort(-np.nan_to_num(own))[: max(2, arcs // 2)]] = 1
    draws = np.stack([np.ones(arcs), sharpest])
    half, part = crossing(drawn_transfer_functions(sums, draws, ideal), 0.5)
    return float(half), float(part)


def _added(before: CTSlice, after: CTSlice) -> Record:
    """Size of a difference in soft tissue, and its gradient as a share of that of the noise."""
    added = after.hu - before.hu
    soft = (before.hu > SOFT_HU[0]) & (before.hu < SOFT_HU[1])
    return {
        "added_hu": float(np.median(np.abs(added[soft]))),
        "detail": _gradient(added, soft) / _gradient(before.hu, soft),
    }


def _gradient(hu: NDArray[np.float32], where: NDArray[np.bool_]) -> float:
    """Root of the median squared gradient, which edges of organs do not raise."""
    squared = sum(np.asarray(np.gradient(hu, axis=axis)) ** 2 for axis in (0, 1))
    return float(np.sqrt(np.median(np.asarray(squared)[where])))


def _mean(rows: list[Record]) -> Record:
    return {name: fmean(row[name] for row in rows) for name in rows[0]}
