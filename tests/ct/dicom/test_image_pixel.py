from __future__ import annotations

import gzip
import zipfile

import numpy as np
import pydicom
import pytest
from pydicom.uid import DeflatedExplicitVRLittleEndian, RLELossless

from distiliqa.ct import index_ct
from distiliqa.ct.dicom.derive import read_stored
from distiliqa.errors import CTReadError

ANOTHER = r"another DICOM file follows the first in it; split it, so that each image has a file"


def saved(path, write_ct, body, syntax=None, **tags) -> bytes:
    dataset = pydicom.dcmread(write_ct(path, body, **tags))
    if syntax == RLELossless:
        dataset.compress(syntax)
    elif syntax is not None:
        dataset.file_meta.TransferSyntaxUID = syntax
    dataset.save_as(path)
    content = path.read_bytes()
    path.unlink()
    return content


@pytest.mark.parametrize("syntax", [None, RLELossless, DeflatedExplicitVRLittleEndian])
@pytest.mark.parametrize("name", ["a.dcm", "a.dcm.gz", "a.zip"])
def test_a_file_of_two_images_is_refused(tmp_path, write_ct, body, syntax, name):
    first, second = (saved(tmp_path / "x", write_ct, body, syntax) for _ in range(2))
    path = tmp_path / name
    if name == "a.zip":
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as target:
            target.writestr("1.dcm", first + second)
    elif name.endswith(".gz"):
        path.write_bytes(gzip.compress(first) + gzip.compress(second))
    else:
        path.write_bytes(first + second)
    with pytest.raises(CTReadError, match=ANOTHER):
        index_ct(path)
    if name != "a.zip":
        with pytest.raises(CTReadError, match=ANOTHER):
            read_stored(path)


def test_a_slice_is_not_lost_behind_another_object(tmp_path, write_ct, body):
    slice_ = saved(tmp_path / "x", write_ct, body)
    scout = saved(tmp_path / "x", write_ct, body, ImageType=["ORIGINAL", "PRIMARY", "LOCALIZER"])
    report = pydicom.dcmread(write_ct(tmp_path / "report.dcm", body, Modality="SR"))
    del report.PixelData
    report.save_as(tmp_path / "report.dcm")
    for first in (scout, (tmp_path / "report.dcm").read_bytes()):
        (tmp_path / "a.dcm").write_bytes(first + slice_)
        with pytest.raises(CTReadError):
            index_ct(tmp_path / "a.dcm")
    write_ct(tmp_path / "good.dcm", body)
    assert [problem.reason.partition(";")[0] for problem in index_ct(tmp_path).failed] == [
        "another DICOM file follows the first in it"
    ]


@pytest.mark.parametrize("tail", [b"\0" * 300, b"\xfc\xff\xfc\xffOB\0\0\x90\x01\0\0" + bytes(400)])
def test_padding_behind_the_pixels_does_no_harm(tmp_path, write_ct, body, tail):
    path = tmp_path / "a.dcm"
    path.write_bytes(saved(path, write_ct, body) + tail)
    np.testing.assert_array_equal(index_ct(path).slices[0].read().hu, body)


def test_members_of_a_zip_are_not_unpacked_to_find_their_end(tmp_path, write_ct, body, monkeypatch):
    large = np.random.default_rng(0).normal(0, 20, (512, 512)).round()
    content = saved(tmp_path / "x", write_ct, large)
    with zipfile.ZipFile(tmp_path / "a.zip", "w", zipfile.ZIP_DEFLATED) as target:
        target.writestr("1.dcm", content)
    read, taken = zipfile.ZipExtFile._read1, []

    def counted(self, n):
        found = read(self, n)
        taken.append(len(found))
        return found

    monkeypatch.setattr(zipfile.ZipExtFile, "_read1", counted)
    assert len(index_ct(tmp_path / "a.zip").slices) == 1
    assert sum(taken) < len(content) / 2
