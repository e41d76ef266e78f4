"""CT slices in DICOM files, as scanners write them, of values that a test decides."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pydicom
from numpy.typing import ArrayLike, NDArray
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian, generate_uid


def write_series(folder: Path, count: int = 3, **tags: Any) -> Path:
    """Write noisy 64 x 64 slices 3 mm apart: ``write_series(folder, count, KVP=100)``.

    The first name is the topmost slice, so that names and positions run in opposite order.
    Returns the folder.
    """
    rng = np.random.default_rng(count)
    for n in range(count):
        hu = rng.normal(40, 20 + 5 * n, (64, 64))
        position = [-100, -100, 3 * (count - n)]
        write_ct(folder / f"{n}.dcm", hu, ImagePositionPatient=position, **tags)
    return folder


def noisy_body(size: int, seed: int = 0) -> NDArray[np.float64]:
    """A body of soft tissue with noise in air, (size, size), HU; for pixels of some 4 mm."""
    y, x = np.mgrid[:size, :size] - size // 2
    noise = np.random.default_rng(seed).normal(40, 6, (size, size))
    return np.where(np.hypot(x / 0.42, y / 0.31) < size, noise, -1000)


def write_ct(path: Path, hu: ArrayLike, **tags: Any) -> Path:
    """Write one classic CT slice: ``write_ct(path, hu, RescaleSlope=2, BodyPartExamined=None)``.

    Tags override the defaults, None removes one. The pixels are stored as int16 such that the
    rescale that ends up in the file gives ``hu`` back, to rounding. Returns the path.
    """
    dataset = ct_dataset(np.asarray(hu), seed=str(path), **tags)
    path.parent.mkdir(parents=True, exist_ok=True)
    dataset.save_as(path, enforce_file_format=True)
    return path


def ct_dataset(hu: np.ndarray, *, seed: str, **tags: Any) -> pydicom.Dataset:
    """A classic CT image of ``hu``, (rows, columns), with the tags scanners write."""
    dataset = pydicom.Dataset()
    dataset.file_meta = pydicom.dataset.FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    defaults = {
        "SOPClassUID": CTImageStorage,
        "SOPInstanceUID": generate_uid(entropy_srcs=[seed]),
        "StudyInstanceUID": "1.2.826.0.1.3680043.8.498.1",
        "SeriesInstanceUID": "1.2.826.0.1.3680043.8.498.2",
        "FrameOfReferenceUID": "1.2.826.0.1.3680043.8.498.3",
        "Modality": "CT",
        "ImageType": ["ORIGINAL", "PRIMARY", "AXIAL"],
        "PatientID": "P1",
        "Manufacturer": "ACME",
        "KVP": 120,
        "XRayTubeCurrent": 200,
        "ConvolutionKernel": "B30f",
        "SliceThickness": 3,
        "BodyPartExamined": "ABDOMEN",
        "ImageOrientationPatient": [1, 0, 0, 0, 1, 0],
        "ImagePositionPatient": [-100, -100, 0],
        "PixelSpacing": [0.7, 0.7],
        "SamplesPerPixel": 1,
        "PhotometricInterpretation": "MONOCHROME2",
        "BitsAllocated": 16,
        "BitsStored": 16,
        "HighBit": 15,
        "PixelRepresentation": 1,
        "RescaleSlope": 1,
        "RescaleIntercept": -1024,
        "RescaleType": "HU",
    }
    for keyword, value in (defaults | tags).items():
        if value is not None:
            setattr(dataset, keyword, value)
    dataset.Rows, dataset.Columns = hu.shape
    slope, intercept = dataset.get("RescaleSlope", 1), dataset.get("RescaleIntercept", 0)
    stored = np.round((hu - float(intercept)) / float(slope)).astype(np.int16)
    dataset.PixelData = stored.tobytes()
    dataset["PixelData"].VR = "OW"
    return dataset


def altered(path: Path, **tags: Any) -> Path:
    """Rewrite a DICOM file with other tags; None removes one."""
    dataset = pydicom.dcmread(path)
    for keyword, value in tags.items():
        if value is None:
            delattr(dataset, keyword)
        else:
            setattr(dataset, keyword, value)
    dataset.save_as(path)
    return path
