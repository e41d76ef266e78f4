from __future__ import annotations

import gzip
import io
import tarfile
import zipfile
from pathlib import Path

import numpy as np
import pytest
import tifffile

from distiliqa.ct import index_ct
from distiliqa.ct.containers import packed
from distiliqa.errors import CTReadError


def test_a_gzipped_slice_reads_alone_and_in_a_folder(tmp_path, slice_bytes, body):
    packed = tmp_path / "1.dcm.gz"
    packed.write_bytes(gzip.compress(slice_bytes(1)))
    (tmp_path / "0.dcm").write_bytes(slice_bytes(0))
    tiff = io.BytesIO()
    tifffile.imwrite(tiff, body.astype(np.float32))
    (tmp_path / "t").mkdir()
    (tmp_path / "t" / "a.tif.gz").write_bytes(gzip.compress(tiff.getvalue()))
    (alone,) = index_ct(packed).slices
    np.testing.assert_array_equal(alone.read().hu, body + 1)
    assert alone.path == str(packed)
    assert [Path(ref.path).name for ref in index_ct(tmp_path).slices] == [
        "0.dcm",
        "1.dcm.gz",
        "a.tif.gz",
    ]


def test_gzip_and_archives_are_recognized_by_their_bytes(tmp_path, slice_bytes):
    """Names as scanners and archives give them say nothing of a compression."""
    for z, name in enumerate(["IM0", "1.2.840.1", "b.gz"]):
        (tmp_path / name).write_bytes(gzip.compress(slice_bytes(z)))
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w") as target:
        info = tarfile.TarInfo("1.dcm")
        info.size = len(slice_bytes(7))
        target.addfile(info, io.BytesIO(slice_bytes(7)))
    (tmp_path / "download").write_bytes(gzip.compress(content.getvalue()))
    with zipfile.ZipFile(tmp_path / "1.2.3", "w") as archive:
        archive.writestr("1.dcm", slice_bytes(8))
    (tmp_path / "letter.docx").write_bytes((tmp_path / "1.2.3").read_bytes())
    index = index_ct(tmp_path)
    assert sorted(ref.read().position_mm for ref in index.slices) == [0, 1, 2]
    reasons = {Path(path).name: reason for path, reason in index.left_out}
    assert reasons == {
        "1.2.3": "a zip inside; unpack it, or give it by itself",
        "download": "a tar inside; unpack it, or give it by itself",
        tmp_path.name: "1 file that is no image",
    }
    for name, position in (("download", 7), ("1.2.3", 8), ("IM0", 0)):
        assert [ref.position_mm for ref in index_ct(tmp_path / name).slices] == [position]


def test_a_gzipped_copy_is_a_copy(tmp_path, slice_bytes):
    (tmp_path / "0.dcm").write_bytes(slice_bytes(0))
    (tmp_path / "0.dcm.gz").write_bytes(gzip.compress(slice_bytes(0)))
    index = index_ct(tmp_path)
    assert len(index.slices) == 1
    assert index.left_out[0].reason == f"a copy of {tmp_path / '0.dcm'}"


def test_a_bomb_and_a_damaged_file_cost_themselves(tmp_path, slice_bytes, monkeypatch):
    monkeypatch.setattr(packed, "max_unpacked", lambda size: 1 << 20)
    (tmp_path / "0.dcm").write_bytes(slice_bytes(0))
    (tmp_path / "1.dcm.gz").write_bytes(gzip.compress(slice_bytes(1) + bytes(4 << 20)))
    whole = gzip.compress(slice_bytes(2))
    (tmp_path / "2.dcm.gz").write_bytes(whole[:-100])
    index = index_ct(tmp_path)
    assert [Path(ref.path).name for ref in index.slices] == ["0.dcm"]
    assert [Path(problem.path).name for problem in index.failed] == ["1.dcm.gz", "2.dcm.gz"]
    assert "unpacks to more than 1 MiB" in index.failed[0].reason


def test_what_is_no_image_is_not_unpacked_whole(tmp_path, slice_bytes, monkeypatch):
    (tmp_path / "0.dcm").write_bytes(slice_bytes(0))
    (tmp_path / "table.csv.gz").write_bytes(gzip.compress(bytes(50 << 20)))
    taken = []
    read = gzip.GzipFile.read

    def counted(self, size=-1):
        found = read(self, size)
        taken.append(len(found))
        return found

    monkeypatch.setattr(gzip.GzipFile, "read", counted)
    index = index_ct(tmp_path)
    assert [problem.reason for problem in index.left_out] == ["1 file that is no image"]
    assert sum(taken) < 1000


def test_a_member_that_is_gzipped_reads_too(tmp_path, slice_bytes):
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as target:
        target.writestr("1.dcm.gz", gzip.compress(slice_bytes(1)))
        target.writestr("2.npy.gz", gzip.compress(b"x" * 200))
    index = index_ct(path)
    assert [ref.read().position_mm for ref in index.slices] == [1]
    assert index.left_out[0].reason == ".npy is not read inside an archive or a .gz; unpack it"


def test_a_single_file_that_is_no_gzip_is_an_error(tmp_path):
    path = tmp_path / "1.dcm.gz"
    path.write_bytes(b"no gzip" * 100)
    with pytest.raises(CTReadError, match=r"1\.dcm\.gz: cannot be opened"):
        index_ct(path)
