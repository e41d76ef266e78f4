"""This process in the place of Ray, for what becomes of its results."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import nullcontext

import pyarrow as pa
import pytest

from distiliqa.archive import run
from distiliqa.archive.input_files import Listed
from distiliqa.archive.worker import Scorer, Setting


def score_here(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Let `distiliqa.archive.run` score without Ray; the paths, as they are scored."""
    paths: list[str] = []

    def score_files(
        files: Sequence[Listed], setting: Setting, workers: int, *, alone: bool
    ) -> Iterator[pa.Table]:
        scorer = Scorer(setting)
        for file in files:
            paths.append(file.path)
            columns = {"path": file.path, **file.stamp._asdict(), **file.carried}
            yield scorer(pa.Table.from_pylist([columns]))

    monkeypatch.setattr(run, "score_files", score_files)
    monkeypatch.setattr(run, "connected", lambda address, concurrency, threads: nullcontext(1))
    return paths
