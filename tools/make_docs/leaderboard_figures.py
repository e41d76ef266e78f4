"""Figures of `distiliqa rank`: classical denoisers on slices of CC BY, and rated denoisers."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path
from statistics import fmean
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from scipy.stats import spearmanr

from distiliqa.ct.dicom.derive import derive, read_stored, write_dicom
from distiliqa.ct.spacing import square_side
from distiliqa.rank.files import rank_record
from distiliqa.rank.result import RankedRun
from distiliqa.rank.run import rank
from distiliqa.scoring.model import load_model
from distiliqa.simulate.processing.preparation import Image
from distiliqa.simulate.processing.processing import Processing
from tools.make_docs.checked_slices import checked_slices
from tools.make_docs.tensor_figures import quarter_dose

COUNT = 8
# Kinds of processing of `distiliqa simulate-dataset`, at a medium strength.
DENOISERS = {
    "median": 3.0,
    "bilateral": 1.5,
    "non_local_means": 1.0,
    "total_variation": 0.8,
    "wavelet": 1.0,
    "iterative_blend": 0.6,
    "gaussian_blur": 1.8,
}
QUARTER, FULL = "LDCT", "NDCT"  # of denoised_rated
# Measures to hold against readers, and their sign.
AGAINST_READERS = {"score": 1, "vif": 1, "ssim": 1, "psnr": 1, "gmsd": -1, "noise_hu": -1}

Record = dict[str, Any]


def record(data: Path) -> Record:
    """All figures of the page, by the shipped model.

    Parameters
    ----------
    data : folder with ``ct-dev`` and ``ct-more``.
    """
    with TemporaryDirectory() as made, TemporaryDirectory() as unpacked:
        write_denoised(data, Path(made))
        write_rated(data / "ct-more" / "denoised_rated", Path(unpacked))
        ratings = read_ratings(data / "ct-more" / "denoised_rated")
        return {
            "model": load_model().title,
            "made": _leaderboard(ranked(Path(made), "full_dose")),
            "rated": _beside_readers(ranked(Path(unpacked), FULL), ratings),
        }


def ranked(folder: Path, reference: str) -> RankedRun:
    """Rank the subfolders of a folder, of which one is the reference too."""
    methods = sorted(str(path) for path in folder.iterdir())
    return rank(methods, load_model(), reference=str(folder / reference))


def write_denoised(data: Path, out: Path) -> None:
    """Write slices at normal dose, with the noise of a quarter of it, and denoised: one a patient.

    All are DICOM, derived from the files of the slices.
    """
    for number, info in enumerate(checked_slices(data, COUNT), start=1):
        source, hu = read_stored(Path(info.path))
        for name, made in versions(hu, square_side(info.spacing_mm, path=info.path)):
            image = derive(source, np.rint(made).astype(np.int16), name)
            write_dicom(out / name / f"{number}.dcm", image)


def versions(hu: Image, spacing_mm: float) -> Iterator[tuple[str, Image]]:
    """A slice by the name of each method."""
    noisy = quarter_dose(hu, spacing_mm)
    yield from (("full_dose", hu), ("quarter_dose", noisy))
    for kind, strength in DENOISERS.items():
        yield kind, Processing(kind, strength).prepared(noisy, spacing_mm)(noisy)


def write_rated(source: Path, out: Path) -> None:
    """Unpack the versions of each slice: a folder for each method, arrays in HU.

    The slices are of one patient and have no pixel spacing: what is measured in mm has no value.
    """
    for archive in sorted(source.glob("set*.npz")):
        with np.load(archive, allow_pickle=False) as file:
            for name in file.files:
                path = out / name / f"{archive.stem}.npy"
                path.parent.mkdir(parents=True, exist_ok=True)
                np.save(path, file[name].astype(np.float32))


def read_ratings(source: Path) -> dict[str, dict[str, tuple[float, float]]]:
    """Rating of noise, and of contrast plus structure, by slice and method."""
    found: dict[str, dict[str, tuple[float, float]]] = {}
    with (source / "ratings.csv").open(newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            both = float(row["contrast"]) + float(row["structure"])
            name = f"set{int(row['set']):02d}"
            found.setdefault(name, {})[row["method"]] = (float(row["noise"]), both)
    return found


def _leaderboard(run: RankedRun) -> Record:
    found = rank_record(run)
    methods = [
        {key: one[key] for key in ("rank", "method", "held", "measures")}
        for one in found["methods"]
    ]
    return {
        "patients": found["patients"],
        "slices": found["counted"],
        "sentences": found["sentences"],
        "methods": methods,
    }


def _beside_readers(run: RankedRun, ratings: dict[str, dict[str, tuple[float, float]]]) -> Record:
    found = _leaderboard(run)
    for one in found["methods"]:
        given = [rated[one["method"]] for rated in ratings.values()]
        one["noise_rating"] = fmean(noise for noise, _ in given)
        one["rating"] = fmean(rating for _, rating in given)
    known = [c for c in run.measures if c.name in AGAINST_READERS]
    return found | {
        "agreement": [
            {"measure": column.title, **_agreement(run, column.name, ratings)} for column in known
        ]
    }


def _agreement(
    run: RankedRun, name: str, ratings: dict[str, dict[str, tuple[float, float]]]
) -> Record:
    """SROCC with contrast plus structure: of the means of methods, and within a slice.

    The full dose is the reference of the metrics and counts for none of them.
    """
    (column,) = (column for column in run.measures if column.name == name)
    methods = [method for method in run.methods if method.name != FULL]
    values, rated = [], []
    for at in range(len(run.patients)):
        row = ratings[Path(methods[0].slices[at].path).stem]
        values.append([AGAINST_READERS[name] * column.value(m.slices[at]) for m in methods])
        rated.append([row[method.name][1] for method in methods])
    return {
        "of_means": float(spearmanr(np.mean(values, axis=0), np.mean(rated, axis=0)).statistic),
        "within": fmean(
            float(spearmanr(*pair).statistic) for pair in zip(values, rated, strict=True)
        ),
    }
