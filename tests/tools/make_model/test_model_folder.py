from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

from tools.make_model.model_folder import LADDERS, read_ladders

from distiliqa.files import write_json
from distiliqa.models.seen_faults import Ladder


def test_ladders_of_the_check_are_read_for_the_card(tmp_path: Path) -> None:
    ladder = Ladder("blur", "mm", (0.0, 2.0), (4.0, 2.0), (3.9, 2.5), ordered=1.0, pairs=3)
    write_json(tmp_path / LADDERS, {"ladders": [asdict(ladder)]})
    assert read_ladders(tmp_path / LADDERS) == (ladder,)
