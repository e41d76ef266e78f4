from __future__ import annotations

import os

import pytest

from distiliqa.scoring import machine


def test_cores_are_those_of_this_process():
    assert 1 <= machine.cores() <= (os.cpu_count() or 1)


@pytest.mark.parametrize(("used", "busy"), [(0.99, False), (0.5, True)])
def test_a_machine_that_gives_a_part_of_its_cores_is_busy(
    monkeypatch: pytest.MonkeyPatch, used: float, busy: bool
):
    cores, wall = machine.cores(), iter([0.0, 1.0])
    spent = iter([0.0, used * cores])
    monkeypatch.setattr(machine, "perf_counter", lambda: next(wall))
    monkeypatch.setattr(machine, "process_time", lambda: next(spent))
    assert machine.is_busy() is busy
