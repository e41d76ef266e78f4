"""Images of a dose pair in HU, and files of the doses between them.

A pair of DICOM images gives DICOM images. Every other format gives NIfTI if its pixel spacing is
known, else NumPy arrays.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pydicom import Dataset

from distiliqa.ct import CTSlice, SliceInfo, index_ct
from distiliqa.ct.dicom.derive import derive, read_stored, write_dicom
from distiliqa.ct.dicom.header import read_header
from distiliqa.errors import CTReadError
from distiliqa.files import atomic_path
from distiliqa.lab.data.pairs import DICOM, NIFTI, DosePair

_MAX_APART_MM = 0.1  # between the positions of the two; headers round them
_DEPTH_MM = 1.0  # of a slice whose thickness is not known


@dataclass(frozen=True, eq=False)
class PairImages:
    """One slice at two doses.

    Attributes
    ----------
    full, low : (rows, columns), HU.
    headers : of the DICOM images; None where a file is of another format.
    ct : the slice of the full dose, as `index_ct` reads it; None for DICOM images.
    """

    full: NDArray[np.float32]
    low: NDArray[np.float32]
    headers: tuple[Dataset, Dataset] | None = None
    ct: CTSlice | None = None

    def write(self, path: Path, hu: NDArray[np.integer], derivation: str, dose: float) -> None:
        """Write a dose of the slice in the format of the extension of ``path``.

        Parameters
        ----------
        hu : (rows, columns), integers, HU.
        derivation : how ``hu`` came from the images, one line.
        dose : of ``hu``, relative to that of the full one.
        """
        if self.headers is not None:
            full, low = self.headers
            write_dicom(path, derive(full, hu, derivation, dose=dose, used=[low]))
            return
        with atomic_path(path) as partial, partial.open("wb") as file:
            if path.name.endswith(NIFTI):
                assert self.ct is not None
                file.write(_nifti(self.ct, hu, derivation))
            else:
                np.save(file, hu.astype(np.int32))


def read_images(pair: DosePair) -> PairImages:
    """Read the two images of a pair.

    Raises
    ------
    CTReadError : an image that cannot be read, or two of different size or place.
    """
    if pair.suffix == DICOM:
        (header, full), (low_header, low) = read_stored(pair.full), read_stored(pair.low)
        images = PairImages(full, low, headers=(header, low_header))
        info = read_header(header, path=str(pair.full)).info
        low_info = read_header(low_header, path=str(pair.low)).info
    else:
        info, low_info = (_info(path, pair.frame or 0) for path in (pair.full, pair.low))
        ct = info.read()
        images = PairImages(ct.hu, low_info.read().hu, ct=ct)
    if images.low.shape != images.full.shape:
        sizes = (f"{rows} x {columns}" for rows, columns in (images.low.shape, images.full.shape))
        raise CTReadError("is {}, its full dose {}".format(*sizes), path=pair.low)
    _check_place(info, low_info, pair.low)
    return images


def _info(path: Path, number: int) -> SliceInfo:
    return _slices(path, path.stat().st_mtime_ns)[number]


@lru_cache(maxsize=2)  # of a volume each slice is a pair
def _slices(path: Path, modified_ns: int) -> tuple[SliceInfo, ...]:
    return index_ct(path, require_ct=False).slices


def _check_place(full: SliceInfo, low: SliceInfo, path: Path) -> None:
    place, expected = low.position_mm, full.position_mm
    if place is not None and expected is not None and abs(place - expected) > _MAX_APART_MM:
        raise CTReadError(f"lies at {place:g} mm, its full dose at {expected:g} mm", path=path)
    if full.geometry and low.geometry and not low.geometry.same_grid(full.geometry):
        raise CTReadError("has other pixel spacing or directions than its full dose", path=path)


def _nifti(ct: CTSlice, hu: NDArray[np.integer], derivation: str) -> bytes:
    """NIfTI volume of one slice in the standard view, at the position of the full-dose slice."""
    import nibabel  # not at the top: each process of a data set would load it, for DICOM too

    down, across = ct.spacing_mm or (1.0, 1.0)
    depth = ct.acquisition.slice_thickness_mm or _DEPTH_MM
    # NIfTI counts to the patient's right and front, the standard view to the left and back.
    affine = np.diag([-across, -down, depth, 1.0])
    affine[2, 3] = ct.position_mm or 0.0
    limits = np.iinfo(np.int16)
    voxels = np.clip(hu, limits.min, limits.max).astype(np.int16).T[:, :, None]
    image = nibabel.Nifti1Image(voxels, affine)
    image.header.set_xyzt_units("mm")
    image.header["descrip"] = derivation.encode("ascii", "replace")[:79]
    return image.to_bytes()
