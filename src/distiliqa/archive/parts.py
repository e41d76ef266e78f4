"""Results on disk: Parquet in numbered parts, and the files that they cover.

A part is written whole or not at all. An archive has hundreds of millions of files, so what is
known of them takes 32 bytes a file.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterable, Iterator, Sequence
from hashlib import blake2b
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from distiliqa.archive.table import FAILED
from distiliqa.errors import DistiliqaError
from distiliqa.files import FileStamp, atomic_path, make_folder

MAX_ROWS = 100_000  # of a part, some 15 MB
MAX_WAIT_S = 60.0  # results that a crash may lose

KNOWN_COLUMNS = ("path", "state", "size", "modified_ns")
_FILE = np.dtype([("key", "S16"), ("size", np.int64), ("modified_ns", np.int64)])  # 32 bytes
_FAILED_SIZE = -1  # no file has it, and it sorts first: failed files are scored again
_NAME = re.compile(r"part-(\d{6,})\.parquet")


class Parts:
    """A growing folder of parts.

    Parameters
    ----------
    schema : pa.Schema
        Schema of every row, see `distiliqa.archive.table.schema`.
    """

    def __init__(self, folder: Path, schema: pa.Schema) -> None:
        self.folder, self.schema = make_folder(folder), schema
        self._waiting: list[pa.Table] = []
        self._since = time.monotonic()

    def paths(self) -> list[Path]:
        """The parts, in the order in which they were written."""
        found = [path for path in self.folder.iterdir() if _NAME.fullmatch(path.name)]
        return sorted(found, key=_number)

    def add(self, rows: pa.Table) -> None:
        """Add rows; they are on disk after `MAX_WAIT_S`, `MAX_ROWS`, or `flush`."""
        self._waiting.append(rows)
        full = sum(map(len, self._waiting)) >= MAX_ROWS
        if full or time.monotonic() - self._since > MAX_WAIT_S:
            self.flush()

    def flush(self) -> None:
        """Write the waiting rows. Raises `DistiliqaError` on a full disk."""
        if sum(map(len, self._waiting)):
            number = max(map(_number, self.paths()), default=0) + 1
            table = pa.concat_tables(self._waiting)
            self._write(self.folder / f"part-{number:06}.parquet", table)
        self._waiting, self._since = [], time.monotonic()

    def read(self, columns: Sequence[str] | None = None) -> Iterator[pa.Table]:
        """Yield the rows on disk, part by part.

        Raises
        ------
        DistiliqaError
            A part is damaged or lacks a column.
        """
        for path in self.paths():
            yield _read(path, columns)

    def remove(self, paths: Sequence[str]) -> None:
        """Remove the rows of files that will be scored again."""
        self.flush()
        if not paths:  # as for most portions of an archive
            return
        gone = pa.array(paths, pa.string())
        for part in self.paths():
            kept = pc.invert(pc.is_in(_read(part, ["path"])["path"], gone))
            if not pc.any(kept).as_py():
                part.unlink()
            elif not pc.all(kept).as_py():
                self._write(part, _read(part).filter(kept))

    def _write(self, path: Path, table: pa.Table) -> None:
        with atomic_path(path) as partial:
            pq.write_table(table, partial, compression="zstd")


def _read(path: Path, columns: Sequence[str] | None = None) -> pa.Table:
    try:
        return pq.ParquetFile(path).read(columns)
    except (OSError, pa.ArrowException) as error:
        raise DistiliqaError(
            f"not readable as Parquet ({' '.join(str(error).split())})",
            path=path,
            remedy="delete it: its files are scored again by the next run",
        ) from error


class Known:
    """Stamps of the files that have results, found by a digest of their path."""

    def __init__(self, results: Iterable[pa.Table] = ()) -> None:
        # Sorted runs of falling length: adding to one large run would copy it every time.
        self._runs: list[NDArray[np.void]] = []
        for table in results:
            self.add(table)

    def add(self, results: pa.Table) -> None:
        """Add rows with the columns `KNOWN_COLUMNS`; all rows of a file are in one table."""
        new = np.empty(len(results), _FILE)
        new["key"] = _keys(results["path"].to_pylist())
        for name in ("size", "modified_ns"):
            new[name] = results[name].fill_null(_FAILED_SIZE).to_numpy()
        new["size"][np.asarray(results["state"].to_pylist(), object) == FAILED] = _FAILED_SIZE
        self._runs.append(_newest(new[np.argsort(new["size"], kind="stable")]))
        while len(self._runs) > 1 and len(self._runs[-2]) <= len(self._runs[-1]):
            self._runs[-2:] = [_newest(np.concatenate(self._runs[:-3:-1]))]  # the newer first

    def stamps(self, paths: list[str]) -> list[FileStamp | None]:
        """The stamps that files had when they were scored; None for an unknown file."""
        keys, found = _keys(paths), np.full(len(paths), None, object)
        for run in self._runs:
            if not len(run):
                continue
            at = np.searchsorted(run["key"], keys).clip(max=len(run) - 1)
            for n in np.flatnonzero(run["key"][at] == keys):
                found[n] = FileStamp(int(run["size"][at[n]]), int(run["modified_ns"][at[n]]))
        return found.tolist()


def is_scored(stamp: FileStamp | None) -> bool:
    """Whether a stamp of `Known` is that of a file that did not fail."""
    return stamp is not None and stamp.size != _FAILED_SIZE


def _keys(paths: list[str]) -> NDArray[np.bytes_]:
    digests = (blake2b(path.encode(), digest_size=16).digest() for path in paths)
    return np.frombuffer(b"".join(digests), "S16")


def _newest(files: NDArray[np.void]) -> NDArray[np.void]:
    """The first entry of every key, sorted by key."""
    return files[np.unique(files["key"], return_index=True)[1]]


def _number(path: Path) -> int:
    found = _NAME.fullmatch(path.name)
    assert found is not None
    return int(found[1])
