"""Which files are scored already, in little memory: an archive has hundreds of millions."""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import blake2b

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from distiliqa.archive.storage import Stamp
from distiliqa.archive.table import FAILED

COLUMNS = ("path", "state", "size", "modified_ns")
_FILE = np.dtype([("key", "S16"), ("size", np.int64), ("modified_ns", np.int64)])  # 32 bytes
_AGAIN = -1  # a size that no file has, and that sorts first: what failed is tried again


class Known:
    """The files of a folder of results with their stamps, found by a digest of their path."""

    def __init__(self, results: Iterable[pa.Table] = ()) -> None:
        # Runs of falling length, each sorted: to add to one large run would copy it each time.
        self._runs: list[NDArray[np.void]] = []
        for table in results:
            self.add(table)

    def add(self, results: pa.Table) -> None:
        """Take in rows with the columns `COLUMNS`; all rows of a file are in one table."""
        new = np.empty(len(results), _FILE)
        new["key"] = _keys(results["path"].to_pylist())
        for name in ("size", "modified_ns"):
            new[name] = results[name].fill_null(_AGAIN).to_numpy()
        new["size"][np.asarray(results["state"].to_pylist(), object) == FAILED] = _AGAIN
        self._runs.append(_one_each(new[np.argsort(new["size"], kind="stable")]))
        while len(self._runs) > 1 and len(self._runs[-2]) <= len(self._runs[-1]):
            self._runs[-2:] = [_one_each(np.concatenate(self._runs[:-3:-1]))]  # the newer first

    def stamps(self, paths: list[str]) -> list[Stamp | None]:
        """The stamp that each file had when it was scored; None for one that is not known."""
        keys, found = _keys(paths), np.full(len(paths), None, object)
        for run in self._runs:
            if not len(run):
                continue
            at = np.searchsorted(run["key"], keys).clip(max=len(run) - 1)
            for n in np.flatnonzero(run["key"][at] == keys):
                found[n] = Stamp(int(run["size"][at[n]]), int(run["modified_ns"][at[n]]))
        return found.tolist()


def is_scored(stamp: Stamp | None) -> bool:
    """Whether a file of this stamp, as `Known` tells it, needs no second try."""
    return stamp is not None and stamp.size != _AGAIN


def _keys(paths: list[str]) -> NDArray[np.bytes_]:
    digests = (blake2b(path.encode(), digest_size=16).digest() for path in paths)
    return np.frombuffer(b"".join(digests), "S16")


def _one_each(files: NDArray[np.void]) -> NDArray[np.void]:
    """The first of each key, sorted by key."""
    return files[np.unique(files["key"], return_index=True)[1]]
