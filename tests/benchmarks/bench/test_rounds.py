"""Rounds that programs take turns in."""

from __future__ import annotations

import pytest


@pytest.mark.parametrize(("seconds", "rounds"), [(3600.0, 3), (0.0, 1)])
def test_no_round_begins_once_the_time_is_used_up(
    monkeypatch: pytest.MonkeyPatch, seconds: float, rounds: int
) -> None:
    from bench import rounds as module

    monkeypatch.setattr(module, "MAX_SECONDS", seconds)
    calls: list[str] = []
    runs = {name: lambda name=name: calls.append(name) for name in ("one", "other")}
    found = module.side_by_side(runs, 3)
    assert {name: len(times) for name, times in found.items()} == {"one": rounds, "other": rounds}
    turns = ["one", "other", "other", "one", "one", "other"]
    assert calls == ["one", "other", *turns[: 2 * rounds]]
