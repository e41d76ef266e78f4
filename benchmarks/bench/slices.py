"""The real slices that benchmarks run on."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from distiliqa.cli.example import EXAMPLE_SERIES
from distiliqa.ct import SOFT_TISSUE, index_ct
from distiliqa.ct.fit import fit

DATA = "DISTILIQA_BENCH_DATA"


def windowed_slices(most: int) -> NDArray[np.float32]:
    """Slices of the example series, then slices spread over the user's folder of DICOM.

    Returns
    -------
    float32, (n, 1, 512, 512), in [0, 1]; n is ``most``, or less where there are fewer slices.
    """
    refs = list(index_ct(EXAMPLE_SERIES).slices)[:most]
    if DATA in os.environ and len(refs) < most:
        others = index_ct(Path(os.environ[DATA])).slices
        count = min(most - len(refs), len(others))
        refs += [others[round(n)] for n in np.linspace(0, len(others) - 1, count)]
    images = [SOFT_TISSUE.apply(fit(ref.load().hu.astype(np.float32), 512)[0]) for ref in refs]
    return np.stack(images)[:, np.newaxis].astype(np.float32)
