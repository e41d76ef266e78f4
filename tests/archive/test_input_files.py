from __future__ import annotations

import os
from pathlib import Path

import pytest

pytest.importorskip("pyarrow")

from distiliqa.archive.input_files import Listed, open_source, portions
from distiliqa.archive.storage import read, stamps
from distiliqa.ct import Problem
from distiliqa.errors import CTReadError, DistiliqaError


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("b.dcm", "a/c.dcm", "a/d e.dcm", ".hidden", "a/.hidden/e.dcm"):
        path = tmp_path / "in" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)
    return tmp_path / "in"


def names(found: list[Listed | Problem], of: Path | str) -> list[str]:
    return sorted(file.path.removeprefix(f"{of}/") for file in found)


def test_a_folder_is_all_in_it_that_is_not_hidden(folder: Path):
    (folder / "a" / "back").symlink_to(folder)
    found = list(open_source(str(folder)).files())
    assert names(found, folder) == ["a/c.dcm", "a/d e.dcm", "b.dcm"]
    listed = {file.path: file for file in found}[str(folder / "b.dcm")]
    assert listed.stamp == (5, (folder / "b.dcm").stat().st_mtime_ns)


@pytest.mark.skipif(os.name == "nt", reason="needs POSIX pipes")
def test_pipes_and_devices_are_problems_and_never_opened(folder: Path):
    os.mkfifo(folder / "pipe.dcm")
    (folder / "zero.dcm").symlink_to("/dev/zero")
    found = [entry for entry in open_source(str(folder)).files() if isinstance(entry, Problem)]
    assert sorted(found) == [
        (str(folder / "pipe.dcm"), "a named pipe, not a file"),
        (str(folder / "zero.dcm"), "a device, not a file"),
    ]
    with pytest.raises(DistiliqaError, match="a named pipe"):
        read(str(folder / "pipe.dcm"))


def test_a_folder_in_a_store_is_named_by_its_uri(folder: Path):
    found = list(open_source(f"file://{folder}/").files())
    assert names(found, f"file://{folder}") == ["a/c.dcm", "a/d e.dcm", "b.dcm"]
    assert read(f"file://{folder}/a/d e.dcm") == b"a/d e.dcm"


def test_a_relative_path_means_the_same_wherever_it_is_read(folder: Path, monkeypatch):
    monkeypatch.chdir(folder)
    (found,) = open_source("b.dcm").files()
    assert found.path == str(folder / "b.dcm")


@pytest.mark.skipif(os.name == "nt", reason="names are UTF-16 there")
def test_a_name_that_is_no_text_is_reported(folder: Path):
    (folder / "a" / os.fsdecode(b"\xff.dcm")).write_text("")
    found = list(open_source(str(folder)).files())
    (problem,) = (entry for entry in found if isinstance(entry, Problem))
    assert problem == (str(folder / "a"), "holds a name that is not UTF-8: rename it")
    assert {"a/c.dcm", "a/d e.dcm", "b.dcm"} < set(names(found, folder))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_paths_of_a_manifest_are_relative_to_it(folder: Path, encoding: str):
    manifest = folder.parent / "manifest.csv"
    lines = [
        "path,site" if encoding == "utf-16" else "\ufeffpath,site",
        "in/b.dcm,north",
        f"{folder}/a/c.dcm,south",
        "in/none.dcm,",
        "in/a,",
    ]
    manifest.write_text("\n".join(lines), encoding)
    source = open_source(str(manifest))
    assert source.columns == ("site",)
    first, second, missing, not_a_file = source.files()
    assert (first.path, first.carried) == (str(folder / "b.dcm"), {"site": "north"})
    assert (second.path, second.carried) == (str(folder / "a" / "c.dcm"), {"site": "south"})
    assert missing == (str(folder / "none.dcm"), "no such file; check the manifest")
    assert not_a_file.reason.startswith("a folder, not a file")


def test_a_manifest_in_a_store_is_relative_to_its_uri(folder: Path):
    (folder / "manifest.csv").write_text("path\nb.dcm\n")
    (found,) = open_source(f"file://{folder}/manifest.csv").files()
    assert found.path == f"file://{folder}/b.dcm"


@pytest.mark.parametrize(
    ("header", "problem"),
    [
        (b"file,site", "has 0 columns named path"),
        (b"path,path", "has 2 columns named path"),
        (b"", "columns named path"),
        (b"path,score", "cannot be carried along: 'score'"),
        (b"path,a,a", "cannot be carried along: 'a'"),
        (b"path\xff", "not readable as CSV"),
    ],
)
def test_a_bad_manifest_is_one_line(tmp_path: Path, header: bytes, problem: str):
    (tmp_path / "manifest.csv").write_bytes(header + b"\n")
    with pytest.raises(DistiliqaError, match=rf"manifest\.csv: .*{problem}"):
        open_source(str(tmp_path / "manifest.csv"))


def test_a_missing_input_is_an_error(tmp_path: Path):
    with pytest.raises(DistiliqaError, match=r"none: no such file or folder"):
        open_source(str(tmp_path / "none"))


def test_a_store_of_an_unknown_kind_is_an_error():
    with pytest.raises(DistiliqaError, match="nonsense://x: cannot be opened"):
        open_source("nonsense://x/y")


def test_portions_hold_all_files_and_problems(folder: Path):
    manifest = folder.parent / "manifest.csv"
    manifest.write_text("path\n" + "in/b.dcm\nin/none.dcm\n" * 3)
    found = list(portions([open_source(str(manifest)), open_source(str(folder))], 4))
    assert [(len(files), len(problems)) for files, problems in found] == [(2, 2), (3, 1), (1, 0)]


def test_a_file_that_cannot_be_read_does_not_name_its_path_twice(tmp_path: Path):
    with pytest.raises(CTReadError) as caught:
        read(str(tmp_path / "none.dcm"))
    assert str(caught.value).count("none.dcm") == 1
    ((problem),) = stamps(["nonsense://x/y"])
    assert isinstance(problem, Problem)
