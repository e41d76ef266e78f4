"""The shipped model from DICOM on disk to CSV, beside decoding alone and inference alone."""

from __future__ import annotations

import time
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.figures import Figure, Found, main
from bench.rounds import Seconds, rate, ratio, side_by_side
from bench.slices import origin, write_slices
from distiliqa.ct import CTSlice
from distiliqa.errors import DistiliqaError
from distiliqa.files import write_json
from distiliqa.report.csv import write_csv
from distiliqa.report.html import write_html
from distiliqa.report.json import scores_record
from distiliqa.scoring.inputs import index_inputs
from distiliqa.scoring.model import Model, load_model
from distiliqa.scoring.prepare import prepare
from distiliqa.scoring.read_ahead import SliceReader
from distiliqa.scoring.result import ScoringRun
from distiliqa.scoring.run import score_inputs

SLICES, ROUNDS = 192, 5
FP32, BF16 = "all", "all, bf16"


def measure() -> Found:
    """Score the same slices by all of the package, and by parts of it."""
    models, left_out = {FP32: load_model()}, []
    try:
        models[BF16] = load_model(precision="bf16")
    except DistiliqaError as error:
        left_out.append(f"DICOM to CSV in bf16: {error.reason}")
    with TemporaryDirectory() as folder:
        dicom = write_slices(Path(folder, "dicom"), SLICES)
        seconds, run = _timed(dicom, Path(folder), models)
        reports = _reports(run, Path(folder))
    slower = max(("decoding", "inference"), key=lambda name: sum(seconds[name]))
    figures = [
        *(
            Figure(
                f"DICOM on disk to CSV, shipped model{option}",
                rate(seconds, name, SLICES),
                "slices/s",
                at_least=60,
                note="index, read, hash, prepare, score and write, warm; the bound is for 2 cores",
            )
            for name, option in ((FP32, ""), (BF16, ", `--precision bf16`"))
            if name in models
        ),
        Figure(
            f"DICOM to CSV against the larger part alone, {slower}",
            ratio(seconds, FP32, slower),
            "times",
            at_most=1.3,
        ),
        Figure("decoding alone", rate(seconds, "decoding", SLICES), "slices/s", note="with hash"),
        Figure("inference alone", rate(seconds, "inference", SLICES), "slices/s"),
        *reports,
    ]
    about = (
        f"{SLICES} slices, copies of {origin()} with identifiers of their own, on all cores. "
        "Decoding is index and pixels in HU; inference starts from windowed slices in memory."
    )
    return Found("From DICOM to CSV", about, figures, left_out=left_out)


def _timed(dicom: Path, folder: Path, models: Mapping[str, Model]) -> tuple[Seconds, ScoringRun]:
    def read(ct: CTSlice) -> CTSlice:
        return ct

    model, refs = models[FP32], index_inputs([dicom]).slices
    many = model.for_many()
    prepared = list(SliceReader(refs, lambda ct: prepare(ct, model.config)))

    def score_all(model: Model) -> None:
        write_csv(folder / "scores.csv", score_inputs([dicom], model).slices)

    seconds = side_by_side(
        {
            **{name: partial(score_all, model) for name, model in models.items()},
            "decoding": lambda: list(SliceReader(index_inputs([dicom]).slices, read)),
            "inference": lambda: list(many.score_prepared(prepared)),
        },
        ROUNDS,
    )
    return seconds, score_inputs([dicom], model, keep_heatmaps=True)


def _reports(run: ScoringRun, folder: Path) -> list[Figure]:
    """Time to write the results after scoring."""
    writers = {
        "scores.csv": lambda: write_csv(folder / "scores.csv", run.slices),
        "scores.json": lambda: write_json(folder / "scores.json", scores_record(run)),
        "report.html": lambda: write_html(folder / "report.html", run),
    }
    figures = []
    for name, write in writers.items():
        begin = time.perf_counter()
        write()
        spent = (time.perf_counter() - begin) / len(run.slices)
        figures.append(Figure(f"writing {name}", spent * 1e3, "ms/slice"))
    return figures


if __name__ == "__main__":
    main(measure, __doc__)
