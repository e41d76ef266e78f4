from __future__ import annotations

import numpy as np
import pytest

from distiliqa.metrics import tissue_noise

PIXELS = (0.7, 0.7)


def thorax() -> np.ndarray:
    """Muscle, fat and lung with noise of 12, 10 and 8 HU, in air."""
    hu = np.full((512, 512), -1000.0)
    for columns, level, noise_hu in ((30, 50, 12), (180, -100, 10), (330, -850, 8)):
        part = (slice(40, 470), slice(columns, columns + 150))
        hu[part] = level + np.random.default_rng(columns).normal(0, noise_hu, (430, 150))
    return hu


def test_each_tissue_has_its_noise():
    found = tissue_noise(thorax(), PIXELS)
    assert found.fat == pytest.approx(10, rel=0.05)
    assert found.lung == pytest.approx(8, rel=0.05)
    assert found.bone is None
    assert found.reasons == {"bone": "fewer than 100 boxes of the tissue"}
    assert found.box_mm == pytest.approx(6.3)


def test_structure_is_not_noise():
    hu = thorax()
    hu[40:470:8, 330:480] += 200  # vessels
    found = tissue_noise(hu, PIXELS)
    assert found.lung is None
    assert found.reasons["lung"].startswith("more than 1.5 times the noise of soft tissue")


@pytest.mark.parametrize(
    ("hu", "spacing_mm", "reason"),
    [
        (thorax(), None, "not known"),
        (thorax(), (0.7, 1.0), "not square"),
        (np.full((128, 128), -1000.0), PIXELS, "too little soft tissue"),
    ],
)
def test_what_has_no_noise_has_a_reason(hu, spacing_mm, reason: str):
    found = tissue_noise(hu, spacing_mm)
    assert (found.lung, found.fat, found.bone) == (None, None, None)
    assert reason in found.reason
