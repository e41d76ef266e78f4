"""What can be known of the Dockerfile without docker."""

from __future__ import annotations

import json
from pathlib import Path

from distiliqa.cli import PANELS

ROOT = Path(__file__).parents[1]
LINES = [line.split(maxsplit=1) for line in (ROOT / "Dockerfile").read_text().splitlines() if line]
STEPS = [(step, rest) for step, rest in LINES if step.isupper()]


def test_all_that_is_copied_is_there_and_not_ignored() -> None:
    allowed = (ROOT / ".dockerignore").read_text().splitlines()
    copied = [name for step, rest in STEPS if step == "COPY" for name in rest.split()[:-1]]
    assert "src" in copied
    for name in copied:
        assert (ROOT / name).exists()
        assert f"!{name}" in allowed


def test_it_runs_the_command_of_the_challenge_and_not_as_root() -> None:
    steps = [step for step, _ in STEPS]
    program, command = json.loads(dict(STEPS)["ENTRYPOINT"])
    assert program == "distiliqa"
    assert command in PANELS["Scoring"]
    assert dict(STEPS)["USER"] != "root"
    assert steps.index("USER") < steps.index("ENTRYPOINT")
