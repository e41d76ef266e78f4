"""What training does with the memory that it frees."""

from __future__ import annotations

import platform
import resource
import subprocess
import sys

import pytest

_SCRIPT = """
import resource, torch
from distiliqa.lab.train.freed_memory import freed_memory_kept

def faults():
    for _ in range(30):  # the heap finds its size
        torch.ones(2**24)
    begin = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(4):
        torch.ones(2**24)
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - begin

def resident():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1])

with freed_memory_kept():
    within, kept = faults(), resident()
print(within, kept, resident())
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="glibc's malloc alone")
def test_freed_memory_is_kept_and_then_given_back() -> None:
    done = subprocess.run(
        [sys.executable, "-c", _SCRIPT], capture_output=True, text=True, check=True
    )
    within, kept, left = map(int, done.stdout.split())
    pages = 2**26 // resource.getpagesize()
    assert within < 0.01 * pages
    assert kept - left > 0.9 * pages
