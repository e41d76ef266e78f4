from __future__ import annotations

import gzip
import os
import pickle
import re
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import numpy as np
import pytest
import tifffile
from tests.support.niftis import save
from tests.support.slices import write_ct, write_series

from distiliqa.ct import CTSlice, CTWarning, SliceInfo, index_ct, read_ct
from distiliqa.errors import CTReadError
from distiliqa.files import file_stamp

OTHER_PROCESS = """
import pickle, sys
slices = pickle.load(open(sys.argv[1], "rb"))
print(repr([float(info.read().hu.sum()) for info in slices]))
"""


def zipped(folder: Path, path: Path) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in sorted(folder.iterdir()):
            archive.write(file, file.name)
    return path


def tarred(folder: Path, path: Path) -> Path:
    with tarfile.open(path, "w:gz" if path.suffix == ".tgz" else "w") as archive:
        archive.add(folder, "series")
    return path


def gzipped(folder: Path, path: Path) -> Path:
    path.mkdir()
    for file in folder.iterdir():
        (path / f"{file.name}.gz").write_bytes(gzip.compress(file.read_bytes()))
    return path


def stacked(folder: Path, path: Path) -> Path:
    np.save(path, np.stack([info.read().hu for info in index_ct(folder).slices]))
    return path


@pytest.mark.parametrize(
    ("packed", "name"),
    [(zipped, "a.zip"), (tarred, "a.tar"), (tarred, "a.tgz"), (gzipped, "gz"), (stacked, "a.npy")],
)
def test_another_process_reads_the_same_pixels(tmp_path: Path, packed, name: str):
    series = write_series(tmp_path / "series", 2)
    slices = index_ct(packed(series, tmp_path / name)).slices
    sent = tmp_path / "sent.pickle"
    sent.write_bytes(pickle.dumps(slices))
    command = [sys.executable, "-c", OTHER_PROCESS, str(sent)]
    found = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert found.strip() == repr([float(info.read().hu.sum()) for info in slices])


def test_members_of_a_zip_that_travel_together_open_it_once(tmp_path: Path, monkeypatch):
    archive = zipped(write_series(tmp_path / "series", 3), tmp_path / "a.zip")
    sent = pickle.dumps(index_ct(archive).slices)
    opened = []
    whole = zipfile.ZipFile.__init__
    monkeypatch.setattr(
        zipfile.ZipFile,
        "__init__",
        lambda self, *given, **more: opened.append(given) or whole(self, *given, **more),
    )
    for info in pickle.loads(sent):
        info.read()
    assert len(opened) == 1


def test_it_prints_no_patient(tmp_path: Path):
    write_series(tmp_path, 1, PatientID="DOE-1", PatientName="DOE^JANE")
    (info,) = index_ct(tmp_path).slices
    assert info.patient_id == "DOE-1"
    assert "DOE" not in repr(info) + repr(info.read())


def test_it_knows_that_its_file_has_changed(tmp_path: Path):
    write_series(tmp_path, 1)
    (info,) = index_ct(tmp_path).slices
    assert not info.has_changed
    assert not info.read().warnings
    path = tmp_path / "0.dcm"
    os.utime(path, ns=(0, path.stat().st_mtime_ns + 1))
    assert info.has_changed
    (warning,) = info.read().warnings
    assert warning == "the file has changed since its header was read: score it again"
    with pytest.raises(CTReadError, match=r"0\.dcm: has changed since it was indexed"):
        info.check_unchanged()
    path.unlink()
    with pytest.raises(CTReadError, match=r"0\.dcm: is not there any more; score it again"):
        info.check_unchanged()


def test_a_change_of_detached_pixels_counts(tmp_path: Path):
    pixels = tmp_path / "a.raw"
    pixels.write_bytes(np.zeros((2, 64, 64), "<i2").tobytes())
    header = ["ObjectType = Image", "NDims = 3", "DimSize = 64 64 2", "ElementType = MET_SHORT"]
    header += ["ElementSpacing = 1 1 2", "ElementDataFile = a.raw"]
    (tmp_path / "a.mhd").write_text("\n".join(header))
    first, _ = index_ct(tmp_path / "a.mhd").slices
    assert first.stamp == file_stamp(tmp_path / "a.mhd", pixels)
    os.utime(pixels, ns=(0, first.stamp.modified_ns + 1))
    assert first.has_changed


def test_facts_that_need_no_pixels(tmp_path: Path):
    write_series(tmp_path, 1, ImageOrientationPatient=[0, 1, 0, 1, 0, 0], PixelSpacing=[0.8, 0.8])
    (info,) = index_ct(tmp_path).slices
    ct = info.read()
    assert info.shape == ct.hu.shape
    assert info.spacing_mm == ct.spacing_mm == (0.8, 0.8)
    assert (info.file, info.file_name) == (tmp_path / "0.dcm", str(tmp_path / "0.dcm"))


def test_another_name_is_that_of_errors_too(tmp_path: Path):
    write_series(tmp_path, 1)
    (info,) = index_ct(tmp_path).slices
    (tmp_path / "0.dcm").write_bytes(b"cut")
    with pytest.raises(CTReadError, match=r"^https://pacs/1: "):
        info.named("https://pacs/1").read()


def test_an_array_has_no_pixels_to_read_again():
    with pytest.raises(CTReadError, match="the pixels of an array are not kept"):
        CTSlice(np.zeros((64, 64), np.float32), SliceInfo()).info.read()


def dicom(folder: Path, path: Path) -> Path:
    return write_ct(path, np.zeros((64, 64)))


def nifti(folder: Path, path: Path) -> Path:
    return save(path, np.zeros((64, 64, 2), np.int16))


def tiff(folder: Path, path: Path) -> Path:
    tifffile.imwrite(path, np.full((64, 64), 40, np.float32))
    return path


# An archive stays open: its members are read even where its name is gone.
KINDS = {"a.dcm": dicom, "a.npy": stacked, "a.tif": tiff, "a.nii": nifti}


@pytest.mark.parametrize("name", KINDS)
@pytest.mark.parametrize("fault", ["gone", "pipe", "empty"])
def test_what_cannot_be_read_any_more_is_one_line(tmp_path: Path, name: str, fault: str):
    path = KINDS[name](write_series(tmp_path / "series", 2), tmp_path / name)
    info = index_ct(path).slices[0]
    path.unlink()
    if fault == "pipe":
        os.mkfifo(path)
    elif fault == "empty":
        path.touch()
    with pytest.raises(CTReadError, match=re.escape(str(path))) as found:
        info.read()
    assert str(found.value).count("\n") == 0


def test_the_other_slices_of_a_folder_are_read(tmp_path: Path):
    found = read_ct(write_series(tmp_path, 3))
    next(found)
    (tmp_path / "1.dcm").unlink()
    with pytest.warns(CTWarning, match=r"1.dcm: the pixels cannot be read \(No such file"):
        assert [ct.position_mm for ct in found] == [9]
