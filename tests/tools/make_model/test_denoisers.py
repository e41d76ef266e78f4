"""Denoising networks are trained once, on the slices of training patients."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from tools.make_model.settings import DenoiserSettings

from tools.make_model import denoisers


def test_networks_lie_on_their_side_and_are_not_trained_again(
    tmp_path: Path, write_ct: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    y, x = np.mgrid[:96, :96] - 48.0
    noise = np.random.default_rng(0).normal(40, 8, (96, 96))
    body = np.where(np.hypot(x / 44, y / 40) < 1, noise, -1000)
    write_ct(tmp_path / "sources" / "A" / "1.dcm", body, PixelSpacing=[4, 4])
    jobs = []

    def one_after_the_other(work: Callable, tasks: list, *, description: str) -> list:
        jobs.append(description)
        return [(place, work(task)) for place, task in enumerate(tasks)]

    monkeypatch.setattr(denoisers, "run_jobs", one_after_the_other)
    networks = {
        "smooth": DenoiserSettings(loss="squared", steps=2),
        "unknown": DenoiserSettings(side="held_out", loss="edge", steps=2, seed=1),
    }
    out = tmp_path / "out"
    for _ in range(2):
        outcome = denoisers.train_denoisers(networks, tmp_path / "sources", out)
    assert jobs == ["adding noise"] * 2
    known, unknown = outcome.results
    assert known == out / "training" / "smooth.safetensors"
    assert unknown == out / "held_out" / "unknown.safetensors"
    assert known.read_bytes() != unknown.read_bytes()
