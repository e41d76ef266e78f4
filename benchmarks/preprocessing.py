"""Mixed doses and labels: the package with one process and with several, beside a plain loop."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from numpy.typing import NDArray
from pydicom import Dataset, dcmread
from pydicom.uid import generate_uid

from bench.figures import Curve, Figure, Found, main
from bench.rounds import rate, ratio, side_by_side
from bench.slices import write_slices
from distiliqa.cores import cores
from distiliqa.examples import EXAMPLE_SERIES, FULL_DOSE, LOW_DOSE, LOW_DOSE_LEVEL
from distiliqa.lab.data.pairs import DosePair, Pairing
from distiliqa.lab.data.preprocess import DOSES, preprocess

PAIRS, ROUNDS = 320, 2
LOOP, SHARE = "a plain loop", 8  # of which one part of so many is enough to time it


def measure() -> Found:
    """Make the same mixed doses by each in turn, into an empty folder."""
    counts = sorted({1, 2, cores()})
    with TemporaryDirectory() as folder:
        pairs = _pairs(Path(folder))
        runs = {LOOP: partial(_plain, pairs[::SHARE])} | {
            _named(jobs): partial(_ours, pairs, jobs) for jobs in counts
        }
        seconds = side_by_side(runs, ROUNDS)
    images = PAIRS * len(DOSES)
    rates = {name: rate(seconds, name, images) for name in runs}
    rates[LOOP] /= SHARE
    figures = [
        Figure(
            "preprocessing with 2 processes against 1",
            ratio(seconds, _named(1), _named(2)),
            "times",
            at_least=1.8,
            note="the start of the processes is in it, about a second",
        ),
        Figure(
            "preprocessing with 2 processes against a plain loop",
            SHARE * ratio(seconds, LOOP, _named(2)),
            "times",
            at_least=1.7,
        ),
        *(Figure(f"preprocessing by {name}", found, "images/s") for name, found in rates.items()),
    ]
    about = (
        f"{PAIRS} pairs of doses, copies of the example series, give {images} mixed doses as DICOM "
        "and their SSIM. The loop reads, mixes, rates and writes one after the other with pydicom, "
        "NumPy and scikit-image. Processes overlap reading, mixing, SSIM and writing."
    )
    curve = Curve(
        "Preprocessing against processes",
        "processes",
        "images/s",
        {"distiliqa": [(jobs, rates[_named(jobs)]) for jobs in counts]},
        "Each process works for itself; what is lost is their start, and that they share a cache.",
    )
    return Found("Preprocessing", about, figures, [curve])


def _named(jobs: int) -> str:
    return "1 process" if jobs == 1 else f"{jobs} processes"


def _pairs(folder: Path) -> list[DosePair]:
    full, low = (
        sorted(write_slices(folder / name, PAIRS, series=EXAMPLE_SERIES / name).iterdir())
        for name in (FULL_DOSE, LOW_DOSE)
    )
    return [
        DosePair(*both, "phantom", LOW_DOSE_LEVEL, Path("mixed"))
        for both in zip(full, low, strict=True)
    ]


def _ours(pairs: list[DosePair], jobs: int) -> None:
    with TemporaryDirectory() as folder:
        preprocess(Pairing(tuple(pairs), ()), Path(folder), jobs=jobs)


def _plain(pairs: list[DosePair]) -> None:
    """Straightforward program; mixing is `distiliqa.lab.data.dose_mixing`."""
    scores = {}
    with TemporaryDirectory() as folder:
        for pair in pairs:
            source, full = _read(pair.full)
            _, low = _read(pair.low)
            scores[pair.low.name] = _ssim(low, full)
            for dose in DOSES:
                weight = np.sqrt((1 / dose - 1) / (1 / pair.low_dose - 1))
                mixed = np.rint(full + weight * (low - full)).astype(np.int16)
                name = f"{dose}_{pair.full.name}"
                scores[name] = _ssim(mixed, full)
                _save(source, mixed, Path(folder, name))
        Path(folder, "scores.json").write_text(json.dumps(scores))


def _read(path: Path) -> tuple[Dataset, NDArray[np.float64]]:
    dataset = dcmread(path)
    hu = dataset.pixel_array * float(dataset.RescaleSlope) + float(dataset.RescaleIntercept)
    return dataset, hu


def _ssim(image: NDArray, reference: NDArray) -> float:
    # Not at the top: processes of the package import this file when they start.
    from skimage.metrics import structural_similarity

    seen, pristine = ((np.clip(hu, -135, 215) + 135) / 350 for hu in (image, reference))
    return float(structural_similarity(seen, pristine, data_range=1))


def _save(dataset: Dataset, hu: NDArray[np.int16], path: Path) -> None:
    dataset.SOPInstanceUID = dataset.file_meta.MediaStorageSOPInstanceUID = generate_uid()
    dataset.RescaleSlope, dataset.RescaleIntercept = 1, 0
    dataset.PixelRepresentation, dataset.BitsStored, dataset.HighBit = 1, 16, 15
    dataset.PixelData = hu.tobytes()
    dataset.save_as(path)


if __name__ == "__main__":
    main(measure, __doc__)
