"""A small body with noise, as a DICOM series."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from tests.support.slices import noisy_body


@pytest.fixture(scope="session")
def write_body(write_ct: Callable[..., Path]) -> Callable[..., Path]:
    """Write ``count`` slices of a body of soft tissue, of 96 pixels of 4 mm; returns the folder."""

    def write(folder: Path, count: int = 3, **tags: object) -> Path:
        for n in range(count):
            places = {"PixelSpacing": [4, 4], "ImagePositionPatient": [-190, -190, 5 * n]}
            # The noise that is added is drawn by it: one made of the path would differ each time.
            known = {"SOPInstanceUID": f"1.2.826.0.1.3680043.8.498.{n + 1}", "CTDIvol": 10}
            write_ct(folder / f"{n}.dcm", noisy_body(96, seed=n), **(places | known | tags))
        return folder

    return write
