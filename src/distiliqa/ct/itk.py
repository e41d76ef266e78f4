"""MHA, MHD and NRRD volumes through SimpleITK (the extra ``itk``)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from distiliqa.ct.hu import check_dtype
from distiliqa.ct.listing import CTIndex
from distiliqa.ct.source import Source
from distiliqa.ct.volume import Volume, check_decoded_size, decoded, index_volume
from distiliqa.errors import CTReadError
from distiliqa.packages import install_command


def index_itk(source: Source) -> CTIndex:
    """Find the axial slices of a volume of HU, from its header.

    Raises
    ------
    NotCTError : on a type that holds no HU, and where no plane is axial.
    CTReadError : on a damaged file, on other than three dimensions, and without SimpleITK.
    """
    path = source.on_disk_path()
    itk = _simple_itk(path)
    reader = itk.ImageFileReader()
    reader.SetFileName(_utf_8(path))
    with _readable(path):
        reader.ReadImageInformation()
    if reader.GetDimension() != 3 or reader.GetNumberOfComponents() != 1:
        raise CTReadError(
            f"{reader.GetDimension()} dimensions of {reader.GetNumberOfComponents()} values",
            path=path,
            remedy="give one gray-scale volume of three axes",
        )
    pixel = itk.Image(1, 1, reader.GetPixelID())
    dtype = itk.GetArrayViewFromImage(pixel).dtype
    check_dtype(dtype, path=source.name)
    check_decoded_size(reader.GetSize(), dtype, path=source.name)
    return index_volume(
        Volume(source.name, reader.GetSize(), _to_lps(reader), partial(_read_plane, path))
    )


def read_itk(path: Path) -> NDArray[np.generic]:
    """All values of a volume as they are stored, slices along the first axis.

    Raises `CTReadError` on a damaged file, and without SimpleITK.
    """
    itk = _simple_itk(path)
    with _readable(path):
        return itk.GetArrayFromImage(itk.ReadImage(_utf_8(path)))


@contextmanager
def _readable(path: Path) -> Iterator[None]:
    """Tell an error of ITK's readers in one line."""
    try:
        yield
    except RuntimeError as error:
        raise CTReadError(
            f"not readable as a volume ({_last_line(error)})",
            path=path,
            remedy="copy or convert it again",
        ) from error


def _utf_8(path: Path) -> str:
    """The path as ITK takes it: another one ends the process. Raises `CTReadError`."""
    try:
        return str(path).encode("utf-8").decode()
    except UnicodeEncodeError as error:
        raise CTReadError("its name is not UTF-8", path=path, remedy="rename it") from error


def _simple_itk(path: Path) -> ModuleType:
    try:
        import SimpleITK
    except ImportError as error:
        raise CTReadError(
            "MHA, MHD and NRRD need SimpleITK", path=path, remedy=install_command("itk")
        ) from error
    SimpleITK.ProcessObject.SetGlobalWarningDisplay(False)
    return SimpleITK


def _to_lps(reader: Any) -> NDArray[np.float64]:
    """Voxel indices to millimeters; ITK uses DICOM's axes."""
    affine = np.eye(4)
    affine[:3, :3] = np.reshape(reader.GetDirection(), (3, 3)) * reader.GetSpacing()
    affine[:3, 3] = reader.GetOrigin()
    return affine


def _read_plane(path: Path, axis: int, index: int) -> NDArray[np.floating]:
    return np.take(decoded(_read_stored, path), index, axis=axis)


def _read_stored(path: Path) -> NDArray[np.generic]:
    """All voxels with the axes in ITK's order, (x, y, z)."""
    itk = _simple_itk(path)
    return itk.GetArrayFromImage(itk.ReadImage(_utf_8(path))).transpose()


def _last_line(error: RuntimeError) -> str:
    """ITK's message without the place in its C++ sources."""
    return str(error).strip().splitlines()[-1]
