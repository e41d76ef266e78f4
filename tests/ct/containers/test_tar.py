from __future__ import annotations

import gzip
import io
import random
import tarfile
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pytest

from distiliqa.ct import index_ct
from distiliqa.ct.containers import tar
from distiliqa.errors import CTReadError, NotCTError

MUTATIONS = 100


def tar_bytes(members: Iterable[tuple[str, bytes]]) -> bytes:
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w") as target:
        for name, data in members:
            info = tarfile.TarInfo(name)
            info.size = len(data)
            target.addfile(info, io.BytesIO(data))
    return content.getvalue()


@pytest.fixture
def three(slice_bytes) -> bytes:
    return tar_bytes((f"series/{10 - z}.dcm", slice_bytes(z)) for z in range(3))


@pytest.mark.parametrize("name", ["a.tar", "a.tgz", "a.tar.gz", "download"])
def test_a_tar_reads_and_leaves_nothing_behind(tmp_path, three, body, name):
    path = tmp_path / name
    path.write_bytes(gzip.compress(three) if name.endswith("gz") else three)
    index = index_ct(path)
    assert index.failed == index.left_out == ()
    assert [ref.path for ref in index.slices] == [f"{path}/series/{n}.dcm" for n in (10, 9, 8)]
    for z, ref in enumerate(index.slices):
        np.testing.assert_array_equal(ref.read().hu, body + z)
    assert list(tmp_path.iterdir()) == [path]


def test_members_of_one_name_and_names_that_lead_outside(tmp_path, slice_bytes):
    """A tar that was appended to holds a name twice; both are images."""
    names = ["../1.dcm", "/1.dcm", "1.dcm"]
    path = tmp_path / "a.tar"
    path.write_bytes(tar_bytes((name, slice_bytes(z)) for z, name in enumerate(names)))
    found = [(ref.path, ref.read().position_mm) for ref in index_ct(path).slices]
    named = [f"{path}/1.dcm", f"{path}/1.dcm (2)", f"{path}/1.dcm (3)"]
    assert found == list(zip(named, range(3), strict=True))


def test_what_is_no_file_in_a_tar_is_left_out_by_name(tmp_path, slice_bytes):
    path = tmp_path / "a.tar"
    path.write_bytes(tar_bytes([("1.dcm", slice_bytes(0))]))
    with tarfile.open(path, "a") as target:
        for kind in (tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE, tarfile.CHRTYPE):
            info = tarfile.TarInfo(f"x{kind.decode()}")
            info.type, info.linkname = kind, "/etc/passwd"
            target.addfile(info)
    index = index_ct(path)
    assert len(index.slices) == 1
    link, device = "a link, not a file", "a device, a pipe or the like, not a file"
    assert [problem.reason for problem in index.left_out] == [link, link, device, device]


def test_a_tar_in_a_folder_is_left_out_with_the_remedy(tmp_path, slice_bytes, three):
    (tmp_path / "0.dcm").write_bytes(slice_bytes(0))
    (tmp_path / "a.tar").write_bytes(three)
    (tmp_path / "b.tgz").write_bytes(gzip.compress(three))
    (tmp_path / "c.7z").write_bytes(b"7z")
    index = index_ct(tmp_path)
    assert [(Path(found.path).name, found.reason) for found in index.left_out] == [
        ("a.tar", "a tar inside; unpack it, or give it by itself"),
        ("b.tgz", "a tar inside; unpack it, or give it by itself"),
        ("c.7z", "a compressed file; unpack it"),
    ]


def test_no_image_is_lost_in_silence_by_damage(tmp_path, three):
    """Members of a damaged tar are right, and missing ones are reported.

    The bytes of a member have no check sum in a tar: only headers are damaged, and ends.
    """
    path, chance = tmp_path / "a.tar", random.Random(15)
    path.write_bytes(three)
    right = {ref.read().hu.tobytes() for ref in index_ct(path).slices}
    starts = [at for at in range(0, len(three), 512) if three[at + 257 : at + 262] == b"ustar"]
    assert len(starts) == 3
    read = 0
    for number in range(MUTATIONS):
        whole = bytearray(three)
        if number % 2:
            whole[chance.choice(starts) + chance.randrange(500)] ^= 1 << chance.randrange(8)
        else:
            del whole[chance.randrange(1, starts[-1]) :]
        path.write_bytes(gzip.compress(whole) if number % 3 == 0 else whole)
        try:
            index = index_ct(path)
        except CTReadError:
            continue
        read += 1
        found = {ref.read().hu.tobytes() for ref in index.slices if not index.failed}
        assert index.failed or found == right, f"mutation {number}: lost in silence"
    assert 0 < read < MUTATIONS


def test_a_tar_gz_that_is_cut_short_gives_what_it_still_has(tmp_path, three):
    path = tmp_path / "a.tar.gz"
    whole = gzip.compress(three, 0)
    path.write_bytes(whole[: len(whole) // 2])
    index = index_ct(path)
    assert [ref.read().position_mm for ref in index.slices] == [0]
    assert (f"{path}/series/9.dcm", "cut short; copy or export the tar again") in index.failed
    assert any("members may be missing: cut short" in problem.reason for problem in index.failed)


def test_a_false_size_costs_its_member_alone(tmp_path, slice_bytes):
    """A size beyond the end of the tar is no bomb: the members before it are whole."""
    content = bytearray(tar_bytes((f"{z}.dcm", slice_bytes(z)) for z in range(2)))
    start = content.rindex(b"1.dcm")
    info = tarfile.TarInfo("1.dcm")
    info.size = 1 << 40
    content[start : start + 512] = info.tobuf(tarfile.GNU_FORMAT)[:512]
    path = tmp_path / "a.tar"
    path.write_bytes(content)
    index = index_ct(path)
    assert [ref.read().position_mm for ref in index.slices] == [0]
    assert index.failed[0] == (f"{path}/1.dcm", "cut short; copy or export the tar again")


def test_a_bomb_is_refused_before_it_fills_the_disk(tmp_path, monkeypatch):
    monkeypatch.setattr(tar, "max_unpacked", lambda size: 1 << 20)
    path = tmp_path / "a.tar.gz"
    path.write_bytes(gzip.compress(tar_bytes([("1.dcm", bytes(8 << 20))])))
    with pytest.raises(CTReadError, match="inflates to more than 1 MiB"):
        index_ct(path)


def test_a_header_that_would_fill_the_memory_is_damage(tmp_path, slice_bytes):
    path = tmp_path / "a.tar"
    info = tarfile.TarInfo("pax")
    info.type, info.size = tarfile.XHDTYPE, 1 << 40
    first = tar_bytes([("1.dcm", slice_bytes(0))]).rstrip(b"\0")
    first += bytes(-len(first) % 512)
    path.write_bytes(first + info.tobuf() + bytes(4096))
    index = index_ct(path)
    assert len(index.slices) == 1
    assert "a header is damaged" in index.failed[0].reason


def test_no_tar_is_an_error_with_the_remedy(tmp_path):
    path = tmp_path / "a.tar"
    path.write_bytes(b"no tar" * 1000)
    match = r"a\.tar: not readable as a tar .*; copy or export"
    with pytest.raises(CTReadError, match=match) as caught:
        index_ct(path)
    assert not isinstance(caught.value, NotCTError)  # it is damaged, not of another kind
    path.write_bytes(tar_bytes([("notes.txt", b"x")]))
    with pytest.raises(NotCTError, match="no CT slice"):
        index_ct(path)
