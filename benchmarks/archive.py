"""Cost of Ray beside the local engine, and time for a million series on 100 cores.

    python benchmarks/archive.py [--json FILE]

Measured on this machine with the shipped model: what one worker scores, what two workers of Ray
score beside the local engine on two threads, what the machine that leads can hand out, list and
write. The hours of an archive are calculated from these, see `hours`: with slices as they are, in
lossless JPEG-LS, and from several servers of storage. A worker scores one file while the storage
brings the next ones, so that reading and scoring go on at the same time.
"""

from __future__ import annotations

import random
import secrets
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

from pydicom import dcmread
from pydicom.uid import JPEGLSLossless

from bench.figures import Curve, Figure, Found, main
from bench.rounds import Seconds, side_by_side
from bench.slices import write_slices
from distiliqa.models.folder import ONNX
from distiliqa.scoring.model import Model, load_model
from distiliqa.scoring.run import score_inputs

if TYPE_CHECKING:
    from distiliqa.archive.portions import Listed
    from distiliqa.archive.worker import Setting

SERIES, SLICES_EACH, CORES = 1_000_000, 300, 100
NETWORK = 1.25e9  # bytes a second of 10 Gbit/s
STRIPED = 4  # servers of storage that send at the same time, each at 10 Gbit/s
LOOK_UP_S = 0.5e-3  # of one file on a file server, 16 at a time
FEW, MANY, ROUNDS = 16, 160, 2
ROWS = 50_000


@dataclass(frozen=True)
class Archive:
    """Capacity of an archive and its machines.

    Attributes
    ----------
    worker : slices a second of one worker by itself.
    efficiency : of two workers together, against twice one.
    pause : seconds that workers wait at each portion of files: they start, and do not all end with
        the last task.
    leading, listing : slices a second that the leading machine hands out and takes back, and that
        are looked up.
    slice_bytes : of a slice as it is stored.
    servers : servers of storage that send at the same time.
    """

    worker: float
    efficiency: float
    pause: float
    leading: float
    listing: float
    slice_bytes: float
    servers: int = 1

    def hours(self, cores: int) -> dict[str, float]:
        """Hours of a million series for each part, if it alone were in the way.

        The parts work at the same time: the slowest is what it takes.
        """
        from distiliqa.archive.run import PORTION

        slices = SERIES * SLICES_EACH
        scoring = slices / (cores * self.worker * self.efficiency) + slices / PORTION * self.pause
        seconds = {
            "scoring": scoring,
            "reading": slices * self.slice_bytes / (self.servers * NETWORK),
            "the leading machine": slices / self.leading,
            "listing": slices / self.listing,
        }
        return {name: spent / 3600 for name, spent in seconds.items()}


@dataclass(frozen=True)
class Measured:
    """Measurements of this machine; seconds, and items a second.

    Attributes
    ----------
    worker, ray, local : slices a second of one worker, of Ray with two, of the local engine with
        two threads, once they have started.
    session, start : seconds until Ray is there, and until its workers have loaded the model.
    handed_out, written : tasks and results a second of the leading machine.
    listing : files a second on this disk.
    packed : slices a second of one worker, of slices in JPEG-LS.
    slice_bytes, packed_bytes, row_bytes : of a slice in DICOM, in JPEG-LS, and in Parquet.
    start_bytes : that are read of a file that its header leaves out.
    """

    worker: float
    ray: float
    local: float
    session: float
    start: float
    handed_out: float
    written: float
    listing: float
    packed: float
    slice_bytes: float
    packed_bytes: float
    row_bytes: float
    start_bytes: int


def measure() -> Found:
    about = (
        f"Ray with two workers of one thread beside the local engine with two threads, {MANY} "
        "slices, without measures; the start of both is measured with few slices and taken off"
    )
    try:
        import ray
    except ModuleNotFoundError:
        return Found("An archive", about, left_out=["the extra ray is not installed"])
    # Workers cannot import this file, whatever name it runs under.
    ray.cloudpickle.register_pickle_by_value(sys.modules[__name__])
    with tempfile.TemporaryDirectory() as place:
        found = measured(Path(place))
    archive = archive_of(found)
    figures = [*here(found), *outlook(archive, found), *faster(archive, found)]
    return Found("An archive", about, figures, [growth(archive)])


def measured(place: Path) -> Measured:
    from distiliqa.archive.cluster import connected
    from distiliqa.archive.storage import START_BYTES

    few, many = (write_slices(place / str(count), count) for count in (FEW, MANY))
    one, local = load_model(threads=1), load_model(threads=2)
    worker, packed = one_worker(one, many), packed_in(many, place / "packed", 4 * FEW)
    listing = listed_each_second(place / "names")
    written, row_bytes = written_each_second(place / "rows", one)
    begin = time.perf_counter()
    with connected(None, 2, 1):
        session = time.perf_counter() - begin
        handed_out = tasks_each_second(one)
        seconds = side_by_side(
            {
                "ray few": lambda: with_ray(few, one),
                "ray many": lambda: with_ray(many, one),
                "local few": lambda: score_inputs([few], local, measures="none"),
                "local many": lambda: score_inputs([many], local, measures="none"),
            },
            ROUNDS,
        )
    together = steady(seconds, "ray")
    return Measured(
        worker=worker,
        ray=together,
        local=steady(seconds, "local"),
        session=session,
        start=statistics.median(seconds["ray few"]) - FEW / together,
        handed_out=handed_out,
        written=written,
        listing=listing,
        packed=one_worker(one, packed),
        slice_bytes=mean_size(many),
        packed_bytes=mean_size(packed),
        start_bytes=START_BYTES,
        row_bytes=row_bytes,
    )


def archive_of(found: Measured) -> Archive:
    """Assumptions for 100 cores, from measurements of two cores."""
    from distiliqa.archive.cluster import TASK_FILES

    return Archive(
        worker=found.worker,
        efficiency=min(1.0, found.ray / (2 * found.worker)),
        pause=found.start + TASK_FILES / found.worker / 2,
        leading=1 / (1 / (found.handed_out * TASK_FILES) + 1 / found.written),
        listing=16 / LOOK_UP_S,
        slice_bytes=found.slice_bytes,
    )


def here(found: Measured) -> list[Figure]:
    from distiliqa.archive.cluster import TASK_FILES
    from distiliqa.archive.run import PORTION

    return [
        Figure("one worker, one thread", found.worker, "slices/s", note="read, decode, score"),
        Figure("Ray, two workers", found.ray, "slices/s", note="once started"),
        Figure("local engine, two threads", found.local, "slices/s", note="once started"),
        Figure("Ray against the local engine", found.ray / found.local, "times"),
        Figure("two workers against twice one", found.ray / (2 * found.worker), "times"),
        Figure("start of a session of Ray", found.session, "s", note="once; not with --address"),
        Figure("start of its workers", found.start, "s", note=f"once for {PORTION} files"),
        Figure("tasks handed out", found.handed_out, "tasks/s", note=f"of {TASK_FILES} files"),
        Figure("results written", found.written, "slices/s"),
        Figure("Parquet", found.row_bytes, "bytes/slice"),
        Figure("files listed on this disk", found.listing, "files/s"),
        Figure("DICOM read", found.slice_bytes / 1e6, "MB/slice"),
        Figure("DICOM read, JPEG-LS", found.packed_bytes / 1e6, "MB/slice"),
        Figure("one worker, one thread, JPEG-LS", found.packed, "slices/s"),
        Figure(
            "read of a file that is no CT slice",
            found.start_bytes / 1e6,
            "MB",
            note="its header leaves it out; the rest is not read",
        ),
    ]


def growth(archive: Archive) -> Curve:
    hours = {float(n): archive.hours(n) for n in (1, 3, 10, 30, 100, 300, 1000, 3000)}
    return Curve(
        "A million series",
        "cores",
        "hours",
        {part: [(n, shares[part]) for n, shares in hours.items()] for part in hours[1.0]},
        "The highest curve is what it takes: linear in cores until another part is in the way.",
    )


def outlook(archive: Archive, found: Measured) -> list[Figure]:
    """Time for a million series of 300 slices."""
    slices, hours = SERIES * SLICES_EACH, archive.hours(CORES)
    limit = max(hours, key=lambda name: hours[name])
    assumed = (
        f"{SLICES_EACH} slices a series, a file each, as large as these; cores as fast as those "
        "here, and as efficient as two; 10 Gbit/s in all to the storage; 0.5 ms to look up a file, "
        f"16 at a time. Limited by {limit}"
    )
    bandwidth = slices * found.slice_bytes / hours[limit] / 3600
    return [
        Figure(f"a million series on {CORES} cores", hours[limit], "hours", note=assumed),
        *(Figure(f"{name} alone", value, "hours") for name, value in hours.items()),
        Figure("bandwidth it reads with", bandwidth / 1e9, "GB/s"),
        Figure("its Parquet", slices * found.row_bytes / 1e9, "GB"),
        Figure("memory to resume it", slices * 32 / 1e9, "GB", note="32 bytes a file"),
    ]


def faster(archive: Archive, found: Measured) -> list[Figure]:
    """The same archive where less is read, or read from several servers."""
    packed = replace(archive, worker=found.packed, slice_bytes=found.packed_bytes)
    options = {
        "in JPEG-LS": packed,
        f"from {STRIPED} servers": replace(archive, servers=STRIPED),
        f"in JPEG-LS, from {STRIPED} servers": replace(packed, servers=STRIPED),
    }
    figures = []
    for name, one in options.items():
        hours = one.hours(CORES)
        limit = max(hours, key=lambda part: hours[part])
        title = f"a million series on {CORES} cores, {name}"
        figures.append(Figure(title, hours[limit], "hours", note=f"limited by {limit}"))
    return figures


def packed_in(folder: Path, out: Path, count: int) -> Path:
    """Copies of slices in JPEG-LS, lossless, as many archives store them."""
    out.mkdir()
    for path in sorted(folder.iterdir())[:count]:
        dataset = dcmread(path)
        dataset.compress(JPEGLSLossless, generate_instance_uid=False)
        dataset.save_as(out / path.name)
    return out


def mean_size(folder: Path) -> float:
    return statistics.fmean(path.stat().st_size for path in folder.iterdir())


def steady(seconds: Seconds, engine: str) -> float:
    """Slices a second once an engine has started: the median over the rounds."""
    pairs = zip(seconds[f"{engine} many"], seconds[f"{engine} few"], strict=True)
    return (MANY - FEW) / statistics.median(many - few for many, few in pairs)


def with_ray(folder: Path, model: Model) -> None:
    from distiliqa.archive.run import score_archive

    with tempfile.TemporaryDirectory() as out:
        score_archive([str(folder)], model, Path(out), measures="none")


def one_worker(model: Model, folder: Path) -> float:
    """Slices a second of a worker by itself, the median over its tasks."""
    from distiliqa.archive.worker import Scorer

    scorer, files = Scorer(setting_of(model)), listed(folder)
    tasks = [table_of(files[at : at + FEW]) for at in range(0, 4 * FEW, FEW)]
    scorer(tasks[0])
    return FEW / statistics.median(timed(partial(scorer, task)) for task in tasks[1:])


class Idle:
    """A worker that knows all scores already: what is left is the work of the leading machine."""

    def __init__(self, setting: Setting) -> None:
        self.setting = setting

    def __call__(self, files: Any) -> Any:
        return results(files["path"].to_pylist(), self.setting)


def tasks_each_second(model: Model) -> float:
    """Tasks that Ray hands out and whose results it brings back."""
    from distiliqa.archive import cluster
    from distiliqa.archive.portions import Listed
    from distiliqa.files import FileStamp

    def hand_out(tasks: int) -> None:
        files = [Listed(f"/{n}", FileStamp(1, 1), {}) for n in range(tasks * cluster.TASK_FILES)]
        with patch.object(cluster, "Scorer", Idle):
            for _ in cluster.score_files(files, setting_of(model), 2):
                pass

    hand_out(10)
    few, many = timed(lambda: hand_out(20)), timed(lambda: hand_out(220))
    return 200 / (many - few)


def written_each_second(folder: Path, model: Model) -> tuple[float, float]:
    """Results that are put in Parquet, and in mind, a second; and bytes of each on disk."""
    from distiliqa.archive.cluster import TASK_FILES
    from distiliqa.archive.parts import Known, Parts
    from distiliqa.archive.table import schema

    paths = [f"/archive/{n // 3000:05}/{n // 300:07}/{n % 300:03}.dcm" for n in range(ROWS)]
    setting, parts, known = setting_of(model), Parts(folder, schema(())), Known()
    tasks = [results(paths[at : at + TASK_FILES], setting) for at in range(0, ROWS, TASK_FILES)]

    def write() -> None:
        for rows in tasks:
            parts.add(rows)
            known.add(rows)
        parts.flush()

    seconds = timed(write)
    return ROWS / seconds, sum(path.stat().st_size for path in parts.paths()) / ROWS


def results(paths: list[str], setting: Setting) -> Any:
    """Made up rows as different from each other as those of real slices."""
    import pyarrow as pa

    from distiliqa.archive.table import schema

    def row(path: str) -> dict[str, object]:
        score = random.random()
        return {
            "path": path,
            "slice": 0,
            "state": "scored",
            "series": f"1.2.826.0.1.3680043.8.498.{hash(path[:-8])}",
            "position_mm": float(path[-7:-4].strip("/")) if path.endswith(".dcm") else 0.0,
            "score": score,
            "outputs": [score + random.random() for _ in range(5)],
            "spread": random.random(),
            "interval_low": random.random(),
            "interval_high": random.random(),
            "distance": random.random(),
            "outside": False,
            "noise_hu": random.random(),
            "kvp": 120.0,
            "kernel": "B30f",
            "sha256": secrets.token_hex(32),
            "size": 526_000 + random.randrange(2000),
            "modified_ns": random.randrange(10**18, 2 * 10**18),
            "model": "compact 0.1.0",
            "model_sha256": setting.sha256,
        }

    return pa.Table.from_pylist([row(path) for path in paths], schema(()))


def listed_each_second(folder: Path) -> float:
    """Files of one series a folder, listed with size and time on the disk of this machine."""
    from distiliqa.archive.storage import files_under

    for number in range(3000):
        place = folder / str(number // SLICES_EACH)
        place.mkdir(parents=True, exist_ok=True)
        (place / f"{number}.dcm").touch()
    return 3000 / timed(lambda: list(files_under(str(folder))))


def listed(folder: Path) -> list[Listed]:
    from distiliqa.archive.portions import Listed, open_source

    return [file for file in open_source(str(folder)).files() if isinstance(file, Listed)]


def table_of(files: list[Listed]) -> Any:
    import pyarrow as pa

    return pa.Table.from_pylist([{"path": file.path, **file.stamp._asdict()} for file in files])


def setting_of(model: Model) -> Setting:
    from distiliqa.archive.worker import Setting

    return Setting(str(model.folder), model.config.files[ONNX])


def timed(run: Callable[[], object]) -> float:
    begin = time.perf_counter()
    run()
    return time.perf_counter() - begin


if __name__ == "__main__":
    main(measure, __doc__)
