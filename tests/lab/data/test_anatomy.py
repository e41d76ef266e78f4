"""Versions of a slice are found among others, on made and on real anatomy."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pydicom
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

from distiliqa.ct.window import SOFT_TISSUE
from distiliqa.lab.data.folds import anatomy_groups


def to_levels(hu: NDArray[np.float64]) -> NDArray[np.uint16]:
    return np.rint(SOFT_TISSUE.apply(hu) * 65535).astype(np.uint16)


def with_noise(hu: NDArray[np.float64], seed: int, sigma: float) -> NDArray[np.float64]:
    noise = gaussian_filter(np.random.default_rng(seed).normal(size=hu.shape), 1)
    return hu + sigma * noise / noise.std()


def test_versions_group_and_labels_count_from_the_first() -> None:
    rng = np.random.default_rng(0)
    anatomies = [gaussian_filter(rng.normal(size=(128, 128)), 8) * 3000 for _ in range(3)]
    order = [2, 0, 2, 1, 0, 2]
    images = np.stack([to_levels(with_noise(anatomies[k], i, 40)) for i, k in enumerate(order)])
    assert anatomy_groups(images).tolist() == [0, 1, 0, 2, 1, 0]


def test_constant_images_are_alone() -> None:
    assert anatomy_groups(np.zeros((3, 64, 64), np.uint16)).tolist() == [0, 1, 2]


def test_real_slices_with_noise(shared_data: Path) -> None:
    folder = shared_data / "ct-dev" / "normal_dose"
    patients = {}
    for path in sorted(folder.rglob("*.dcm")):
        patient = pydicom.dcmread(path, specific_tags=["PatientID"]).PatientID
        patients.setdefault(patient, path)
    paths = list(patients.values())[:8]
    slices = []
    for path in paths:
        dataset = pydicom.dcmread(path)
        hu = dataset.pixel_array * float(dataset.RescaleSlope) + float(dataset.RescaleIntercept)
        slices.append(hu[:512, :512])
    assert len(slices) >= 5
    noisy = [with_noise(hu, i, 50) for i, hu in enumerate(slices)]
    groups = anatomy_groups(np.stack([to_levels(hu) for hu in slices + noisy]))
    assert groups.tolist() == [*range(len(slices))] * 2
