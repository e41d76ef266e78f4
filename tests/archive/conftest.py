from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from distiliqa.scoring.model import Model, load_model

pytest.importorskip("ray")


@pytest.fixture(scope="session")
def tiny(tiny_model: Path) -> Model:
    return load_model(tiny_model, threads=1)


@pytest.fixture(scope="session")
def two_workers() -> Iterator[int]:
    """One session of Ray for all tests that need one, which takes seconds to start."""
    from distiliqa.archive.cluster import connected

    with connected(None, 2, 1) as workers:
        yield workers


@pytest.fixture
def without_ray(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    from tests.support.without_ray import score_here

    return score_here(monkeypatch)
