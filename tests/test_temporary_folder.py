from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from distiliqa.temporary_folder import remove_abandoned, temporary_folder

PREFIX = "distiliqa-"
HOLDER = textwrap.dedent("""
    import sys, time
    from pathlib import Path
    from distiliqa.temporary_folder import temporary_folder
    with temporary_folder("distiliqa-", Path(sys.argv[1])) as folder:
        (folder / "patient.dcm").write_bytes(b"image")
        print(folder, flush=True)
        time.sleep(60)
""")


@pytest.fixture
def holder(tmp_path: Path) -> subprocess.Popen[str]:
    """A process that has an image in such a folder."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(tmp_path)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert Path(process.stdout.readline().strip(), "patient.dcm").exists()
    return process


def test_only_its_owner_may_look_into_it_and_it_goes_at_the_end(tmp_path: Path):
    with temporary_folder(PREFIX, tmp_path) as folder:
        assert list(folder.iterdir()) == []
        if os.name == "posix":
            assert {path.stat().st_mode & 0o777 for path in (folder, folder.parent)} == {0o700}
        (folder / "patient.dcm").write_bytes(b"image")
    assert list(tmp_path.iterdir()) == []


def test_it_goes_after_an_error(tmp_path: Path):
    with pytest.raises(ZeroDivisionError), temporary_folder(PREFIX, tmp_path):
        raise ZeroDivisionError
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(os.name != "posix", reason="Windows knows no such signals")
@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGHUP"])
def test_a_signal_leaves_nothing(holder: subprocess.Popen[str], tmp_path: Path, name: str):
    holder.send_signal(getattr(signal, name))
    holder.communicate(timeout=30)
    assert holder.returncode != 0
    assert list(tmp_path.iterdir()) == []


def test_what_a_kill_leaves_the_next_process_removes(holder: subprocess.Popen[str], tmp_path: Path):
    holder.kill()
    holder.communicate(timeout=30)
    (left,) = tmp_path.iterdir()
    with temporary_folder(PREFIX, tmp_path) as folder:
        assert list(tmp_path.iterdir()) == [folder.parent]
    assert not left.exists()


def test_the_folder_of_a_process_that_lives_stays(holder: subprocess.Popen[str], tmp_path: Path):
    try:
        remove_abandoned(PREFIX, tmp_path)
        (held,) = tmp_path.iterdir()
        assert (held / "content" / "patient.dcm").exists()
    finally:
        holder.kill()
        holder.communicate(timeout=30)


def test_what_is_not_such_a_folder_stays(tmp_path: Path):
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "owner.lock").touch()
    (tmp_path / "distiliqa-results").mkdir()
    (tmp_path / "distiliqa-linked").symlink_to(tmp_path / "other")
    remove_abandoned(PREFIX, tmp_path)
    assert len(list(tmp_path.iterdir())) == 3
    assert (tmp_path / "other" / "owner.lock").exists()


def test_signals_are_as_before_afterwards(tmp_path: Path):
    before = signal.getsignal(signal.SIGTERM)
    with temporary_folder(PREFIX, tmp_path):
        pass
    assert signal.getsignal(signal.SIGTERM) == before
