"""Ray on one machine: who may reach it, whom it asks, and what it leaves when it is killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from ipaddress import ip_address
from pathlib import Path

import pytest

pytest.importorskip("ray")
pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="asks /proc")

DRIVER = """
import os, ray, sys, time
from distiliqa.archive.local_ray import local_ray
with local_ray(1):
    print(ray._private.worker._global_node.get_session_dir_path(), flush=True)
    sys.stdin.read()
assert "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER" not in os.environ
"""


@pytest.fixture
def driver() -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(
        [sys.executable, "-c", DRIVER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        yield process
        process.kill()


@pytest.fixture
def folder(driver: subprocess.Popen[str]) -> Path:
    """The private folder of the session that the driver began."""
    assert driver.stdout is not None
    return Path(driver.stdout.readline().strip()).parents[1]


def opened(process: Path) -> list[str]:
    """What a process has open: files by their path, sockets by their number."""
    try:
        return [os.readlink(file) for file in (process / "fd").iterdir()]
    except OSError:
        return []


def processes(folder: Path) -> dict[int, list[str]]:
    """What each process that has a file of ``folder`` open has open."""
    everything = {int(entry.name): opened(entry) for entry in Path("/proc").glob("[0-9]*")}
    return {
        number: files
        for number, files in everything.items()
        if number != os.getpid() and any(file.startswith(f"{folder}/") for file in files)
    }


def listening(sockets: set[str]) -> set[str]:
    """The addresses at which some sockets listen, in hexadecimal."""
    lines = [
        line.split()
        for table in ("/proc/net/tcp", "/proc/net/tcp6")
        for line in Path(table).read_text().splitlines()[1:]
    ]
    return {
        line[1].partition(":")[0]
        for line in lines
        if line[3] == "0A" and f"socket:[{line[9]}]" in sockets
    }


def is_loopback(written: str) -> bool:
    """Whether an address as the kernel lists it, in words of four bytes, is this machine alone."""
    words = bytes.fromhex(written)
    address = ip_address(b"".join(words[at : at + 4][::-1] for at in range(0, len(words), 4)))
    return (getattr(address, "ipv4_mapped", None) or address).is_loopback


def test_nobody_else_reaches_it_and_it_asks_no_cloud(folder: Path) -> None:
    assert folder.stat().st_mode & 0o777 == 0o700
    found = processes(folder)
    addresses = listening({file for files in found.values() for file in files})
    assert addresses
    assert all(map(is_loopback, addresses)), addresses
    commands = [Path(f"/proc/{number}/cmdline").read_bytes() for number in found]
    assert not any(b"dashboard/dashboard.py" in command for command in commands)


def test_the_next_run_removes_what_a_killed_one_left(
    driver: subprocess.Popen[str], folder: Path
) -> None:
    from distiliqa.archive.local_ray import remove_dead

    remove_dead(folder.parent)
    assert len(processes(folder)) > 2  # it lives
    os.kill(driver.pid, signal.SIGKILL)
    driver.wait()
    remove_dead(folder.parent)
    assert not folder.exists()
    assert processes(folder) == {}


def test_a_process_whose_session_has_ended_lives_on(tmp_path: Path) -> None:
    from distiliqa.archive.local_ray import remove_dead

    folder = tmp_path / "distiliqa-ray-ended"
    log = folder / "ray" / "driver.log"
    log.parent.mkdir(parents=True)
    (folder / "driver.lock").touch()
    hold = [sys.executable, "-c", f"held = open({str(log)!r}, 'w'); print(flush=True); input()"]
    with subprocess.Popen(hold, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout is not None
        other.stdout.readline()
        log.unlink()
        remove_dead(tmp_path)
        other.communicate("\n")
    assert other.returncode == 0
    assert not folder.exists()


def test_a_session_removes_its_files_while_it_holds_its_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from distiliqa.archive import local_ray
    from distiliqa.errors import DistiliqaError
    from distiliqa.folder_lock import only_one

    def try_lock(place: Path, **_: object) -> None:
        try:
            with only_one(folder, "driver"):
                seen.append((place.name, "free"))
        except DistiliqaError:
            seen.append((place.name, "held"))

    seen = list[tuple[str, str]]()
    monkeypatch.setattr(local_ray.shutil, "rmtree", try_lock)
    with local_ray._private_folder(tmp_path) as folder:
        assert seen == []
    assert seen == [("ray", "held"), (folder.name, "free")]


def test_folders_of_others_stay(tmp_path: Path) -> None:
    from distiliqa.archive.local_ray import remove_dead

    for name in ("distiliqa-ray-mine/ray", "other", "distiliqa-ray-dead/ray"):
        (tmp_path / name).mkdir(parents=True)
    for name in ("other", "distiliqa-ray-dead"):
        (tmp_path / name / "driver.lock").touch()
    (tmp_path / "distiliqa-ray-link").symlink_to(tmp_path / "other")
    remove_dead(tmp_path)
    left = {entry.name for entry in tmp_path.iterdir()}
    assert left == {"distiliqa-ray-mine", "other", "distiliqa-ray-link"}
