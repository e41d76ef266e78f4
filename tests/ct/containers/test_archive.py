from __future__ import annotations

import io
import warnings
import zipfile
from collections.abc import Iterable
from pathlib import Path, PurePath

import numpy as np
import pytest
import tifffile

from distiliqa.ct import index_ct, source
from distiliqa.ct.containers import archive
from distiliqa.errors import CTReadError


def zip_of(path: Path, members: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as target:
        for name, content in members.items():
            target.writestr(name, content)
    return path


def twice(path: Path, members: Iterable[tuple[str, bytes]]) -> None:
    """A zip that may hold a name twice, of which Python warns."""
    with zipfile.ZipFile(path, "w") as target, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for name, content in members:
            target.writestr(name, content)


def test_a_zip_of_dicom_reads_in_memory(tmp_path, slice_bytes, body):
    members = {f"series/IM{10 - z}": slice_bytes(z) for z in range(3)}
    members |= {"notes.txt": b"notes", "__MACOSX/series/._IM1": b"x", ".DS_Store": b"x"}
    path = zip_of(tmp_path / "a.zip", members)
    index = index_ct(path)
    assert [ref.path for ref in index.slices] == [f"{path}/series/IM{n}" for n in (10, 9, 8)]
    for z, ref in enumerate(index.slices):
        image = ref.read()
        np.testing.assert_array_equal(image.hu, body + z)
        assert image.path == ref.path
    assert [problem.reason for problem in index.left_out] == ["1 file that is no image"]
    assert list(tmp_path.iterdir()) == [path]


def test_a_zip_without_its_extension_and_tiffs_in_it_read(tmp_path, body):
    tiff = io.BytesIO()
    tifffile.imwrite(tiff, body.astype(np.float32))
    path = zip_of(tmp_path / "download", {"0000.tiff": tiff.getvalue()})
    (ref,) = index_ct(path).slices
    np.testing.assert_array_equal(ref.read().hu, body)


@pytest.mark.parametrize("name", ["../a.dcm", "x/../../a.dcm", "/etc/a.dcm", "C:\\a.dcm", "..\\a"])
def test_what_a_member_is_called_is_only_a_name(tmp_path, slice_bytes, name):
    path = zip_of(tmp_path / "a.zip", {"good.dcm": slice_bytes(0), name: slice_bytes(1)})
    index = index_ct(path)
    assert len({ref.read().position_mm for ref in index.slices}) == 2
    parts = [PurePath(ref.path).relative_to(path).parts for ref in index.slices]
    assert all(".." not in found for found in parts)
    assert list(tmp_path.iterdir()) == [path]


def test_members_of_one_name_stay_apart_with_their_bytes(tmp_path, slice_bytes, body):
    path = tmp_path / "a.zip"
    names = ["s/1.dcm", "s/1.dcm", "s//1.dcm", "s/1.dcm (2)", "./s/1.dcm"]
    twice(path, zip(names, map(slice_bytes, range(5)), strict=True))
    index = index_ct(path)
    assert index.failed == index.left_out == ()
    named = ["", " (3)", " (4)", " (2)", " (5)"]
    assert [ref.path for ref in index.slices] == [f"{path}/s/1.dcm{number}" for number in named]
    for z, ref in enumerate(index.slices):
        assert ref.read().position_mm == z
        np.testing.assert_array_equal(ref.read().hu, body + z)


def test_a_copy_under_the_same_name_is_a_copy(tmp_path, slice_bytes):
    path = tmp_path / "a.zip"
    twice(path, 2 * [("1.dcm", slice_bytes(0))])
    index = index_ct(path)
    assert [ref.path for ref in index.slices] == [f"{path}/1.dcm"]
    assert index.left_out == ((f"{path}/1.dcm (2)", f"a copy of {path}/1.dcm"),)


def test_pixels_that_hold_the_mark_of_a_zip_are_pixels(tmp_path, slice_bytes):
    """Python takes any file for a zip that has these bytes, and 18 more, near its end."""
    content = bytearray(slice_bytes(0))
    content[-100:-78] = b"PK\x05\x06" + bytes(18)
    path = tmp_path / "IM0"
    path.write_bytes(content)
    assert zipfile.is_zipfile(path)
    assert len(index_ct(path).slices) == 1


def test_an_index_unpacks_no_more_than_headers(tmp_path, slice_bytes, monkeypatch):
    """And the pixels of a member are unpacked once, however many of its frames are asked for."""
    path = zip_of(tmp_path / "a.zip", {f"{z}.dcm": slice_bytes(z) for z in range(3)})
    whole, unpack = [], source._unpacked
    monkeypatch.setattr(source, "_unpacked", lambda *args: whole.append(args) or unpack(*args))
    slices = index_ct(path).slices
    assert whole == []
    for _ in range(3):
        slices[0].read()
    assert len(whole) == 1


def test_names_no_path_can_have_are_names(tmp_path, slice_bytes):
    members = {"x" * 60_000: slice_bytes(0), "9" * 5000: slice_bytes(1), "/": slice_bytes(2)}
    index = index_ct(zip_of(tmp_path / "a.zip", members))
    assert len(index.slices) == 3
    assert all(ref.file == tmp_path / "a.zip" for ref in index.slices)


def test_a_bomb_is_refused_before_anything_is_decompressed(tmp_path, monkeypatch):
    members = {f"{number}.dcm": bytes(50 << 20) for number in range(6)}
    path = zip_of(tmp_path / "bomb.zip", members)
    monkeypatch.setattr(zipfile.ZipFile, "open", lambda *_: pytest.fail("decompressed"))
    with pytest.raises(CTReadError, match=r"bomb\.zip: .* like a bomb; unpack it yourself"):
        index_ct(path)


def test_a_member_beyond_the_limit_and_too_many_are_refused(tmp_path, slice_bytes, monkeypatch):
    path = zip_of(tmp_path / "a.zip", {f"{z}": slice_bytes(z) for z in range(3)})
    with monkeypatch.context() as patch:
        patch.setattr(archive, "MAX_MEMBER_BYTES", 1000)
        with pytest.raises(CTReadError, match="like a bomb"):
            index_ct(path)
    monkeypatch.setattr(archive, "MAX_MEMBERS", 2)
    with pytest.raises(CTReadError, match="in 3 files"):
        index_ct(path)


def test_a_small_blank_image_is_no_bomb(tmp_path, write_ct):
    content = write_ct(tmp_path / "blank.dcm", np.full((512, 512), -1000)).read_bytes()
    path = zip_of(tmp_path / "a.zip", {"blank.dcm": content})
    assert len(content) / path.stat().st_size > archive.MAX_RATIO
    assert len(index_ct(path).slices) == 1


def test_a_false_size_in_the_directory_gains_nothing(tmp_path, slice_bytes):
    content = slice_bytes(0)
    path = zip_of(tmp_path / "a.zip", {"a.dcm": content})
    size = len(content).to_bytes(4, "little")
    path.write_bytes(path.read_bytes().replace(size, (2000).to_bytes(4, "little")))
    with pytest.raises(CTReadError):
        index_ct(path).slices[0].read()


def test_damaged_and_encrypted_zips_are_errors(tmp_path, slice_bytes):
    path = tmp_path / "a.zip"
    path.write_bytes(b"PK")
    with pytest.raises(CTReadError, match="not readable as a zip"):
        index_ct(path)
    zip_of(path, {"a.dcm": slice_bytes(0)})
    content = bytearray(path.read_bytes())
    content[content.index(b"PK\x01\x02") + 8] |= 1
    path.write_bytes(content)
    with pytest.raises(CTReadError, match="encrypted; unpack it"):
        index_ct(path)


@pytest.mark.parametrize(
    ("sound", "damaged"), [(b"\x14\x03\x14", b"\x14\x03\x63"), (b"\xc3", b"\xff")]
)
def test_a_directory_that_python_cannot_read_is_an_error(tmp_path, slice_bytes, sound, damaged):
    """A zip of a newer version, and a name that is no UTF-8."""
    path = zip_of(tmp_path / "a.zip", {"\xe4.dcm": slice_bytes(0)})
    content = path.read_bytes()
    directory = content.index(b"PK\x01\x02")
    path.write_bytes(content[:directory] + content[directory:].replace(sound, damaged))
    with pytest.raises(CTReadError, match="not readable as a zip"):
        index_ct(path)


def test_a_damaged_member_is_one_failed_file(tmp_path, slice_bytes):
    path = zip_of(tmp_path / "a.zip", {"a.dcm": slice_bytes(0), "b.dcm": slice_bytes(1)})
    with zipfile.ZipFile(path) as whole:
        start = whole.getinfo("b.dcm").header_offset
    content = bytearray(path.read_bytes())
    content[start + 60 : start + 200] = bytes(140)
    path.write_bytes(content)
    index = index_ct(path)
    assert [ref.path for ref in index.slices] == [f"{path}/a.dcm"]
    assert [problem.path for problem in index.failed] == [f"{path}/b.dcm"]


def test_formats_that_need_a_file_are_left_out_with_the_remedy(tmp_path, slice_bytes, body):
    array = io.BytesIO()
    np.save(array, body)
    members = {"a.dcm": slice_bytes(0), "a.npy": array.getvalue()}
    index = index_ct(zip_of(tmp_path / "a.zip", members))
    assert [problem.reason for problem in index.left_out] == [
        ".npy is not read inside an archive or a .gz; unpack it"
    ]
