"""The benchmark of a GPU where there is none."""

from __future__ import annotations

import subprocess
import sys

import pytest
import torch
from tests.benchmarks.conftest import BENCHMARKS


@pytest.mark.skipif(torch.cuda.is_available(), reason="a GPU is here")
def test_without_a_gpu_its_benchmark_ends_with_one_line() -> None:
    command = [sys.executable, str(BENCHMARKS / "gpu.py")]
    done = subprocess.run(command, capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("error: torch ")
    assert done.stderr.endswith("finds no NVIDIA GPU here; run it where one is\n")
    assert done.stderr.count("\n") == 1
