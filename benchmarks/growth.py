"""Growth of time and memory of scoring with slices, image size, model size, cores and batch."""

from __future__ import annotations

import shutil
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TypeAlias

from bench.alone import Alone, alone
from bench.figures import Curve, Figure, Found, main
from bench.slices import origin, write_slices
from distiliqa.cores import cores

Points: TypeAlias = list[tuple[float, float]]

COUNTS = (1, 10, 100, 1000, 4000)
SIZES, BATCHES, FEW = (128, 256, 512, 1024), (1, 2, 4, 8), 64
LONGEST = 70  # seconds that the longest run may take
SLICE_MIB = 0.51


def measure() -> Found:
    """Each point in a process of its own."""
    left_out: list[str] = []
    with TemporaryDirectory() as place:
        folder = Path(place)
        figures, by_slices = _against_slices(folder, left_out)
        few = write_slices(folder / "few", FEW)
        curves = [
            *by_slices,
            *_against_size(folder),
            *_against_model(folder, few),
            _against_cores(few),
            _against_batch(few),
        ]
    about = (
        f"Copies of {origin()}, from DICOM on disk to CSV; each point is a process of its own, the "
        "time without its start, the memory the most that it held."
    )
    return Found("How cost grows", about, figures, curves, left_out)


def scored(folder: str, model: str = "compact") -> dict[str, float]:
    """Seconds of scoring a folder to CSV, and of these inference; for `alone`."""
    from distiliqa.report.csv import write_csv
    from distiliqa.scoring.model import load_model
    from distiliqa.scoring.run import score_inputs

    loaded = load_model(model)
    begin = time.perf_counter()
    run = score_inputs([folder], loaded)
    with TemporaryDirectory() as out:
        write_csv(Path(out, "scores.csv"), run.slices)
    seconds = time.perf_counter() - begin
    return {"slices": len(run.slices), "all": seconds, "inference": run.seconds["inference"]}


def batched(folder: str, batch: int) -> float:
    """Milliseconds a slice of inference, one batch after the other, warm; for `alone`."""
    from distiliqa.scoring.inputs import index_inputs
    from distiliqa.scoring.model import load_model
    from distiliqa.scoring.prepare import prepare

    model = load_model()
    slices = [prepare(ref.read(), model.config) for ref in index_inputs([folder]).slices]
    list(model.score_prepared(slices[:batch], batch))
    begin = time.perf_counter()
    list(model.score_prepared(slices, batch))
    return 1000 * (time.perf_counter() - begin) / len(slices)


def _against_slices(folder: Path, left_out: list[str]) -> tuple[list[Figure], list[Curve]]:
    found: dict[int, Alone] = {}
    for count in COUNTS:
        fits = _that_fit(count, found, folder)
        if fits < count:
            left_out.append(f"{count} slices: too long, or too large, for here; {fits} were taken")
        part = write_slices(folder / "slices", fits)
        found[fits] = alone("growth", "scored", str(part), timeout=3 * LONGEST)
        shutil.rmtree(part)
    most, hundred, thousand = max(found), found[100], found[1000]
    figures = [
        Figure(f"memory of {most} slices", found[most].peak_mib, "MiB", at_most=1024),
        Figure(
            f"memory of {most} slices against 100",
            found[most].peak_mib / hundred.peak_mib,
            "times",
            at_most=1.25,
            note="a result is a few KB a slice; of pixels a few slices are held at a time",
        ),
        Figure(
            f"time a slice of {most} against 1000",
            (found[most].result["all"] / most) / (thousand.result["all"] / 1000),
            "times",
            at_most=1.1,
        ),
    ]
    seconds = {"all": [(float(count), point.result["all"]) for count, point in found.items()]}
    memory = {"scoring": [(float(count), point.peak_mib) for count, point in found.items()]}
    return figures, [
        Curve("Time against slices", "slices", "s", seconds, _ABOUT_SLICES),
        Curve("Memory against slices", "slices", "MiB", memory, _ABOUT_MEMORY),
    ]


def _that_fit(count: int, found: dict[int, Alone], folder: Path) -> int:
    """As many of ``count`` slices as there is time and space for, in round numbers."""
    if count < 1000 or not found:
        return count
    last = max(found)
    by_time = LONGEST * last / found[last].result["all"]
    by_space = shutil.disk_usage(folder).free / 2**20 / SLICE_MIB / 2
    fits = int(min(by_time, by_space))
    return count if fits >= count else max(fits // 500 * 500, 1000)


def _against_size(folder: Path) -> list[Curve]:
    times: Points = []
    memory: Points = []
    for size in SIZES:
        part = write_slices(folder / f"size{size}", FEW, size)
        found = alone("growth", "scored", str(part))
        times.append((size, 1000 * found.result["all"] / FEW))
        memory.append((size, found.peak_mib))
    return [
        Curve("Time against image size", "pixels a side", "ms/slice", {"all": times}, _ABOUT_SIZE),
        Curve("Memory against image size", "pixels a side", "MiB", {"scoring": memory}),
    ]


def _against_model(folder: Path, few: Path) -> list[Curve]:
    from bench.model_sizes import MODELS, gflop, write_model  # not in `alone`: torch is large

    times: Points = []
    memory: Points = []
    for name, sizes in MODELS.items():
        model, work = write_model(folder / name, sizes), gflop(sizes)
        found = alone("growth", "scored", str(few), str(model))
        shutil.rmtree(model)
        times.append((work, 1000 * found.result["inference"] / FEW))
        memory.append((work, found.peak_mib))
    names = ", ".join(MODELS)
    return [
        Curve(
            "Time against model size",
            "GFLOP a slice",
            "ms/slice",
            {"inference": times},
            f"The models are {names}. {_ABOUT_MODEL}",
        ),
        Curve("Memory against model size", "GFLOP a slice", "MiB", {"scoring": memory}),
    ]


def _against_cores(few: Path) -> Curve:
    rates: Points = []
    for count in sorted({1, 2, cores()}):
        result = alone("growth", "scored", str(few), cores=count).result
        rates.append((count, result["slices"] / result["all"]))
    return Curve("Slices a second against cores", "cores", "slices/s", {"all": rates}, _ABOUT_CORES)


def _against_batch(few: Path) -> Curve:
    found = [(batch, alone("growth", "batched", str(few), batch)) for batch in BATCHES]
    points = {"inference": [(float(batch), point.result) for batch, point in found]}
    return Curve("Time against batch", "slices at a time", "ms/slice", points, _ABOUT_BATCH)


_ABOUT_SLICES = (
    "In proportion from about a hundred slices on. Before, it is opening the session and the first "
    "use of each part; from 32 slices on they are scored side by side, a core each."
)
_ABOUT_MEMORY = "Runtime, weights and what is between the layers; results add a few KB a slice."
_ABOUT_SIZE = (
    "The model always sees 512 x 512 pixels, cropped or padded, and takes most of the time: only "
    "reading, hashing and the noise level grow with the pixels."
)
_ABOUT_MODEL = (
    "Close to proportion: small layers keep a core less busy than large ones do, and the published "
    "stem moves more values than it computes with."
)
_ABOUT_CORES = (
    "Headers are read by one thread first, and the parts of Python share one lock; all else is "
    "work of cores that do not wait for each other. Cores share memory and its bandwidth."
)
_ABOUT_BATCH = (
    "Next to no gain on a CPU, where one slice keeps the cores busy; a batch costs memory. Runs of "
    "32 slices and more take no batches but slices side by side."
)


if __name__ == "__main__":
    main(measure, __doc__)
