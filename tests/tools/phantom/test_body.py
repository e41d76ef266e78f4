"""The body phantom and the example series made of it."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

import numpy as np
import pydicom
import pytest
from numpy.typing import NDArray
from tools.phantom.body import body_phantom

from distiliqa.ct import index_ct
from distiliqa.metrics.noise_level import global_noise_level

EXAMPLES = Path(str(files("distiliqa"))) / "examples" / "body_phantom"


def phantom(z_mm: float = 0.0, seed: int = 7) -> NDArray[np.float32]:
    return body_phantom(z_mm, size=128, spacing_mm=2.96, seed=seed)


def test_has_the_tissues_of_an_abdomen() -> None:
    hu = phantom()
    assert hu.shape == (128, 128)
    shares = {
        "air": np.mean(hu < -900),
        "fat": np.mean((hu > -140) & (hu < -60)),
        "soft tissue": np.mean((hu > 0) & (hu < 150)),
        "bone": np.mean(hu > 350),
    }
    expected = {"air": 0.55, "fat": 0.12, "soft tissue": 0.25, "bone": 0.01}
    assert shares == pytest.approx(expected, rel=0.5)
    assert hu[64, 30] == pytest.approx(108, abs=40)  # the liver is on the patient's right


def test_is_the_same_each_time_and_changes_with_z_and_seed() -> None:
    np.testing.assert_array_equal(phantom(), phantom())
    near, far, other = (np.abs(phantom(*what) - phantom()).mean() for what in ((1,), (15,), (0, 8)))
    assert 0 < near < far < other


def test_example_series_are_complete() -> None:
    index = index_ct(EXAMPLES)
    assert (len(index.slices), len({ref.series for ref in index.slices})) == (12, 3)
    assert index.failed == index.left_out == ()
    assert sum(path.stat().st_size for path in EXAMPLES.rglob("*.dcm")) < 4_000_000


@pytest.mark.parametrize(("folder", "noise"), [("dose_100", 8), ("dose_025", 16), ("dose_010", 25)])
def test_example_noise_follows_the_dose(folder: str, noise: float) -> None:
    for path in sorted((EXAMPLES / folder).iterdir()):
        image = pydicom.dcmread(path)
        assert image.PatientName == "PHANTOM^BODY"
        hu = image.pixel_array.astype(float) - 1024
        assert global_noise_level(hu, (0.74, 0.74)) == pytest.approx(noise, rel=0.2)
