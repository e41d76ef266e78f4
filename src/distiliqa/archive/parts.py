"""The results on disk: Parquet in numbered parts, each there whole or not at all."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from distiliqa.errors import DistiliqaError
from distiliqa.files import atomic_path, make_folder

ROWS = 100_000  # in a part, some 15 MB
SECONDS = 60.0  # of results that a crash may take along

_NAME = re.compile(r"part-(\d{6,})\.parquet")


class Parts:
    """A folder of parts that grows.

    Parameters
    ----------
    schema : of every row, see `distiliqa.archive.table.schema`.
    """

    def __init__(self, folder: Path, schema: pa.Schema) -> None:
        self.folder, self.schema = make_folder(folder), schema
        self._waiting: list[pa.Table] = []
        self._since = time.monotonic()

    def paths(self) -> list[Path]:
        """The parts there are, in the order that they were written."""
        found = [each for each in self.folder.iterdir() if _NAME.fullmatch(each.name)]
        return sorted(found, key=_number)

    def add(self, rows: pa.Table) -> None:
        """Take rows; they are on disk after `SECONDS`, `ROWS`, or `flush`."""
        self._waiting.append(rows)
        full = sum(map(len, self._waiting)) >= ROWS
        if full or time.monotonic() - self._since > SECONDS:
            self.flush()

    def flush(self) -> None:
        """Write the rows that wait. Raises `DistiliqaError` where the disk is full."""
        if sum(map(len, self._waiting)):
            number = max(map(_number, self.paths()), default=0) + 1
            table = pa.concat_tables(self._waiting)
            self._write(self.folder / f"part-{number:06}.parquet", table)
        self._waiting, self._since = [], time.monotonic()

    def read(self, columns: Sequence[str] | None = None) -> Iterator[pa.Table]:
        """The rows that are on disk, part by part.

        Raises
        ------
        DistiliqaError : a part is damaged, or is not of this run.
        """
        for path in self.paths():
            try:
                yield pq.ParquetFile(path).read(columns)
            except (OSError, pa.ArrowException) as error:
                raise DistiliqaError(
                    f"not readable as Parquet ({' '.join(str(error).split())})",
                    path=path,
                    remedy="delete it: its files are scored again by the next run",
                ) from error

    def forget(self, paths: Sequence[str]) -> None:
        """Take the rows of these files out, which are about to be scored again."""
        self.flush()
        gone = pa.array(paths, pa.string())
        for path, table in zip(self.paths(), self.read(), strict=True):
            kept = table.filter(pc.invert(pc.is_in(table["path"], gone)))
            if not len(kept):
                path.unlink()
            elif len(kept) < len(table):
                self._write(path, kept)

    def _write(self, path: Path, table: pa.Table) -> None:
        with atomic_path(path) as partial:
            pq.write_table(table, partial, compression="zstd")


def _number(path: Path) -> int:
    found = _NAME.fullmatch(path.name)
    assert found is not None
    return int(found[1])
