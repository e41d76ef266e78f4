"""An error that is displacement, and one that is not."""

from __future__ import annotations

import numpy as np
from tests.lab.label.conftest import SPACING

from distiliqa.lab.label.registration import without_displacement
from distiliqa.lab.label.simulated_label import Subject


def test_a_small_shift_is_no_error(subject: Subject) -> None:
    clean = subject.anatomy.clean
    down, right = np.gradient(clean)

    left = without_displacement(0.4 * down - 0.3 * right, clean, SPACING)

    assert left.std() < 0.1 * (0.4 * down - 0.3 * right).std()


def test_streaks_stay(subject: Subject) -> None:
    rows = np.arange(256)[:, None]
    streaks = np.broadcast_to(20 * np.sin(rows / 2.0), (256, 256)).astype(np.float32)

    left = without_displacement(streaks, subject.anatomy.clean, SPACING)

    tissue = subject.anatomy.tissue > 0
    assert left[tissue].std() > 0.8 * streaks[tissue].std()
