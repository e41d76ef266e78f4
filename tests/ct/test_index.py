from __future__ import annotations

import os
import pickle
import shutil
import threading
import warnings

import numpy as np
import pydicom
import pytest
from pydicom.uid import MediaStorageDirectoryStorage
from tests.support.counting import calls_of

from distiliqa.ct import CTIndex, CTWarning, Problem, index_ct, read_ct
from distiliqa.ct.source import Source
from distiliqa.errors import CTReadError, NotCTError


def test_slices_follow_the_normal_towards_the_head(tmp_path, write_ct, body):
    for number, z in enumerate([5, -3, 12, 0]):
        write_ct(
            tmp_path / f"{number}.dcm",
            body,
            ImagePositionPatient=[0, 0, z],
            # What the normal computes to must not depend on how the rows run.
            ImageOrientationPatient=[1, 0, 0, 0, -1 if number % 2 else 1, 0],
            InstanceNumber=number,
        )
    assert [ref.position_mm for ref in index_ct(tmp_path).slices] == [-3, 0, 5, 12]


def test_series_come_in_order_of_first_appearance(tmp_path, write_ct, body):
    for name, series, z in [("a", "1.9", 2), ("b", "1.1", 0), ("c", "1.9", 1), ("d", "1.1", 1)]:
        write_ct(tmp_path / name, body, SeriesInstanceUID=series, ImagePositionPatient=[0, 0, z])
    slices = index_ct(tmp_path).slices
    assert [ref.series for ref in slices] == ["1.9", "1.9", "1.1", "1.1"]
    assert [ref.path[-1] for ref in slices] == ["c", "a", "b", "d"]


def test_three_slices_among_a_thousand_unrelated_files(tmp_path, write_ct, body):
    for number in range(997):
        (tmp_path / f"{number}.txt").write_text("text " * 60)
    for z in range(3):
        write_ct(tmp_path / "deep" / "er" / f"IM{z}", body, ImagePositionPatient=[0, 0, z])
    index = index_ct(tmp_path)
    assert len(index.slices) == 3
    assert index.failed == ()
    assert index.left_out == (Problem(str(tmp_path), "997 files that are no image"),)


def test_every_other_file_is_failed_or_left_out_with_its_reason(tmp_path, write_ct, body):
    write_ct(tmp_path / "good.dcm", body)
    write_ct(tmp_path / "mr.dcm", body, Modality="MR")
    write_ct(tmp_path / "scout.dcm", body, ImageType=["ORIGINAL", "PRIMARY", "LOCALIZER"])
    write_ct(tmp_path / "coronal.dcm", body, ImageOrientationPatient=[1, 0, 0, 0, 0, -1])
    (tmp_path / "text.dcm").write_text("text")
    (tmp_path / "text.tif").write_text("text")
    (tmp_path / "empty").write_text("")
    (tmp_path / "notes.txt").write_text("")
    (tmp_path / ".hidden.dcm").write_text("text")
    (tmp_path / "more.zip").write_text("text")
    index = index_ct(tmp_path)
    assert [ref.path for ref in index.slices] == [str(tmp_path / "good.dcm")]
    failed = {problem.path.rpartition("/")[2]: problem.reason for problem in index.failed}
    left_out = {problem.path.rpartition("/")[2]: problem.reason for problem in index.left_out}
    assert set(failed) == {"text.dcm", "text.tif", "empty"}
    assert set(left_out) == {"mr.dcm", "scout.dcm", "coronal.dcm", "more.zip", tmp_path.name}
    assert "not a DICOM file" in failed["text.dcm"]
    assert failed["empty"] == "empty (0 bytes); copy or export it again"
    assert "modality MR, not CT" in left_out["mr.dcm"]
    assert "LOCALIZER" in left_out["scout.dcm"]
    assert "coronal" in left_out["coronal.dcm"]
    for reason in (*failed.values(), *left_out.values()):
        assert str(tmp_path) not in reason
        assert "\n" not in reason


def test_a_dicomdir_is_left_out(tmp_path, write_ct, body):
    write_ct(tmp_path / "IM1", body)
    directory = pydicom.Dataset()
    directory.file_meta = pydicom.dataset.FileMetaDataset()
    directory.file_meta.TransferSyntaxUID = pydicom.uid.ExplicitVRLittleEndian
    directory.file_meta.MediaStorageSOPClassUID = MediaStorageDirectoryStorage
    directory.file_meta.MediaStorageSOPInstanceUID = "1.2.3"
    directory.FileSetID = "SET"
    directory.save_as(tmp_path / "DICOMDIR", enforce_file_format=True)
    index = index_ct(tmp_path)
    assert len(index.slices) == 1
    assert index.left_out[0].reason == "a list of images (DICOMDIR), not an image"


def test_a_copied_file_counts_once(tmp_path, write_ct, body):
    original = write_ct(tmp_path / "a.dcm", body)
    shutil.copy(original, tmp_path / "copy of a.dcm")
    index = index_ct(tmp_path)
    assert [ref.path for ref in index.slices] == [str(original)]
    assert index.left_out == (Problem(str(tmp_path / "copy of a.dcm"), f"a copy of {original}"),)


def test_files_that_share_one_identifier_are_read_once(tmp_path, write_ct, body, monkeypatch):
    for z in range(5):
        write_ct(tmp_path / f"{z}", body, ImagePositionPatient=[0, 0, z], SOPInstanceUID="1.2")
    whole, read = Source.read, []
    monkeypatch.setattr(Source, "read", lambda source: read.append(source.name) or whole(source))
    assert len(index_ct(tmp_path).slices) == 5
    assert sorted(read) == [str(tmp_path / f"{z}") for z in range(5)]


def test_versions_of_a_series_in_two_folders_stay_apart(tmp_path, write_ct, body):
    for folder, change in [("full", 0), ("denoised", 3)]:
        for z in range(2):
            path = tmp_path / folder / f"{z}.dcm"
            write_ct(path, body + change, ImagePositionPatient=[0, 0, z], SOPInstanceUID=f"1.{z}")
    slices = index_ct(tmp_path).slices
    folders = [ref.series.rpartition("/")[2] for ref in slices]
    assert folders == ["denoised", "denoised", "full", "full"]
    assert [ref.read().series for ref in slices] == [ref.series for ref in slices]


def test_a_series_spread_over_folders_is_one(tmp_path, write_ct, body):
    for z in range(4):
        write_ct(tmp_path / f"disc{z % 2}" / f"{z}", body, ImagePositionPatient=[0, 0, z])
    slices = index_ct(tmp_path).slices
    assert len({ref.series for ref in slices}) == 1
    assert [ref.position_mm for ref in slices] == [0, 1, 2, 3]


def test_a_series_with_an_unknown_position_keeps_the_order_of_names(tmp_path, write_ct, body):
    for number, point in [(1, [0, 0, 9]), (2, None), (10, [0, 0, 3])]:
        write_ct(tmp_path / f"IM{number}", body, ImagePositionPatient=point)
    names = [ref.path.rpartition("/")[2] for ref in index_ct(tmp_path).slices]
    assert names == ["IM1", "IM2", "IM10"]


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda path: None, "no such file or folder; check the path"),
        (lambda path: path.mkdir(), "holds no file"),
        (lambda path: path.write_text("text"), "not a CT image; give DICOM"),
        (lambda path: path.write_text(""), r"empty \(0 bytes\); copy or export it again"),
    ],
)
def test_nothing_to_read_is_one_line(tmp_path, make, message):
    path = tmp_path / "input"
    make(path)
    with pytest.raises(CTReadError, match=message) as caught:
        index_ct(path)
    assert str(caught.value).startswith(f"{path}: ")


def test_a_folder_of_bad_files_reports_the_first_fault_without_its_name(tmp_path):
    folder = tmp_path / "in"
    for name in ("DOE^JANE_1970/IM1.nii", "DOE^JANE_1970/IM2.nii"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("text")
    with pytest.raises(CTReadError) as caught:
        index_ct(folder)
    reason = caught.value.reason
    assert reason.startswith("no CT slice that can be read (not readable as NIfTI; ")
    assert reason.endswith(", and 1 more); give axial CT slices")
    for secret in ("DOE", "IM1"):
        assert secret not in reason


@pytest.mark.parametrize(("damaged", "kind"), [(False, NotCTError), (True, CTReadError)])
def test_a_folder_is_no_ct_where_all_of_it_can_be_read(tmp_path, write_ct, body, damaged, kind):
    for name in "ab":
        write_ct(tmp_path / f"{name}.dcm", body, ImageType=["ORIGINAL", "PRIMARY", "LOCALIZER"])
    if damaged:
        (tmp_path / "b.dcm").write_text("text")
    with pytest.raises(CTReadError, match="no CT slice that can be read") as caught:
        index_ct(tmp_path)
    assert type(caught.value) is kind


def test_threads_load_at_the_same_time(tmp_path, write_ct, body):
    for z in range(8):
        write_ct(tmp_path / f"{z}", body + z, ImagePositionPatient=[0, 0, z])
    refs = index_ct(tmp_path).slices
    seen = {}

    def load(z: int) -> None:
        seen[z] = [refs[(z + step) % 8].read().hu[0, 0] for step in range(8)]

    threads = [threading.Thread(target=load, args=(z,)) for z in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for z in range(8):
        assert seen[z] == [-1000 + (z + step) % 8 for step in range(8)]


def test_what_was_found_can_be_handed_to_another_process(tmp_path, write_ct, body):
    write_ct(tmp_path / "a.dcm", body)
    (ref,) = pickle.loads(pickle.dumps(index_ct(tmp_path))).slices
    np.testing.assert_array_equal(ref.read().hu, body)


def test_the_work_of_an_index_grows_with_the_number_of_files(tmp_path, write_ct, body):
    content = write_ct(tmp_path / "0.dcm", body).read_bytes()
    calls = []
    for first, last in ((1, 25), (25, 100)):
        for number in range(first, last):
            point = rb"-100.0\-100.0\%d.0" % (number % 10)
            (tmp_path / f"{number}.dcm").write_bytes(content.replace(rb"-100.0\-100.0\0.0", point))
        calls.append(calls_of(lambda: index_ct(tmp_path)))
    index = index_ct(tmp_path)
    assert len(index.slices) == 10
    assert len(index.left_out) == 90
    assert calls[1] < 4.5 * calls[0]


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="root may read everything")
def test_unreadable_files_and_folders_are_one_failure_a_path(tmp_path, write_ct, body):
    for name in ("good.dcm", "file.dcm", "folder/a.dcm"):
        write_ct(tmp_path / name, body)
    (tmp_path / "file.dcm").chmod(0)
    (tmp_path / "folder").chmod(0)
    try:
        index = index_ct(tmp_path)
    finally:
        (tmp_path / "folder").chmod(0o700)
    assert [ref.path for ref in index.slices] == [str(tmp_path / "good.dcm")]
    failed = {problem.path: problem.reason for problem in index.failed}
    assert set(failed) == {str(tmp_path / "file.dcm"), str(tmp_path / "folder")}
    assert all(
        "cannot be opened (Permission denied); check" in reason for reason in failed.values()
    )


def test_a_folder_that_cannot_be_listed_is_a_failure(tmp_path, write_ct, body, monkeypatch):
    write_ct(tmp_path / "a.dcm", body)
    (tmp_path / "closed").mkdir()
    scandir = os.scandir

    def refuse(path):
        if str(path).endswith("closed"):
            raise PermissionError(13, "Permission denied", str(path))
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refuse)
    index = index_ct(tmp_path)
    assert len(index.slices) == 1
    assert [problem.path for problem in index.failed] == [str(tmp_path / "closed")]


@pytest.mark.skipif(os.name == "nt", reason="needs POSIX links and pipes")
def test_links_are_followed_once_and_pipes_never(tmp_path, write_ct, body):
    folder = tmp_path / "in"
    write_ct(tmp_path / "elsewhere" / "b.dcm", body, ImagePositionPatient=[0, 0, 9])
    write_ct(folder / "a.dcm", body)
    (folder / "loop").symlink_to(folder)
    (folder / "linked").symlink_to(tmp_path / "elsewhere")
    (folder / "broken.dcm").symlink_to("nothing")
    os.mkfifo(folder / "pipe.dcm")
    index = index_ct(folder)
    assert [ref.path for ref in index.slices] == [
        str(folder / "a.dcm"),
        str(folder / "linked" / "b.dcm"),
    ]
    assert [problem.path for problem in index.failed] == [str(folder / "broken.dcm")]
    with pytest.raises(CTReadError, match="a named pipe, not a file"):
        index_ct(folder / "pipe.dcm")


def test_no_name_is_not_the_working_directory(tmp_path, write_ct, body, monkeypatch):
    write_ct(tmp_path / "a.dcm", body)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(CTReadError, match="no such file or folder"):
        index_ct("")


def test_whatever_a_library_raises_concerns_one_file(tmp_path, write_ct, body, monkeypatch):
    def crash(source):
        raise TypeError("'<' not supported")

    monkeypatch.setattr("distiliqa.ct.arrays.tiff.index_tiff", crash)
    write_ct(tmp_path / "a.dcm", body)
    (tmp_path / "b.tif").write_bytes(b"II*")
    index = index_ct(tmp_path)
    assert len(index.slices) == 1
    (problem,) = index.failed
    assert problem.reason.startswith("the header cannot be read ('<' not supported); the file is")


@pytest.mark.skipif(os.name == "nt", reason="needs POSIX links and pipes")
def test_what_is_no_file_is_left_out_by_name(tmp_path, write_ct, body):
    write_ct(tmp_path / "a.dcm", body)
    os.mkfifo(tmp_path / "pipe.dcm")
    (tmp_path / "zero.nii").symlink_to("/dev/zero")
    if os.path.exists("/proc"):
        (tmp_path / "system").symlink_to("/proc")
        (tmp_path / "version.dcm").symlink_to("/proc/version")
    index = index_ct(tmp_path)
    assert len(index.slices) == 1
    assert not index.failed
    reasons = {os.path.basename(path): reason for path, reason in index.left_out}
    assert reasons.pop("pipe.dcm") == "a named pipe, not a file"
    assert reasons.pop("zero.nii") == "a device, not a file"
    if reasons:
        assert reasons == {
            "system": "a folder that the system generates",
            "version.dcm": "generated by the system, not a file on a disk",
        }


@pytest.mark.skipif(os.name == "nt", reason="needs POSIX links")
def test_a_link_to_nothing_is_called_that(tmp_path, write_ct, body):
    write_ct(tmp_path / "in" / "a.dcm", body)
    link = tmp_path / "in" / "gone.dcm"
    link.symlink_to("nowhere")
    (tmp_path / "in" / "round.dcm").symlink_to("round.dcm")
    reason = "a link to what is not there; mount or copy what it leads to"
    with pytest.raises(CTReadError, match=reason):
        index_ct(link)
    index = index_ct(tmp_path / "in")
    assert index.failed == ((str(link), reason), (str(link.with_name("round.dcm")), reason))
    assert len(index.slices) == 1


def test_of_a_dicomdir_its_folder_is_read(tmp_path, write_ct, body):
    write_ct(tmp_path / "A" / "IM1", body)
    (tmp_path / "DICOMDIR").write_bytes(bytes(128) + b"DICM")  # damaged, which loses no image
    index = index_ct(tmp_path / "DICOMDIR")
    assert [ref.path for ref in index.slices] == [str(tmp_path / "A" / "IM1")]


def test_a_file_that_gives_nothing_is_never_passed_over(tmp_path, write_ct, body, monkeypatch):
    write_ct(tmp_path / "a.dcm", body)
    np.save(tmp_path / "b.npy", body)
    monkeypatch.setattr("distiliqa.ct.arrays.npy.index_npy", lambda source: CTIndex())
    problem = Problem(str(tmp_path / "b.npy"), "holds no slices; export it again")
    assert index_ct(tmp_path).failed == (problem,)


def test_slices_come_in_reading_order_and_the_rest_is_named(tmp_path, write_ct, body):
    for name, z in [("a", 2), ("b", 0), ("c", 1)]:
        write_ct(tmp_path / name, body + z, ImagePositionPatient=[0, 0, z])
    write_ct(tmp_path / "scout", body, ImageType=["ORIGINAL", "PRIMARY", "LOCALIZER"])
    cut = write_ct(tmp_path / "cut", body, ImagePositionPatient=[0, 0, 9])
    cut.write_bytes(cut.read_bytes()[:-3000])
    with pytest.warns(CTWarning) as caught:
        images = list(read_ct(tmp_path))
    assert [image.position_mm for image in images] == [0, 1, 2]
    np.testing.assert_array_equal(images[1].hu, body + 1)
    texts = [str(warning.message) for warning in caught]
    assert len(texts) == 2
    assert texts[0].startswith(str(tmp_path / "scout"))
    assert texts[1].startswith(str(cut))


def test_a_good_folder_reads_in_silence(tmp_path, write_ct, body):
    write_ct(tmp_path / "a", body)
    with warnings.catch_warnings():
        warnings.simplefilter("error", CTWarning)
        assert len(list(read_ct(str(tmp_path)))) == 1


def test_a_single_broken_file_raises(tmp_path, write_ct, body):
    path = write_ct(tmp_path / "a.dcm", body)
    path.write_bytes(path.read_bytes()[:-3000])
    with pytest.warns(CTWarning), pytest.raises(CTReadError, match=r"a\.dcm: the pixels"):
        list(read_ct(path))
