"""Two series to compare."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from distiliqa.compare.result import PairedRun
from distiliqa.compare.run import compare
from distiliqa.scoring.model import load_model


@pytest.fixture
def two(tmp_path: Path, write_ct: Callable[..., Path]) -> tuple[str, str]:
    """Four slices with 20 HU of noise, and five with 40, of which three lie at the same place."""
    for n, (side, count, noise) in enumerate((("a", 4, 20), ("b", 5, 40))):
        rng = np.random.default_rng(n)
        for k in range(count):
            hu = rng.normal(40, noise, (64, 64))
            place = [-100, -100, 3 * (k + n)]
            tags = {"SeriesInstanceUID": f"1.2.{n}", "ImagePositionPatient": place}
            write_ct(tmp_path / side / f"{k}.dcm", hu, **tags)
    return str(tmp_path / "a"), str(tmp_path / "b")


@pytest.fixture(scope="session")
def paired(
    tmp_path_factory: pytest.TempPathFactory, tiny_model: Path, write_series: Callable[..., Path]
) -> PairedRun:
    """Five slices against four, of a patient whose name is in the paths."""
    folder = tmp_path_factory.mktemp("DOE^JANE")
    first = write_series(folder / "first", 5)
    second = write_series(folder / "second", 4, SeriesInstanceUID="1.2.4", ConvolutionKernel="<b>")
    return compare(str(first), str(second), load_model(tiny_model))
