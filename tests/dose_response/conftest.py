"""A small body with noise, as a DICOM series."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest


@pytest.fixture(scope="session")
def write_body(write_ct: Callable[..., Path]) -> Callable[..., Path]:
    """Write ``count`` slices of a body of soft tissue, of 96 pixels of 4 mm; returns the folder."""

    def write(folder: Path, count: int = 3, **tags: object) -> Path:
        y, x = np.mgrid[:96, :96] - 48
        for n in range(count):
            noise = np.random.default_rng(n).normal(40, 6, (96, 96))
            hu = np.where(np.hypot(x / 40, y / 30) < 1, noise, -1000)
            places = {"PixelSpacing": [4, 4], "ImagePositionPatient": [-190, -190, 5 * n]}
            # The noise that is added is drawn by it: one made of the path would differ each time.
            known = {"SOPInstanceUID": f"1.2.826.0.1.3680043.8.498.{n + 1}", "CTDIvol": 10}
            write_ct(folder / f"{n}.dcm", hu, **(places | known | tags))
        return folder

    return write
