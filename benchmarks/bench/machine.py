"""Facts of the machine that was measured, without its name or owner."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import distiliqa
from distiliqa.cores import cores

PACKAGES = (
    "numpy",
    "onnxruntime",
    "openvino",
    "torch",
    "ray",
    "pydicom",
    "scikit-image",
    "astra-toolbox",
)


_INSTRUCTIONS = {
    "avx2": "AVX2",
    "avx512f": "AVX-512",
    "avx512_vnni": "VNNI",
    "avx512_bf16": "bf16",
    "amx_tile": "AMX",
}
# What the benchmarks write is not the code that they measure.
_WRITTEN = ("benchmarks/results", "docs/performance.md", "docs/images/performance")
_ROOT = Path(__file__).resolve().parents[2]


def machine() -> dict[str, str]:
    """Facts by name, in the order of the report."""
    return {
        "CPU": f"{_cpu()}, {cores()} cores",
        "instructions": _instructions(),
        "memory": _memory(),
        "GPU": _gpu(),
        "system": _system(),
        "Python": platform.python_version(),
        "distiliqa": distiliqa.__version__,
        "commit": _commit(),
        **{name: _version(name) for name in PACKAGES},
        "load average at the start": _load(),
    }


def _cpu() -> str:
    for line in _lines(Path("/proc/cpuinfo")):
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def _instructions() -> str:
    for line in _lines(Path("/proc/cpuinfo")):
        if line.startswith("flags"):
            flags = set(line.split())
            return ", ".join(name for flag, name in _INSTRUCTIONS.items() if flag in flags)
    return "not known"


def _memory() -> str:
    for line in _lines(Path("/proc/meminfo")):
        if line.startswith("MemTotal"):
            return f"{int(line.split()[1]) / 2**20:.0f} GiB"
    return "not known"


def _gpu() -> str:
    program = shutil.which("nvidia-smi")
    if program is None:
        return "none"
    query = [program, "--query-gpu=name", "--format=csv,noheader"]
    done = subprocess.run(query, capture_output=True, text=True)
    return ", ".join(done.stdout.split("\n")).strip(", ") if done.returncode == 0 else "none"


def _system() -> str:
    try:
        name = platform.freedesktop_os_release()["PRETTY_NAME"]
    except (AttributeError, KeyError, OSError):
        name = platform.system()
    return f"{name}, {platform.machine()}"


def _commit() -> str:
    """The code that was measured; with ``-dirty`` where files differ from the commit."""
    try:
        commit = _git("rev-parse", "--short", "HEAD")
        changed = _git("status", "--porcelain", "--", ".", *(f":!{name}" for name in _WRITTEN))
    except (OSError, subprocess.CalledProcessError):
        return "not known"
    return f"{commit}-dirty" if changed else commit


def _git(*arguments: str) -> str:
    command = ["git", *arguments]
    done = subprocess.run(command, cwd=_ROOT, capture_output=True, text=True, check=True)
    return done.stdout.strip()


def _load() -> str:
    """Above 0.2 or so, other programs take part of the cores that the figures are about."""
    return f"{os.getloadavg()[0]:.2f}" if hasattr(os, "getloadavg") else "not known"


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "not installed"


def _lines(path: Path) -> list[str]:
    return path.read_text(encoding="utf-8").splitlines() if path.is_file() else []
