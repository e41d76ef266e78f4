"""A listener that has no server: its scorer, queue and outbox, and series that came."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from tests.support.late_series import by_uid

from distiliqa.pacs.listen.outbox import Outbox
from distiliqa.pacs.listen.queue import Queue
from distiliqa.pacs.listen.received_doses import ReceivedDoses
from distiliqa.pacs.listen.scorer import Scorer
from distiliqa.scoring.model import load_model


@pytest.fixture
def outbox(tmp_path: Path) -> Outbox:
    return Outbox(tmp_path / "outbox", lambda path: None)


@pytest.fixture
def scorer(tmp_path: Path, tiny_model: Path, outbox: Outbox) -> Scorer:
    return Scorer(tmp_path, load_model(tiny_model), outbox, ReceivedDoses(tmp_path / "doses"))


@pytest.fixture
def series(write_series: Callable[..., Path], tmp_path: Path) -> Path:
    return write_series(tmp_path / "complete" / "ab12", 3, PatientName="Doe^Jane")


@pytest.fixture
def late(write_ct: Callable[..., Path], tmp_path: Path) -> Path:
    """A folder of one more image of `series`, named by its SOP Instance UID as all in a queue."""
    place = {"ImagePositionPatient": [-100, -100, 30], "PatientName": "Doe^Jane"}
    path = write_ct(tmp_path / "late" / "9.dcm", np.zeros((64, 64)), **place)
    by_uid(path.parent)
    return path.parent


@pytest.fixture
def queue(scorer: Scorer, tmp_path: Path) -> Queue:
    return Queue(tmp_path, scorer.has, (scorer.scored, scorer.failed))
