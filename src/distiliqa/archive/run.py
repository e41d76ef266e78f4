"""Score an archive: list, skip what is scored, score the rest on all workers, and sum up."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from time import perf_counter
from typing import TypeVar

import pyarrow as pa

from distiliqa.archive.cluster import connected, score_files
from distiliqa.archive.input_files import Listed, Source, open_source, portions
from distiliqa.archive.parts import KNOWN_COLUMNS, Known, Parts, is_scored
from distiliqa.archive.record import Counts, Record
from distiliqa.archive.series_means import write_series
from distiliqa.archive.table import FAILED, LEFT_OUT, SCORED, problem_row, schema
from distiliqa.archive.worker import Setting
from distiliqa.ct import Problem
from distiliqa.folder_lock import only_one
from distiliqa.models.folder import ONNX, digest_of
from distiliqa.scoring.measuring import Measuring
from distiliqa.scoring.model import Model
from distiliqa.version import __version__

SLICES = "slices"
PORTION = 500_000  # files in the memory of the leading machine, and as many listed ahead

_KILLS = "every worker that read it died: it may crash a decoder, or need too much memory"

Item = TypeVar("Item")


def score_archive(
    inputs: Sequence[str],
    model: Model,
    out: Path,
    *,
    address: str | None = None,
    concurrency: int | None = None,
    threads: int = 1,
    count_outside: bool = False,
    measures: Measuring = "basic",
    progress: Callable[[int, int], None] | None = None,
) -> Counts:
    """Score every axial CT slice of an archive, and continue the earlier run in ``out``.

    Scores are those of `distiliqa.score`. A file that fails is a row of the results. Ctrl-C, or a
    failure of Ray, loses at most a minute of work.

    Parameters
    ----------
    inputs : Sequence[str]
        Files, folders, and manifests (CSV with a column ``path``), on a disk that all machines see
        or in an object store (``s3://bucket/folder``).
    out : Path
        A folder for ``slices/part-*.parquet``, ``series.parquet``, ``series.csv``, ``run.json``.
    address : str or None
        Address of a Ray cluster; None starts Ray on this machine.
    concurrency : int or None
        Number of workers; None for as many as the processors allow.
    threads : int
        CPU threads of each worker.
    count_outside : bool
        Let slices out of domain count in the means of their series.
    measures : {"none", "basic"}
        What is measured beside the score, see `distiliqa.score`.
    progress : Callable[[int, int], None] or None
        Called as files are done with the number done and the number listed.

    Raises
    ------
    DistiliqaError
        An input is missing, ``out`` belongs to another model or other settings or another run
        writes there, the disk is full, or Ray cannot continue.
    """
    sources = [open_source(name) for name in inputs]
    with only_one(out, "run"):
        return _score_all(
            Counts(tuple(inputs), threads=threads, count_outside=count_outside),
            sources,
            model,
            out,
            cluster=(address, concurrency),
            measures=measures,
            progress=progress,
        )


def _score_all(
    counts: Counts,
    sources: Sequence[Source],
    model: Model,
    out: Path,
    *,
    cluster: tuple[str | None, int | None],
    measures: Measuring,
    progress: Callable[[int, int], None] | None,
) -> Counts:
    carried = tuple(dict.fromkeys(name for source in sources for name in source.columns))
    record = Record(out, model.config, carried, measures)
    identity = model.config.files[ONNX], digest_of(model.config)
    setting = Setting(str(model.folder), *identity, counts.threads, carried, measures)
    parts = Parts(out / SLICES, schema(carried))
    record.write(counts)
    archive = _Archive(parts, setting, counts, progress)
    start = perf_counter()
    try:
        with ExitStack() as session:
            for listed, problems in _ahead(portions(sources, PORTION, out)):
                new = archive.select(listed, problems)
                if new and not counts.workers:
                    connection = connected(*cluster, counts.threads)
                    counts.workers = session.enter_context(connection)
                try:
                    archive.score(new)
                finally:  # before Ray is stopped, which takes seconds
                    parts.flush()
        series = write_series(parts, out, count_outside=counts.count_outside)
    except BaseException as error:
        counts.stopped = str(error) if isinstance(error, Exception) else "interrupted"
        counts.seconds = round(perf_counter() - start, 3)
        record.write(counts)
        raise
    counts.seconds = round(perf_counter() - start, 3)
    record.write(counts, series=series)
    return counts


class _Archive:
    """The results so far, and the steps for a portion of files."""

    def __init__(
        self,
        parts: Parts,
        setting: Setting,
        counts: Counts,
        progress: Callable[[int, int], None] | None,
    ) -> None:
        self.parts, self.setting, self.counts, self.progress = parts, setting, counts, progress
        self.known = Known(parts.read(KNOWN_COLUMNS))
        self.done = 0

    def select(self, listed: Sequence[Listed], problems: Sequence[Problem]) -> list[Listed]:
        """Choose the files to score, and record those that cannot be read at all."""
        files = {file.path: file.stamp for file in listed}
        broken = {problem.path: problem for problem in problems if problem.path not in files}
        found = dict(zip([*files, *broken], self.known.stamps([*files, *broken]), strict=True))
        done = {path for path, stamp in files.items() if found[path] == stamp}
        done |= {path for path in broken if is_scored(found[path])}  # removed since
        self.parts.remove([path for path, stamp in found.items() if stamp and path not in done])
        new = {file.path: file for file in listed if file.path not in done}
        broken = {path: problem for path, problem in broken.items() if path not in done}
        self.counts.files += len(listed) + len(problems)
        self.counts.known += len(listed) + len(problems) - len(new) - len(broken)
        self.done += len(listed) + len(problems) - len(new) - len(broken)
        self._record_failed(list(broken.values()))
        return list(new.values())

    def score(self, files: Sequence[Listed]) -> None:
        """Score files; one whose worker dies is tried alone, then recorded as failed."""
        missing = self._scored(files, alone=False)
        self.counts.retried += len(missing)
        missing = self._scored(missing, alone=True)
        self._record_failed([Problem(file.path, _KILLS) for file in missing])

    def _scored(self, files: Sequence[Listed], *, alone: bool) -> list[Listed]:
        """Score files, and return those without any result."""
        waiting = {file.path: file for file in files}
        if waiting:
            for rows in score_files(files, self.setting, self.counts.workers, alone=alone):
                self._add(rows)
                for path in rows["path"].to_pylist():
                    waiting.pop(path, None)
        return list(waiting.values())

    def _record_failed(self, problems: Sequence[Problem]) -> None:
        rows = [
            problem_row(problem, FAILED)
            | {"distiliqa": __version__, "model_sha256": self.setting.sha256}
            for problem in problems
        ]
        if rows:
            self._add(pa.Table.from_pylist(rows, self.parts.schema))

    def _add(self, rows: pa.Table) -> None:
        self.parts.add(rows)
        self.known.add(rows)
        states = rows["state"].to_pylist()
        self.counts.scored += states.count(SCORED)
        self.counts.failed += states.count(FAILED)
        self.counts.left_out += states.count(LEFT_OUT)
        self.done += len(set(rows["path"].to_pylist()))
        if self.progress is not None:
            self.progress(self.done, self.counts.files)


def _ahead(items: Iterator[Item]) -> Iterator[Item]:
    """Yield items, and make the next one while the caller works on this one."""
    with ThreadPoolExecutor(1) as pool:
        coming = pool.submit(next, items, None)
        while (item := coming.result()) is not None:
            coming = pool.submit(next, items, None)
            yield item
