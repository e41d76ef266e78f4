"""Count of cores."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from distiliqa.cores import cores

WITH_ONE = """
import os
os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:1])
from distiliqa.cores import cores
from distiliqa.scoring.read_ahead import THREADS
print(cores(), THREADS)
"""


def test_cores_are_those_of_this_process() -> None:
    assert 1 <= cores() <= (os.cpu_count() or 1)


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="this system grants all cores")
def test_a_process_that_may_use_one_core_counts_one() -> None:
    done = subprocess.run([sys.executable, "-c", WITH_ONE], capture_output=True, check=True)
    assert done.stdout.split() == [b"1", b"1"]
