"""Cost of Ray beside the local engine, and time for a million series on 100 cores.

    python benchmarks/archive.py [--json FILE]

Measured on this machine with the shipped model: what one worker scores, what two workers of Ray
score beside the local engine on two threads, what the machine that leads can hand out, list and
write. The hours of an archive are calculated from these, see `bench.archive_hours`:
with slices as they are, in lossless JPEG-LS, and from several servers of storage.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydicom import dcmread
from pydicom.uid import JPEGLSLossless

from bench import archive_leader
from bench.archive_hours import Measured, archive_of, faster, growth, outlook
from bench.archive_leader import (
    listed_each_second,
    setting_of,
    tasks_each_second,
    timed,
    written_each_second,
)
from bench.figures import Figure, Found, main
from bench.rounds import Seconds, side_by_side
from bench.slices import write_slices
from distiliqa.scoring.model import Model, load_model
from distiliqa.scoring.run import score_inputs

if TYPE_CHECKING:
    from distiliqa.archive.input_files import Listed

FEW, MANY, ROUNDS = 16, 160, 2


def measure() -> Found:
    about = (
        f"Ray with two workers of one thread beside the local engine with two threads, {MANY} "
        "slices, without measures; the start of both is measured with few slices and taken off"
    )
    try:
        import ray
    except ModuleNotFoundError:
        return Found("An archive", about, left_out=["the extra ray is not installed"])
    # Workers cannot import modules of benchmarks.
    ray.cloudpickle.register_pickle_by_value(archive_leader)
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


def listed(folder: Path) -> list[Listed]:
    from distiliqa.archive.input_files import Listed, open_source

    return [file for file in open_source(str(folder)).files() if isinstance(file, Listed)]


def table_of(files: list[Listed]) -> Any:
    import pyarrow as pa

    return pa.Table.from_pylist([{"path": file.path, **file.stamp._asdict()} for file in files])


if __name__ == "__main__":
    main(measure, __doc__)
