"""The command `score` with a tiny model."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from tests.support.command_line import invoke
from typer.testing import Result


@pytest.fixture
def score(tiny_model: Path) -> Callable[..., Result]:
    def run(*args: object, model: Path = tiny_model) -> Result:
        return invoke("score", *args, "--model", model)

    return run
