"""Mixed doses and labels: the package against a plain serial loop, on one core and on all.

    python benchmarks/preprocessing.py [--json FILE]

Pairs of a full and a lower dose of one slice, copied from the example series; both write two mixed
doses and the structural similarity of each.
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from pathlib import Path

import numpy as np
import pydicom
from pydicom.uid import generate_uid
from skimage.metrics import structural_similarity

from bench.figures import Figure, Found, main
from bench.rounds import rate, ratio, side_by_side
from distiliqa.cli.example import EXAMPLE_SERIES
from distiliqa.ct import SOFT_TISSUE, index_ct
from distiliqa.data.doses import DoseFormula, mixing_weight
from distiliqa.data.pairs import DosePair, Pairing
from distiliqa.data.preprocess import DOSES, preprocess

PAIRS, ROUNDS = 128, 2
LOW_DOSE = 0.25
LINEAR = 0.8  # of the cores, that many processes must bring


def pairs_in(folder: Path) -> list[DosePair]:
    """Copies of two slices of the example series, as full and as low dose."""
    full, low = (each.path for each in index_ct(EXAMPLE_SERIES).slices[:2])
    made = []
    for number in range(PAIRS):
        for source, dose in ((full, "full"), (low, "low")):
            target = folder / dose / f"{number:03d}.dcm"
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, target)
        ends = (folder / dose / f"{number:03d}.dcm" for dose in ("full", "low"))
        made.append(DosePair(*ends, f"case {number % 8}", LOW_DOSE, Path(str(number))))
    return made


def plain(pairs: list[DosePair], out: Path) -> None:
    """One pair after the other, as a script would: read, mix, compare, write."""
    scores = {}
    for pair in pairs:
        full, low = pydicom.dcmread(pair.full), pydicom.dcmread(pair.low)
        low.decompress()
        hu, noisy = (
            each.pixel_array * float(each.RescaleSlope) + float(each.RescaleIntercept)
            for each in (full, low)
        )
        clean = SOFT_TISSUE.apply(hu)
        for dose in DOSES:
            mixed = np.rint(hu + mixing_weight(dose, LOW_DOSE, DoseFormula.PHYSICAL) * (noisy - hu))
            path = out / str(pair.place) / f"{dose}.dcm"
            path.parent.mkdir(parents=True, exist_ok=True)
            stored = (mixed - float(full.RescaleIntercept)) / float(full.RescaleSlope)
            low.PixelData = stored.astype(full.pixel_array.dtype).tobytes()
            low.SOPInstanceUID = generate_uid()
            low.save_as(path)
            scores[str(path)] = structural_similarity(
                SOFT_TISSUE.apply(mixed), clean, data_range=1.0
            )
        scores[str(pair.low)] = structural_similarity(
            SOFT_TISSUE.apply(noisy), clean, data_range=1.0
        )
    (out / "dataset.json").write_text(json.dumps(scores))


def measure() -> Found:
    cores = os.cpu_count() or 1
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        pairs = pairs_in(folder)

        def package(jobs: int) -> None:
            out = folder / "made"
            shutil.rmtree(out, ignore_errors=True)
            preprocess(Pairing(tuple(pairs), ()), out, jobs=jobs)

        runs = {
            "plain": lambda: plain(pairs, folder / "plain"),
            "one": lambda: package(1),
            "all": lambda: package(cores),
        }
        seconds = side_by_side(runs, ROUNDS)
    figures = [
        Figure("plain serial loop", rate(seconds, "plain", PAIRS), "pairs/s"),
        Figure("package, 1 process", rate(seconds, "one", PAIRS), "pairs/s"),
        Figure(f"package, {cores} processes", rate(seconds, "all", PAIRS), "pairs/s"),
        Figure("package, 1 process, beside the loop", ratio(seconds, "plain", "one"), "times"),
        Figure("package, all cores, beside the loop", ratio(seconds, "plain", "all"), "times"),
        Figure(
            f"{cores} processes beside 1", ratio(seconds, "one", "all"), "times",
            at_least=LINEAR * cores, note=f"{PAIRS} pairs, with the start of the processes",
        ),
    ]  # fmt: skip
    about = (
        f"{PAIRS} pairs of 512 x 512 slices, two mixed doses each, structural similarity; the "
        "package also hashes its inputs, keeps a journal and writes a manifest."
    )
    return Found("Preprocessing", about, figures)


if __name__ == "__main__":
    main(measure, __doc__)
