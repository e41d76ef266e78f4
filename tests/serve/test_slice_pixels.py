from __future__ import annotations

import gzip
import zipfile
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("starlette")
from tests.support.detached_volumes import write_mhd
from tests.support.slices import write_ct

from distiliqa.ct import CTSlice
from distiliqa.errors import CTReadError
from distiliqa.files import sha256
from distiliqa.serve import slice_pixels
from distiliqa.serve.slice_pixels import digest_of, pack, read_slice

HU = np.arange(-1000.0, 1500.0, 2500 / 64**2).round().reshape(64, 64)


def test_whole_numbers_travel_as_they_are():
    pixels = pack(CTSlice(HU.astype(np.float32)))
    found = np.frombuffer(gzip.decompress(pixels.content), "<i2").reshape(64, 64)
    assert (pixels.kind, pixels.rows, pixels.columns) == ("int16", 64, 64)
    assert (found == HU).all()
    assert pixels.center_mm is None


@pytest.mark.parametrize("hu", [HU + 0.5, np.full((64, 64), 40_000.0)])
def test_other_numbers_travel_as_float32(hu: np.ndarray):
    pixels = pack(CTSlice(hu.astype(np.float32)))
    found = np.frombuffer(gzip.decompress(pixels.content), "<f4").reshape(64, 64)
    assert pixels.kind == "float32"
    assert (found == hu).all()


def test_a_slice_of_a_file_and_of_a_zip(tmp_path: Path):
    path = write_ct(tmp_path / "a.dcm", HU)
    assert (read_slice(str(path), 0, sha256(path)).hu == HU).all()
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.write(path, "in/a.dcm")
    packed = tmp_path / "a.zip"
    assert (read_slice(f"{packed}/in/a.dcm", 0, sha256(packed)).hu == HU).all()


def test_another_file_is_not_shown(tmp_path: Path):
    path = write_ct(tmp_path / "a.dcm", HU)
    digest = sha256(path)
    write_ct(path, HU + 1)
    with pytest.raises(CTReadError, match="has changed since it was scored; score it again, or"):
        read_slice(str(path), 0, digest)
    with pytest.raises(CTReadError, match="has changed since it was scored"):
        read_slice(str(path), 0, None)


def test_a_header_with_other_pixels_is_not_shown(tmp_path: Path):
    path = write_mhd(tmp_path / "v.mhd", np.stack([HU, HU]))
    digest = digest_of(str(path))
    assert (read_slice(str(path), 1, digest).hu == HU).all()
    write_mhd(tmp_path / "new.mhd", np.stack([HU, HU + 1]))
    (tmp_path / "new.raw").replace(tmp_path / "v.raw")
    with pytest.raises(CTReadError, match="has changed since it was scored"):
        read_slice(str(path), 1, digest)


def test_a_file_that_has_gone(tmp_path: Path):
    with pytest.raises(CTReadError, match="is not there any more"):
        read_slice(str(tmp_path / "gone" / "a.dcm"), 0, "0" * 64)


def test_a_slice_that_the_file_lacks(tmp_path: Path):
    path = write_ct(tmp_path / "a.dcm", HU)
    with pytest.raises(CTReadError, match="has no such slice any more"):
        read_slice(str(path), 1, sha256(path))


def test_headers_are_read_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    path = write_ct(tmp_path / "a.dcm", HU)
    digest, calls = sha256(path), []
    index = slice_pixels.index_ct
    monkeypatch.setattr(slice_pixels, "index_ct", lambda path: calls.append(path) or index(path))
    for _ in range(3):
        read_slice(str(path), 0, digest)
    assert calls == [path]
