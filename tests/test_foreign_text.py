"""Text and tables of other people: read whatever the editor, refused in one line where wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from distiliqa.errors import DistiliqaError
from distiliqa.foreign_text import read_csv, read_text


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
def test_text_is_read_as_editors_save_it(tmp_path: Path, encoding: str) -> None:
    (tmp_path / "a.txt").write_text("Schädel", encoding)
    assert read_text(tmp_path / "a.txt") == "Schädel"


def test_a_file_is_read_no_further_than_its_limit(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"x" * 2048)
    assert len(read_text(tmp_path / "a", max_bytes=2048)) == 2048
    with pytest.raises(DistiliqaError, match="larger than 1 KiB; check that it is the right file"):
        read_text(tmp_path / "a", max_bytes=1024)
    if Path("/dev/zero").exists():
        with pytest.raises(DistiliqaError, match="/dev/zero: a device, not a file"):
            read_text(Path("/dev/zero"), max_bytes=1 << 20)


def test_a_file_that_is_missing_or_no_text_is_named(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_bytes(b"\xff")
    with pytest.raises(DistiliqaError, match=r"not text in UTF-8 \(invalid start byte at byte 0"):
        read_text(tmp_path / "a.json")
    for path in (tmp_path / "b.json", tmp_path, Path("a\0b")):
        with pytest.raises(DistiliqaError, match=r"check the path|a folder, not a file"):
            read_text(path)


@pytest.mark.parametrize("mark", [",", ";", "\t"])
def test_a_table_may_be_that_of_another_country(tmp_path: Path, mark: str) -> None:
    path = tmp_path / "a.csv"
    lines = (mark.join(values) for values in (["a", "b"], ["1", '"x,y"'], ["2"]))
    path.write_text("\n".join(lines), encoding="utf-8-sig")
    assert read_csv(path) == (["a", "b"], [(2, {"a": "1", "b": "x,y"}), (3, {"a": "2", "b": ""})])


@pytest.mark.parametrize(
    ("content", "words"),
    [("a,b\n1,2\n1,2,5\n", "line 3 has more values"), ("a\n" + "x" * 200_000, "as CSV")],
)
def test_a_table_that_cannot_be_one_is_refused(tmp_path: Path, content: str, words: str) -> None:
    (tmp_path / "a.csv").write_text(content)
    with pytest.raises(DistiliqaError, match=words):
        read_csv(tmp_path / "a.csv")
