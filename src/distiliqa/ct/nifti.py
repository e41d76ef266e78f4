"""NIfTI volumes (.nii, .nii.gz)."""

from __future__ import annotations

import gzip
import logging
from functools import partial
from pathlib import Path
from typing import Any

import nibabel
import numpy as np
from numpy.typing import NDArray

from distiliqa.ct.hu import check_dtype, rescale
from distiliqa.ct.listing import CTIndex
from distiliqa.ct.source import Source
from distiliqa.ct.volume import Volume, check_decoded_size, decoded, index_volume
from distiliqa.errors import CTReadError, NotCTError

# nibabel prints what is odd in a header; what matters is checked here.
nibabel.imageglobals.logger.setLevel(logging.CRITICAL)

# NIfTI's x and y run to the patient's right and front, DICOM's to the left and back.
_RAS_TO_LPS = np.diag([-1.0, -1.0, 1.0, 1.0])

# What a heatmap says of itself, as results may lie in the folder that is scored again.
HEATMAP_DESCRIPTION = b"distiliqa local score, research use"


def index_nifti(source: Source) -> CTIndex:
    """Find the axial slices of a NIfTI volume of HU, from its header.

    Raises
    ------
    NotCTError : on a type that holds no HU, on a heatmap, and where no plane is axial.
    CTReadError : on a damaged file, and on more than three dimensions.
    """
    path = source.on_disk_path()
    try:
        image = _open(path)
    except Exception as error:  # nibabel raises many kinds on damaged files
        raise CTReadError(
            "not readable as NIfTI", path=path, remedy="copy or convert it again"
        ) from error
    if image.header["descrip"].item() == HEATMAP_DESCRIPTION:
        raise NotCTError("a heatmap, not CT", path=path, remedy="give the CT it was made of")
    check_dtype(image.get_data_dtype(), path=source.name)
    shape = image.shape
    while len(shape) > 3 and shape[-1] == 1:
        shape = shape[:-1]
    if path.suffix == ".gz":
        check_decoded_size(shape, image.get_data_dtype(), path=source.name)
    if len(shape) != 3:
        raise CTReadError(
            f"a volume of shape {image.shape}", path=path, remedy="give one volume of three axes"
        )
    return index_volume(
        Volume(
            source.name,
            shape,
            _to_lps(image),
            partial(_read_plane, path),
            () if _has_orientation(image) else ("no orientation in the file: taken as axial",),
        )
    )


def _open(path: Path) -> nibabel.Nifti1Image:
    image = nibabel.load(path)
    if not isinstance(image, nibabel.Nifti1Image):  # NIfTI-2 is a kind of it, Analyze is not
        raise ValueError(f"it is a {type(image).__name__}")
    return image


def _to_lps(image: nibabel.Nifti1Image) -> NDArray[np.float64]:
    with np.errstate(invalid="ignore"):  # `index_volume` tells of what is not finite
        return _RAS_TO_LPS @ image.affine


def _has_orientation(image: nibabel.Nifti1Image) -> bool:
    return any(int(image.header[code]) > 0 for code in ("sform_code", "qform_code"))


def _read_plane(path: Path, axis: int, index: int) -> NDArray[np.floating]:
    proxy: Any = _open(path).dataobj
    plane: list[slice | int] = [slice(None)] * 3 + [0] * (len(proxy.shape) - 3)
    plane[axis] = index
    if path.suffix != ".gz":
        return proxy[tuple(plane)]  # reads this plane only
    return rescale(decoded(_read_stored, path)[tuple(plane)], proxy.slope, proxy.inter)


def _read_stored(path: Path) -> NDArray[np.generic]:
    """All voxels as stored; damage shows in the checksum, which stands at the end of the stream."""
    kind = type(_open(path))
    with gzip.open(path) as stream:
        proxy: Any = kind.from_stream(stream).dataobj
        stored = np.asarray(proxy.get_unscaled())
        while stream.read(1 << 20):
            pass
    return stored
