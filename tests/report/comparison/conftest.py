"""A comparison to report."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from distiliqa.comparison.run import PairedRun, compare_inputs
from distiliqa.scoring.model import load_model


@pytest.fixture(scope="session")
def paired(
    tmp_path_factory: pytest.TempPathFactory, tiny_model: Path, write_series: Callable[..., Path]
) -> PairedRun:
    """Five slices against four, of a patient whose name is in the paths."""
    folder = tmp_path_factory.mktemp("DOE^JANE")
    first = write_series(folder / "first", 5)
    second = write_series(folder / "second", 4, SeriesInstanceUID="1.2.4", ConvolutionKernel="<b>")
    return compare_inputs(str(first), str(second), load_model(tiny_model))
