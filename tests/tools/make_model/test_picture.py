from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from tools.make_model.picture import FAULTS, PICTURE, SCORES, draw_faults, find_slice

from distiliqa.errors import DistiliqaError
from distiliqa.foreign_json import read_json


def test_a_slice_is_drawn_under_each_fault(
    tmp_path: Path, write_ct: Callable[..., Path], tiny_model: Path
) -> None:
    y, x = np.mgrid[:128, :128] - 64
    hu = np.where(np.hypot(x, y) < 50, 40.0, -1000.0)
    hu += np.random.default_rng(0).normal(0, 10, hu.shape)
    tags = {"SOPInstanceUID": "1.2.5", "PixelSpacing": [2.5, 2.5]}
    write_ct(tmp_path / "ct" / "1.dcm", hu, **tags)
    file = find_slice("1.2.5", [tmp_path / "ct"])
    scores = draw_faults(file, tiny_model, tmp_path, seed=1)
    assert list(scores) == list(FAULTS)
    assert len(FAULTS) == 1 + 8
    assert scores["a tenth of the dose"] < scores["untouched"]
    assert read_json(tmp_path / SCORES) == scores
    assert (tmp_path / PICTURE).read_bytes().startswith(b"\x89PNG")
    with pytest.raises(DistiliqaError, match="no slice"):
        find_slice("1.2.6", [tmp_path / "ct"])
