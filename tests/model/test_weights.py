from __future__ import annotations

import random
from pathlib import Path

import pytest
import torch

from distiliqa.errors import DistiliqaError
from distiliqa.model.weights import read_state


@pytest.mark.parametrize("zipped", [True, False])
@pytest.mark.filterwarnings("error")
def test_a_damaged_torch_file_is_one_line(tmp_path: Path, zipped: bool) -> None:
    path = tmp_path / "weights.pth"
    torch.save({"a": torch.rand(3, 3)}, path, _use_new_zipfile_serialization=zipped)
    whole, rng, refused = path.read_bytes(), random.Random(0), list[str]()
    for _ in range(300):
        damaged = bytearray(whole[: rng.randrange(len(whole))] if rng.random() < 0.3 else whole)
        for at in (rng.randrange(len(whole)) for _ in range(5)):
            damaged[at : at + 1] = bytes([rng.randrange(256)])
        path.write_bytes(damaged)
        try:
            read_state(path)
        except DistiliqaError as error:
            refused.append(str(error))
    assert len(refused) > 100
    assert all(line.startswith(f"{path}: ") and "\n" not in line for line in refused)
