"""The table of kinds."""

from __future__ import annotations

import subprocess
import sys
from itertools import pairwise

import pytest

from distiliqa.simulate.processing.kinds import KINDS, Kind


@pytest.mark.parametrize("kind", KINDS.values(), ids=list(KINDS))
def test_ladders_go_one_way_from_none_within_what_is_allowed(kind: Kind) -> None:
    assert 6 <= len(kind.ladder) <= 8
    steps = [after - before for before, after in pairwise(kind.ladder)]
    assert all(step > 0 for step in steps) or all(step < 0 for step in steps)
    low, high = kind.allowed
    assert all(low <= strength <= high for strength in kind.ladder)
    assert kind.limits == (kind.ladder[1], kind.ladder[-1])


def test_the_help_of_a_command_needs_no_package_of_an_extra() -> None:
    code = (
        "import sys, distiliqa.simulate.processing.kinds;"
        "print(*(m for m in ('torch', 'scipy', 'skimage', 'PIL') if m in sys.modules))"
    )
    printed = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True).stdout
    assert printed.split() == []
