"""Files that would fill the memory if they were believed, read in a process that has little."""

from __future__ import annotations

import gzip
import os
import struct
import subprocess
import sys
import zlib
from pathlib import Path

import nibabel
import numpy as np
import pytest

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="needs /proc and RLIMIT_AS")

# What reading may take on top of what Python and its libraries have taken by then.
SPARE_BYTES = 300 << 20

READ = """
import resource, sys
from distiliqa.ct import index_ct
from distiliqa.ct.arrays import npy, tiff
from distiliqa.ct.volumes import meta_image, nifti, nrrd
from distiliqa.errors import CTReadError

with open("/proc/self/statm") as file:
    taken = int(file.read().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (taken + int(sys.argv[1]),) * 2)
try:
    for ref in index_ct(sys.argv[2]).slices:
        ref.read()
except CTReadError as error:
    print(error)
"""


def deflated(start: bytes, zeros: int, wrapper: int) -> bytes:
    """``start`` and so many MiB of zeros as a stream without an end, made of one piece of it."""
    packer = zlib.compressobj(9, zlib.DEFLATED, wrapper)
    head = packer.compress(start) + packer.flush(zlib.Z_FULL_FLUSH)
    piece = packer.compress(bytes(1 << 26)) + packer.flush(zlib.Z_FULL_FLUSH)
    return head + piece * (zeros >> 6)


GZIP, ZLIB = 16 + zlib.MAX_WBITS, zlib.MAX_WBITS
META = "NDims = 3\nDimSize = 64 64 2\nElementType = MET_SHORT\nCompressedData = True\n"
NRRD = "NRRD0004\ntype: short\ndimension: 3\nsizes: 64 64 2\nendian: little\nencoding: gzip\n\n"


def nifti(offset: int = 352, shape: tuple[int, int, int] = (64, 64, 2)) -> bytes:
    header = nibabel.Nifti1Header()
    header.set_data_shape(shape)
    header.set_data_dtype(np.int16)
    header["vox_offset"], header["magic"] = offset, b"n+1"
    return header.binaryblock


def tiff(packed: bytes) -> bytes:
    tags = {256: 512, 257: 512, 258: 16, 259: 8, 262: 1, 273: 8, 277: 1, 278: 512, 339: 2}
    tags[279] = len(packed)
    entries = (struct.pack("<HHII", tag, 4, 1, value) for tag, value in sorted(tags.items()))
    page = struct.pack("<H", len(tags)) + b"".join(entries) + bytes(4)
    return struct.pack("<2sHI", b"II", 42, 8 + len(packed)) + packed + page


FILES = {
    "behind the voxels.nii.gz": lambda: deflated(nifti() + bytes(16388), 20 << 10, GZIP),
    "extension.nii.gz": lambda: deflated(nifti(1 << 30), 2 << 10, GZIP),
    "all zeros.nii.gz": lambda: deflated(nifti(shape=(512, 512, 4000)), 2 << 10, GZIP),
    "long name.nii.gz": lambda: b"\x1f\x8b\x08\x08" + bytes(6) + b"x" * (8 << 20),
    "zeros.mha": lambda: META.encode() + b"ElementDataFile = LOCAL\n" + deflated(b"", 4096, ZLIB),
    "zeros.nrrd": lambda: NRRD.encode() + deflated(b"", 4096, GZIP),
    "strip.tif": lambda: tiff(deflated(b"", 960, ZLIB)),
    "header.npy": lambda: b"\x93NUMPY\x02\x00" + (1 << 31).to_bytes(4, "little"),
}


@pytest.mark.parametrize("name", FILES)
def test_a_file_costs_no_more_memory_than_its_header_allows(tmp_path: Path, name: str):
    path = tmp_path / name
    path.write_bytes(FILES[name]())
    if name == "header.npy":
        os.truncate(path, 3 << 30)  # takes no room on disk
    command = [sys.executable, "-c", READ, str(SPARE_BYTES), str(path)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    assert name in done.stdout
    assert not any(word in done.stdout for word in ("MemoryError", "memory", "allocate"))


def test_the_limit_itself_is_felt(tmp_path: Path):
    path = tmp_path / "a.nii.gz"
    content = nifti(shape=(512, 512, 250)) + bytes(4 + (250 << 19))
    path.write_bytes(gzip.compress(content, compresslevel=1))
    command = [sys.executable, "-c", READ, str(60 << 20), str(path)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert "not enough memory for the volume; unpack it" in done.stdout
