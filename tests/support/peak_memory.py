"""Peak of memory, for a program that a test runs in a process of its own."""

from __future__ import annotations

import textwrap

# The ``ru_maxrss`` of a new process is no less than that of the process that started it.
PEAK_KIB = textwrap.dedent("""
    def peak_kib():
        with open("/proc/self/status") as status:
            (line,) = (line for line in status if line.startswith("VmHWM:"))
        return int(line.split()[1])
""")
