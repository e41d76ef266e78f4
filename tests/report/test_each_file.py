from __future__ import annotations

from pathlib import Path

from tests.support.disks import full_disk

from distiliqa.errors import DistiliqaError
from distiliqa.files import write_text
from distiliqa.report.each_file import unwritten, write_files


def test_one_that_cannot_be_written_does_not_stop_the_others(tmp_path: Path):
    def odd(path: Path) -> None:
        raise ZeroDivisionError("division by zero")

    def full(path: Path) -> None:
        raise DistiliqaError("cannot be written", path=path, remedy="free some space")

    writers = {"a": odd, "b": full, "c": lambda path: write_text(path, "c")}
    errors = write_files({tmp_path / name: write for name, write in writers.items()})
    assert unwritten(errors) == [
        (
            str(tmp_path / "a"),
            "cannot be made (ZeroDivisionError: division by zero); the other files are",
        ),
        (str(tmp_path / "b"), "cannot be written; free some space"),
    ]
    assert [path.name for path in tmp_path.iterdir()] == ["c"]


def test_the_error_of_the_system_is_one_of_the_file(tmp_path: Path):
    (error,) = write_files({tmp_path / "a": full_disk}).values()
    assert isinstance(error, OSError)
