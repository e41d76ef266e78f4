"""A header and the file of its pixels are one input."""

from __future__ import annotations

import hashlib
from pathlib import Path

import nibabel
import numpy as np
import pytest
from tests.support.detached_volumes import both, write_mhd

from distiliqa.ct.volumes.detached import files_of, sha256_of, stamp_of
from distiliqa.files import file_stamp


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def test_a_header_is_known_by_its_pixels(tmp_path: Path):
    path = write_mhd(tmp_path / "v.mhd", np.zeros((3, 64, 64)))
    before = stamp_of(path)
    assert sha256_of(path) == both(path)
    write_mhd(tmp_path / "new.mhd", np.ones((3, 64, 64)))
    (tmp_path / "new.raw").replace(tmp_path / "v.raw")
    assert stamp_of(path) != before
    assert sha256_of(path) == both(path)


def test_an_analyze_pair(tmp_path: Path):
    nibabel.save(nibabel.Nifti1Pair(np.zeros((4, 4, 2), np.int16), np.eye(4)), tmp_path / "v.hdr")
    header, pixels = tmp_path / "v.hdr", tmp_path / "v.img"
    assert files_of(header) == (header, pixels)
    assert sha256_of(header) == sha256(header.read_bytes() + pixels.read_bytes())


@pytest.mark.parametrize("content", [b"NDims = 3\nElementDataFile = gone.raw\n", b"\0", b"LIST"])
def test_damage_is_for_the_reader_to_report(tmp_path: Path, content: bytes):
    path = tmp_path / "v.mhd"
    path.write_bytes(content)
    assert files_of(path) == (path,)
    assert sha256_of(path) == sha256(content)
    assert stamp_of(path) == file_stamp(path)


def test_a_file_that_is_not_there(tmp_path: Path):
    assert stamp_of(tmp_path / "v.mhd") is None
    with pytest.raises(FileNotFoundError):
        sha256_of(tmp_path / "v.mhd")


def test_other_files_are_alone(tmp_path: Path):
    (tmp_path / "v.dcm").write_bytes(b"12")
    assert sha256_of(tmp_path / "v.dcm") == sha256(b"12")
