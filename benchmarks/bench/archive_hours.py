"""Hours that an archive takes, estimated from figures of one machine.

A worker scores one file while the storage brings the next ones, so that reading and scoring go on
at the same time.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from bench.figures import Curve, Figure

SERIES, SLICES_EACH, CORES = 1_000_000, 300, 100
NETWORK = 1.25e9  # bytes a second of 10 Gbit/s
STRIPED = 4  # servers of storage that send at the same time, each at 10 Gbit/s
LOOK_UP_S = 0.5e-3  # of one file on a file server, 16 at a time


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
