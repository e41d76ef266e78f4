"""The shipped model from DICOM on disk to CSV, beside decoding alone and inference alone.

Slices a second depend on the machine. What does not, or less, is beside them: operations and bytes
of a slice, and the time of processors that each part takes.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.alone import alone
from bench.bytes_read import counted
from bench.figures import Figure, Found, main
from bench.rounds import Seconds, rate, side_by_side
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
ALONE, CPU_ROUNDS = 48, 5
FP32, BF16, BASIC = "none", "none, bf16", "basic"
DECODING, INFERENCE = "decoding", "inference"


def measure() -> Found:
    """Score the same slices by all of the package, and by parts of it."""
    models, left_out = {FP32: load_model()}, []
    try:
        models[BF16] = load_model(precision="bf16")
    except DistiliqaError as error:
        left_out.append(f"DICOM to CSV in bf16: {error.reason}")
    with TemporaryDirectory() as folder:
        dicom = write_slices(Path(folder, "dicom"), SLICES)
        seconds = _timed(dicom, Path(folder), models)
        work = [*_work(dicom, models[FP32]), *_reports(dicom, Path(folder), models[FP32])]
    slower = max((DECODING, INFERENCE), key=lambda name: sum(seconds[name]))
    options = {
        FP32: ", `--measures none`",
        BASIC: "",
        BF16: ", `--measures none --precision bf16`",
    }
    figures = [
        *(
            Figure(
                f"DICOM on disk to CSV, shipped model{options[name]}",
                rate(seconds, name, SLICES),
                "slices/s",
                note="index, read, hash, prepare, score and write, warm",
            )
            for name in options
            if name in seconds
        ),
        Figure(
            f"DICOM to CSV without measures against the larger part alone, {slower}",
            _against_larger(seconds, FP32),
            "times",
            at_most=1.15,
        ),
        Figure(
            "DICOM to CSV with measures against the larger part alone",
            _against_larger(seconds, BASIC),
            "times",
        ),
        Figure("decoding alone", rate(seconds, DECODING, SLICES), "slices/s", note="with hash"),
        Figure("inference alone", rate(seconds, INFERENCE, SLICES), "slices/s"),
        *work,
    ]
    about = (
        f"{SLICES} slices, copies of {origin()} with identifiers of their own, on all cores. "
        "Decoding is index and pixels in HU; inference starts from windowed slices in memory. "
        "CPU time is that of all threads, the parts in turn."
    )
    return Found("From DICOM to CSV", about, figures, left_out=left_out)


def _timed(dicom: Path, folder: Path, models: Mapping[str, Model]) -> Seconds:
    model, refs = models[FP32], index_inputs([dicom]).slices
    many = model.for_many(heatmaps=False)  # as in a run that writes scores alone
    prepared = list(SliceReader(refs, lambda ct: prepare(ct, model.config)))

    def score_without_measures(model: Model) -> None:
        run = score_inputs([dicom], model, measures="none")
        write_csv(folder / "scores.csv", run.slices)

    return side_by_side(
        {
            **{name: partial(score_without_measures, model) for name, model in models.items()},
            BASIC: lambda: write_csv(folder / "scores.csv", score_inputs([dicom], model).slices),
            DECODING: lambda: list(SliceReader(index_inputs([dicom]).slices, _as_read)),
            INFERENCE: lambda: list(many.score_prepared(prepared)),
        },
        ROUNDS,
    )


def _as_read(ct: CTSlice) -> CTSlice:
    return ct


def _against_larger(seconds: Seconds, name: str) -> float:
    """Ratio of the times of a run and of its larger part, the median over the rounds."""
    rounds = zip(seconds[name], seconds[DECODING], seconds[INFERENCE], strict=True)
    return statistics.median(whole / max(parts) for whole, *parts in rounds)


def _work(dicom: Path, model: Model) -> list[Figure]:
    """What a slice costs: operations, bytes, and time of a processor by part."""
    paths = sorted(str(path) for path in dicom.iterdir())[:ALONE]
    with counted() as read:
        score_inputs(paths, model, measures="none")
    one = model.for_many(heatmaps=False).run_by(load_model(threads=1, batch=1).execution)
    slices = [info.read() for info in index_inputs(paths).slices]
    prepared = [prepare(ct, model.config) for ct in slices]
    seconds = side_by_side(
        {
            "read": lambda: list(SliceReader(index_inputs(paths).slices, _as_read)),
            "prepare": lambda: [prepare(ct, model.config) for ct in slices],
            "measures": lambda: [prepare(ct, model.config, "basic") for ct in slices],
            "network": lambda: list(one.score_prepared(prepared)),
        },
        CPU_ROUNDS,
        time.process_time,
    )
    cpu = {part: 1e3 * statistics.median(spent) / ALONE for part, spent in seconds.items()}
    cpu["measures"] -= cpu["prepare"]
    notes = {
        "read": "index, pixels in HU, hash",
        "prepare": "window, noise level, shape",
        "measures": "what `--measures basic` adds",
        "network": "in fp32, with what follows it",
    }
    return [
        Figure("work of the network", alone("bench.model_sizes", "shipped_gflop").result, "GFLOP"),
        Figure("bytes read", read.count / ALONE / 1e6, "MB/slice", note=_size_note(paths)),
        *(
            Figure(f"CPU time, {part}", spent, "ms/slice", note=notes[part])
            for part, spent in cpu.items()
        ),
    ]


def _size_note(paths: list[str]) -> str:
    sizes = [Path(path).stat().st_size for path in paths]
    return f"a file has {statistics.fmean(sizes) / 1e6:.3f} MB"


def _reports(dicom: Path, folder: Path, model: Model) -> list[Figure]:
    """CPU time to write the results after scoring."""
    run: ScoringRun = score_inputs([dicom], model, keep_heatmaps=True)
    writers = {
        "scores.csv": lambda: write_csv(folder / "scores.csv", run.slices),
        "scores.json": lambda: write_json(folder / "scores.json", scores_record(run)),
        "report.html": lambda: write_html(folder / "report.html", run),
    }
    figures = []
    for name, write in writers.items():
        begin = time.process_time()
        write()
        spent = (time.process_time() - begin) / len(run.slices)
        figures.append(Figure(f"CPU time, {name}", spent * 1e3, "ms/slice"))
    return figures


if __name__ == "__main__":
    main(measure, __doc__)
