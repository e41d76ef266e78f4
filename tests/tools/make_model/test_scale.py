"""The scale of readers, fitted on slices like those of the challenge."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from distiliqa.ct import index_ct
from distiliqa.errors import DistiliqaError
from tools.make_model import scale

SIDE = 128


@pytest.fixture
def slices(tmp_path: Path, write_ct: Callable[..., Path], monkeypatch: pytest.MonkeyPatch) -> Path:
    """Three slices of patient A, one of a noisy patient, one of a patient whose lungs show."""
    monkeypatch.setattr(scale, "SIDE", SIDE)
    rng = np.random.default_rng(0)
    y, x = np.mgrid[:SIDE, :SIDE] - SIDE / 2
    inside, lung = np.hypot(x / 55, y / 40) < 1, np.hypot((np.abs(x) - 25) / 15, y / 25) < 1

    def write(name: str, noise: float, hu: np.ndarray) -> None:
        image = np.where(inside, hu + rng.normal(0, noise, (SIDE, SIDE)), -1000)
        tags = {"PixelSpacing": [3, 3], "PatientID": name[0], "InstanceNumber": int(name[1:])}
        write_ct(tmp_path / "in" / f"{name}.dcm", image, **tags)

    soft = np.full((SIDE, SIDE), 40.0)
    for name in ("A1", "A2", "A3"):
        write(name, 12, soft)
    write("B1", 40, soft)
    write("C1", 12, np.where(lung, -850, soft))
    return tmp_path / "in"


def test_two_abdominal_slices_of_a_patient_are_chosen(slices: Path) -> None:
    chosen = scale.abdominal(index_ct(slices).slices)
    assert [info.patient_id for info in chosen] == ["A", "A"]


def test_a_folder_without_any_is_named(slices: Path) -> None:
    others = [info for info in index_ct(slices).slices if info.patient_id != "A"]
    with pytest.raises(DistiliqaError, match="no abdominal slices of normal dose"):
        scale.abdominal(others)


def test_what_was_scanned_is_not_scanned_again(
    slices: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    chosen = scale.abdominal(index_ct(slices).slices)[:1]
    scanned = scale.detectability(chosen[0])
    assert len(scanned) == 12
    assert max(scanned) == scanned[0]  # all views and full dose
    calls = []
    monkeypatch.setattr(scale, "detectability", lambda info: calls.append(info) or scanned)
    first = scale.fitted(chosen, tmp_path / "scale.jsonl", jobs=1)
    assert scale.fitted(chosen, tmp_path / "scale.jsonl", jobs=1) == first
    assert calls == chosen
    assert first.rating(np.array(scanned)).min() < 1
    assert first.rating(np.array(scanned)).max() > 3
