from __future__ import annotations

import io
import random
import struct
import zipfile
from pathlib import Path

import pytest

from distiliqa.ct import index_ct
from distiliqa.ct.containers.zip import list_zip
from distiliqa.errors import CTReadError

MUTATIONS = 200


def stored(path: Path, members: dict[str, bytes], kind: int = zipfile.ZIP_STORED) -> bytes:
    with zipfile.ZipFile(path, "w", kind) as target:
        for name, content in members.items():
            target.writestr(name, content)
    return path.read_bytes()


def after(path: Path) -> tuple[set[str], bool]:
    """The images of a zip that load, and whether a failure is reported."""
    try:
        index = index_ct(path)
    except CTReadError:
        return set(), True
    sound, lost = set(), bool(index.failed)
    for ref in index.slices:
        try:
            sound.add(ref.read().hu.tobytes().hex())
        except CTReadError:
            lost = True
    return sound, lost


def test_no_image_is_lost_or_changed_in_silence_by_damage(tmp_path, slice_bytes):
    """A flipped, cut or overwritten zip gives right images, or a failure is reported."""
    path, chance = tmp_path / "a.zip", random.Random(15)
    kinds = [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED]
    wholes = [stored(path, {f"{z}.dcm": slice_bytes(z) for z in range(3)}, kind) for kind in kinds]
    right, _ = after(path)
    assert len(right) == 3
    for number in range(MUTATIONS):
        whole = bytearray(wholes[number % 2])
        directory = whole.index(b"PK\x01\x02")
        # Every second time where it matters most: in the directory and in what ends it.
        start = directory if number % 4 < 2 else 0
        at = chance.randrange(start, len(whole))
        match number % 3:
            case 0:
                whole[at] ^= 1 << chance.randrange(8)
            case 1:
                whole[at : at + 8] = chance.randbytes(8)
            case 2:
                del whole[at:]
        path.write_bytes(whole)
        found, lost = after(path)
        assert found <= right, f"mutation {number}: a slice that was never there"
        assert lost or found == right, f"mutation {number}: a slice was lost in silence"


def test_a_directory_that_ends_early_is_reported(tmp_path, slice_bytes):
    """The comment of the second member reaches over the third: Python lists two, and is content."""
    path = tmp_path / "a.zip"
    whole = bytearray(stored(path, {f"{z}.dcm": slice_bytes(z) for z in range(3)}))
    entries = [at for at in range(len(whole)) if whole.startswith(b"PK\x01\x02", at)]
    struct.pack_into("<H", whole, entries[1] + 32, entries[2] - entries[1])
    path.write_bytes(whole)
    index = index_ct(path)
    assert len(index.slices) == 2
    (problem,) = index.failed
    assert problem == (
        str(path),
        "members may be missing: its directory lists 2 members, its end states 3; copy it again",
    )


@pytest.mark.parametrize("name", [b".0.dcm", b"a0.dc/"])
def test_an_image_that_damage_hides_is_reported(tmp_path, slice_bytes, name):
    """The directory names it like a hidden file, or a folder; its own header does not."""
    path = tmp_path / "a.zip"
    whole = stored(path, {"a0.dcm": slice_bytes(0), "a1.dcm": slice_bytes(1)})
    at = whole.rindex(b"a0.dcm")
    path.write_bytes(whole[:at] + name + whole[at + len(name) :])
    index = index_ct(path)
    assert [Path(ref.path).name for ref in index.slices] == ["a1.dcm"]
    assert "cannot be opened (the directory and the member disagree)" in index.failed[0].reason


def test_a_byte_of_the_pixels_that_changed_costs_that_member(tmp_path, slice_bytes):
    path = tmp_path / "a.zip"
    whole = bytearray(stored(path, {"0.dcm": slice_bytes(0), "1.dcm": slice_bytes(1)}))
    whole[whole.index(b"PK\x03\x04", 100) - 1000] ^= 1
    path.write_bytes(whole)
    damaged, sound = index_ct(path).slices
    with pytest.raises(CTReadError, match=r"0\.dcm: .*CRC"):
        damaged.read()
    assert sound.read().position_mm == 1


@pytest.mark.parametrize(("at", "value", "why"), [(8, 1, "encrypted"), (10, 99, "not supported")])
def test_a_member_that_cannot_be_unpacked_costs_itself(tmp_path, slice_bytes, at, value, why):
    path = tmp_path / "a.zip"
    whole = bytearray(stored(path, {"0.dcm": slice_bytes(0), "1.dcm": slice_bytes(1)}))
    whole[whole.index(b"PK\x01\x02") + at] = value
    path.write_bytes(whole)
    index = index_ct(path)
    assert [Path(ref.path).name for ref in index.slices] == ["1.dcm"]
    (problem,) = index.failed
    assert Path(problem.path).name == "0.dcm"
    assert why in problem.reason


def test_zip64_states_its_members_elsewhere(tmp_path, monkeypatch):
    monkeypatch.setattr(zipfile, "ZIP_FILECOUNT_LIMIT", 2)
    path = tmp_path / "a.zip"
    whole = stored(path, {str(number): b"" for number in range(5)})
    assert b"PK\x06\x06" in whole
    listing = list_zip(path)
    assert len(listing.members) == 5
    assert listing.damage is None


def test_a_zip_behind_other_bytes_and_before_a_comment_reads(tmp_path, slice_bytes):
    content = io.BytesIO(b"#!/bin/sh\n" * 50)
    content.seek(0, io.SEEK_END)
    with zipfile.ZipFile(content, "a") as target:
        target.writestr("1.dcm", slice_bytes(1))
        target.comment = b"of a viewer" * 1000
    path = tmp_path / "download"
    path.write_bytes(content.getvalue())
    assert [ref.read().position_mm for ref in index_ct(path).slices] == [1]


@pytest.mark.parametrize("place", ["pixels", "header"])
def test_a_damaged_member_is_not_quoted_by_its_name(tmp_path, slice_bytes, place: str):
    """It may be that of a patient, and only the name in results is left out of reports."""
    path = tmp_path / "a.zip"
    whole = bytearray(stored(path, {"DOE JANE/IM1": slice_bytes(0)}))
    at = whole.index(b"PK\x01\x02") - 5 if place == "pixels" else whole.index(b"DOE JANE")
    whole[at] ^= 1
    path.write_bytes(whole)
    with pytest.raises(CTReadError) as error:
        index_ct(path).slices[0].read()
    assert "DOE" not in error.value.reason
    assert "IM1" not in error.value.reason
