"""Print the constants of `distiliqa.lab.data.reader_scale`.

    python -m tools.make_model.calibrate_reader_scale NORMAL_DOSE --leave-out CASE --leave-out CASE

Slices of soft kernels are simulated at four doses and four numbers of views, ranked by each metric
and given the ratings of the challenge in that order. The table shows by how much streaks
lower the score.
"""

from __future__ import annotations

import argparse
from functools import partial
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from distiliqa.ct.dicom.derive import read_stored
from distiliqa.ct.dicom.header import read_header
from distiliqa.jobs import run_jobs
from distiliqa.lab.data.reader_scale import COUNTS, RATINGS, Fidelity, fidelity
from distiliqa.simulate.acquisition import acquisition_of
from distiliqa.simulate.degradation import Degradation
from distiliqa.simulate.simulator import degrade_in_parts

DOSES = (1.0, 0.5, 0.25, 0.1)
VIEWS = (None, 720, 360, 180)
FEW = slice(2, None)  # of VIEWS: those that leave streaks
STREAK_WEIGHTS = (1.0, 2.0, 3.0, 4.0)
SHARPEST = 0.45  # half-power frequency of a kernel that counts as soft, cycles/mm
EVERY = 8  # slices of a series look alike


def main() -> None:
    options = argparse.ArgumentParser(description="put metrics on the readers' scale")
    options.add_argument("data", type=Path)
    options.add_argument("--leave-out", action="append", default=[], metavar="CASE")
    chosen = options.parse_args()
    files = sorted(path for path in chosen.data.rglob("*") if path.is_file())
    work = partial(fidelities, leave_out=chosen.leave_out)
    found = dict(run_jobs(work, files[::EVERY], description="simulating"))
    tables = [table for _, table in sorted(found.items()) if isinstance(table, np.ndarray)]
    values = np.stack(tables, axis=1)  # (weights, slices, doses, views, metrics)
    for weight, weighted in zip(STREAK_WEIGHTS, values, strict=True):
        report(weight, weighted, plain=values[STREAK_WEIGHTS.index(1.0)])


def fidelities(path: Path, leave_out: list[str]) -> NDArray[np.float64] | None:
    """(weights, doses, views, metrics) of a slice of a soft kernel; None for another."""
    torch.set_num_threads(1)
    source, hu = read_stored(path)
    header = read_header(source, path=str(path))
    if header.spacing_mm is None or str(source.PatientID) in leave_out:
        return None
    spacing = header.spacing_mm[0]
    made = acquisition_of(hu, spacing, header.acquisition)
    if made.kernel.half > SHARPEST:
        return None
    values = np.empty((len(STREAK_WEIGHTS), len(DOSES), len(VIEWS), len(Fidelity._fields)))
    for i, dose in enumerate(DOSES):
        for j, views in enumerate(VIEWS):
            worse = Degradation(dose=dose, views=views, keep_dose=True)
            parts = degrade_in_parts(torch.from_numpy(hu)[None], spacing, made, worse, [0])
            noise, structure = parts.noise[0].numpy(), parts.structure[0].numpy()
            values[:, i, j] = [
                fidelity(hu, noise, structure, spacing, streak_weight=weight)
                for weight in STREAK_WEIGHTS
            ]
    return values


def report(weight: float, values: NDArray[np.float64], plain: NDArray[np.float64]) -> None:
    """Print the values of each metric, and how much streaks lower the score."""
    ranks = (np.cumsum(COUNTS) - np.array(COUNTS) / 2) / sum(COUNTS)
    knots = [np.quantile(values[..., metric], ranks) for metric in range(2)]
    print(f"streak weight {weight:g}, {len(values)} slices")
    for name, row in zip(Fidelity._fields, knots, strict=True):
        print(f"  {name} = ({', '.join(f'{value:.3f}' for value in row)})")
    scores, unweighted = (
        np.mean([np.interp(kind[..., m], knots[m], RATINGS) for m in range(2)], axis=0)
        for kind in (values, plain)
    )
    print("  mean score by dose (rows) and views (columns)")
    print(" ", np.array2string(scores.mean(0), precision=2, prefix="  "))
    print(f"  points that streaks take: {np.mean((unweighted - scores)[..., FEW]):.2f}")


if __name__ == "__main__":
    main()
