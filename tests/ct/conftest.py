"""What the tests of reading share."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import gdcm
import numpy as np
import pytest
from numpy.typing import NDArray

from distiliqa.ct import CTSlice, index_ct


@pytest.fixture(scope="session")
def body() -> NDArray[np.float64]:
    """A slice no flip or turn of which equals another: air, a body, noise. (64, 64), whole HU."""
    hu = np.random.default_rng(0).normal(40, 20, (64, 64)).round()
    hu[:8], hu[:, :4] = -1000, -1000
    hu[20:30, 40:50] = 700
    return hu


@pytest.fixture(scope="session")
def read_one() -> Callable[[Path], CTSlice]:
    """Read the only slice under a path; the facts of the index must hold."""

    def read(path: Path) -> CTSlice:
        (ref,) = index_ct(path).slices
        image = ref.read()
        assert (image.path, image.frame, image.series) == (ref.path, ref.frame, ref.series)
        assert image.position_mm == ref.position_mm
        return image

    return read


@pytest.fixture(scope="session")
def transcode() -> Callable[[Path, int], Path]:
    """Rewrite a DICOM file in a transfer syntax that GDCM encodes and pydicom does not."""

    def change_syntax(path: Path, syntax: int) -> Path:
        reader = gdcm.ImageReader()
        reader.SetFileName(str(path))
        assert reader.Read()
        change = gdcm.ImageChangeTransferSyntax()
        change.SetTransferSyntax(gdcm.TransferSyntax(syntax))
        change.SetInput(reader.GetImage())
        assert change.Change()
        writer = gdcm.ImageWriter()
        writer.SetFileName(str(path))
        writer.SetFile(reader.GetFile())
        writer.SetImage(change.GetOutput())
        assert writer.Write()
        return path

    return change_syntax


@pytest.fixture
def slice_bytes(tmp_path, write_ct, body) -> Callable[[float], bytes]:
    """The bytes of a DICOM slice at a position, mm, whose HU are those of ``body`` plus it."""

    def make(z: float) -> bytes:
        path = tmp_path / "slice.dcm"
        write_ct(path, body + z, ImagePositionPatient=[0, 0, z], SOPInstanceUID=f"1.2.{z}")
        content = path.read_bytes()
        path.unlink()
        return content

    return make
