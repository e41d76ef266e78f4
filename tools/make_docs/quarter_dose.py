"""Score and noise of the simulated quarter dose against Mayo's, as a table of the documentation.

    python -m tools.make_docs.quarter_dose FILE.csv [--data ../shared/data]

``quarter_dose_before.csv`` was written by this program with the simulation of commit 374f468, whose
noise was filtered as a fan. Nothing is fitted to these figures.
"""

from __future__ import annotations

import argparse
import csv
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from statistics import fmean

import numpy as np
from numpy.typing import NDArray

from distiliqa.metrics.noise_level import global_noise_level
from distiliqa.scoring.model import Model, load_model
from tools.make_docs.dose_pairs import DosePair, dose_pairs

ROOT = Path(__file__).resolve().parents[2]
BEFORE = Path(__file__).with_name("quarter_dose_before.csv")
MODEL = "compact"
SEEDS = 3
COLUMNS = ("slice", "kernel", "noise_simulated", "noise_real", "score_simulated", "score_real")
Row = dict[str, str]


def main() -> None:
    options = argparse.ArgumentParser(description=str(__doc__).splitlines()[0])
    options.add_argument("file", type=Path)
    options.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "data")
    given = options.parse_args()
    with given.file.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(measured(dose_pairs(given.data)))


def measured(pairs: Iterable[DosePair]) -> Iterator[Row]:
    """Yield a row of each pair; of the simulated dose, the mean over three draws of noise."""
    model = load_model(MODEL)
    for pair in pairs:
        made = pair.made()
        simulated = [figures(model, pair, pair.simulated(made, seed)) for seed in range(SEEDS)]
        noise, score = (fmean(values) for values in zip(*simulated, strict=True))
        real_noise, real_score = figures(model, pair, pair.mayo)
        values = (f"{noise:.2f}", f"{real_noise:.2f}", f"{score:.3f}", f"{real_score:.3f}")
        yield dict(zip(COLUMNS, (pair.name, pair.kernel, *values), strict=True))


def figures(model: Model, pair: DosePair, hu: NDArray[np.floating]) -> tuple[float, float]:
    """Global noise level, HU, and score of the slice with these pixels."""
    shown = replace(pair.slice_, hu=hu.astype(np.float32))
    spacing = (pair.spacing_mm, pair.spacing_mm)
    score = next(iter(model.score_slices([shown]))).score
    return global_noise_level(shown.hu, spacing) or float("nan"), score


def before() -> list[Row]:
    """The rows of the simulation before its noise was filtered in parallel views."""
    with BEFORE.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def table(now: Sequence[Row], earlier: Sequence[Row]) -> str:
    """A table in Markdown, with the mean difference and ratio of each kernel below."""
    lines = [
        "| slice | kernel | noise level: Mayo's, simulated before, now (HU) "
        "| score: Mayo's, simulated before, now |",
        "|---|---|---|---|",
    ]
    for new, old in zip(now, earlier, strict=True):
        noise = [float(row) for row in (new["noise_real"], old["noise_simulated"])]
        noise.append(float(new["noise_simulated"]))
        score = [float(row) for row in (new["score_real"], old["score_simulated"])]
        score.append(float(new["score_simulated"]))
        lines.append(
            f"| {new['slice']} | {new['kernel']} | {', '.join(f'{v:.1f}' for v in noise)} "
            f"| {', '.join(f'{v:.2f}' for v in score)} |"
        )
    kernels = [*dict.fromkeys(row["kernel"] for row in now), None]
    return "\n".join([*lines, *(_mean_line(now, earlier, kernel) for kernel in kernels)])


def _mean_line(now: Sequence[Row], earlier: Sequence[Row], kernel: str | None) -> str:
    (old_ratio, old_difference), (ratio, difference) = (
        mean_gap([row for row in rows if kernel in (None, row["kernel"])])
        for rows in (earlier, now)
    )
    return (
        f"| **mean** | {kernel or 'all'} | ratio to Mayo's {old_ratio:.2f} before, {ratio:.2f} now "
        f"| difference {old_difference:+.3f} before, {difference:+.3f} now |"
    )


def mean_gap(rows: Sequence[Row]) -> tuple[float, float]:
    """Mean ratio of noise, and mean difference of score, simulated to Mayo's."""
    ratio = fmean(float(row["noise_simulated"]) / float(row["noise_real"]) for row in rows)
    return ratio, fmean(float(row["score_simulated"]) - float(row["score_real"]) for row in rows)


if __name__ == "__main__":
    main()
