"""CT that the project makes itself, in the places of the real CT that tests read where it is there.

Trunks are computed: fat, muscle, spine, ribs, organs and a table, with noise, in files as scanners
of several makers write them. The pairs of doses are those of the example series.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pydicom
import tifffile
from numpy.typing import NDArray
from pydicom.uid import JPEG2000Lossless
from scipy.ndimage import gaussian_filter
from tests.support.slices import write_ct

import distiliqa

EXAMPLE = Path(distiliqa.__file__).parent / "examples" / "body_phantom"
SIZE, SPACING_MM = 512, 0.74
PATIENTS = 12
Y, X = np.mgrid[:SIZE, :SIZE] - SIZE / 2


def write_public_data(root: Path) -> Path:
    """Write ``ct-dev`` with series, pairs of doses and rated images; returns the root."""
    _write_series(root / "ct-dev" / "normal_dose")
    _copy_pairs(root / "ct-dev" / "dose_pairs" / "L143")
    _write_rated(root / "ct-dev" / "ldctiqac2023")
    return root


def trunk(patient: int) -> NDArray[np.float64]:
    """A slice through a trunk whose organs depend on the patient, (512, 512), HU."""
    rng = np.random.default_rng(patient)
    hu = np.full((SIZE, SIZE), -1000.0)
    hu[np.abs(Y - 195) < 4] = -500  # table
    wide, deep = rng.uniform(180, 215), rng.uniform(125, 150)
    hu[np.hypot(X / wide, Y / deep) < 1] = -100
    inner = np.hypot(X / (wide - 14), Y / (deep - 14)) < 1
    hu[inner] = 50
    for level in rng.uniform(-120, 200, 14):
        at, radii = rng.uniform(-0.6, 0.6, 2) * (wide, deep), rng.uniform(20, 60, 2)
        hu[inner & (np.hypot((X - at[0]) / radii[0], (Y - at[1]) / radii[1]) < 1)] = level
    hu[np.hypot(X, Y - 0.6 * deep) < 24] = 400  # spine
    for side in (-1, 1):
        hu[np.hypot(X - side * 0.85 * wide, (Y - 10) / 2) < 8] = 500  # ribs
    noise = gaussian_filter(rng.normal(size=hu.shape), 0.8)
    return gaussian_filter(hu, 0.8) + 12 * noise / noise.std()


def _write_series(folder: Path) -> None:
    """One slice of each patient. The first four are of makers with habits of their own."""
    _write_flipped(folder / "singles" / "pancreas_0001_pydicom.dcm")
    _write_padded(folder / "cmb_crc" / "1.dcm")
    hu = trunk(2)
    hu[_beyond_the_view()] = -2048
    _write(folder / "ny_sbu_covid" / "A046441" / "1.dcm", 2, hu, Manufacturer="TOSHIBA")
    for patient in range(3, PATIENTS):
        name = "1.dcm" if patient == 3 else f"p{patient}.dcm"
        _write(folder / ("kits" if patient == 3 else "singles") / name, patient, trunk(patient))


def _write(path: Path, patient: int, hu: NDArray[np.float64], **tags: object) -> Path:
    """Write a slice, which is the whole of a series."""
    uid = f"1.2.826.0.1.3680043.8.498.7.{patient}"
    here = {
        "PatientID": f"PUBLIC{patient}",
        "StudyInstanceUID": uid,
        "SeriesInstanceUID": f"{uid}.1",
        "SOPInstanceUID": f"{uid}.1.1",
        "FrameOfReferenceUID": f"{uid}.2",
        "PixelSpacing": [SPACING_MM, SPACING_MM],
        "ImagePositionPatient": [-190, -190, 3.5 * patient],
    }
    return write_ct(path, hu, **(here | tags))


def _write_flipped(path: Path) -> None:
    """Rows from back to front, in JPEG 2000."""
    _write(
        path,
        0,
        trunk(0)[::-1],
        ImageOrientationPatient=[1, 0, 0, 0, -1, 0],
        ImagePositionPatient=[-190, 190, 0],
    )
    dataset = pydicom.dcmread(path)
    dataset.compress(JPEG2000Lossless, generate_instance_uid=False)
    dataset.save_as(path)


def _write_padded(path: Path) -> None:
    """Padding of -3024 HU beyond the view, whose value is written without its sign, as GE does."""
    hu = trunk(1)
    hu[_beyond_the_view()] = -3024
    _write(path, 1, hu, Manufacturer="GE MEDICAL SYSTEMS")
    dataset = pydicom.dcmread(path)
    dataset.add_new("PixelPaddingValue", "US", 65536 - 2000)
    dataset.save_as(path)


def _beyond_the_view() -> NDArray[np.bool_]:
    return np.hypot(X, Y) > SIZE / 2


def _copy_pairs(folder: Path) -> None:
    for kernel, paths in zip(("B30f", "D45f"), _halves(EXAMPLE / "dose_100"), strict=True):
        for full in paths:
            for dose, source in (("full", full), ("quarter", EXAMPLE / "dose_025" / full.name)):
                target = folder / kernel / dose / f"{full.stem}.IMA"
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(source, target)


def _halves(folder: Path) -> Iterator[list[Path]]:
    paths = sorted(folder.iterdir())
    yield paths[: len(paths) // 2]
    yield paths[len(paths) // 2 :]


def _write_rated(folder: Path) -> None:
    """Images as the challenge stores them: HU = 1400 x - 1000."""
    folder.mkdir(parents=True)
    ratings = {}
    for number in range(4):
        name = f"test{number}.tiff"
        stored = (np.clip(trunk(24 + number), -1000, 400) + 1000) / 1400
        tifffile.imwrite(folder / name, stored.astype(np.float32))
        ratings[name] = 4.0 - number
    (folder / "scores.json").write_text(json.dumps(ratings))
