"""A watched folder, and a monitor of it that ends with the test."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import pytest

from distiliqa.monitor import Monitor, monitor
from distiliqa.scoring.model import Model


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "in").mkdir()
    return tmp_path / "in"


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "out"


@pytest.fixture
def start(folder: Path, out: Path, model: Model) -> Iterator[Callable[..., Monitor]]:
    """Start a monitor, after ending the one before it as a new run of the command would."""
    with ExitStack() as running:

        def open_again(settle: float = 0, **options: bool) -> Monitor:
            running.close()
            return running.enter_context(monitor(folder, out, model, settle=settle, **options))

        yield open_again


@pytest.fixture
def rows(out: Path) -> Callable[..., list[tuple]]:
    """Read the database as another program would: ``rows("SELECT path FROM files")``."""

    def read(query: str, *values: object) -> list[tuple]:
        with closing(sqlite3.connect(out / "monitor.sqlite")) as database:
            return database.execute(query, values).fetchall()

    return read
