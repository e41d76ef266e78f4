"""Methods over the same slices."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from distiliqa.rank.result import RankedRun
from distiliqa.rank.run import rank
from distiliqa.scoring.model import load_model

NOISE_HU = {"good": 10, "middle": 30, "bad": 60}


@pytest.fixture(scope="session")
def methods(tmp_path_factory: pytest.TempPathFactory, write_ct: Callable[..., Path]) -> Path:
    """Three methods with growing noise over two slices of each of eight patients, and the truth."""
    root = tmp_path_factory.mktemp("DOE^JANE")
    for name, noise in ({"truth": 0} | NOISE_HU).items():
        for patient in range(8):
            rng = np.random.default_rng(patient)
            for k in range(2):
                hu = 40 + 60 * (np.hypot(*(np.mgrid[:64, :64] - 32)) < 20)
                hu = hu + (noise + patient) * rng.standard_normal((64, 64)) * (noise > 0)
                tags = {"PatientID": f"P{patient}", "SeriesInstanceUID": f"1.2.{patient}.{noise}"}
                place = {"ImagePositionPatient": [-100, -100, 3 * k]}
                write_ct(root / name / f"p{patient}" / f"{name}{k}.dcm", hu, **tags, **place)
    return root


@pytest.fixture(scope="session")
def ranked(methods: Path, tiny_model: Path) -> RankedRun:
    paths = [str(methods / name) for name in ("bad", "good", "middle")]
    return rank(paths, load_model(tiny_model), reference=str(methods / "truth"))
