"""Slices on the device give what slices from the disk give."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from torch.utils.data import default_collate

from distiliqa.lab.data.cache import SliceCache
from distiliqa.lab.data.dataset import RatedDataset
from distiliqa.lab.data.ratings import RatedImage
from distiliqa.lab.train import callbacks
from distiliqa.lab.train.loaders import ResidentSlices, has_room
from distiliqa.lab.train.recipe import Recipe
from distiliqa.lab.train.runs import start_run
from distiliqa.lab.train.teacher import train_teachers

N, SIZE = 300, 16


def test_images_are_those_of_the_data_set(tmp_path: Path) -> None:
    levels = np.random.default_rng(0).integers(0, 65536, (N, SIZE, SIZE), dtype=np.uint16)
    np.save(tmp_path / "cache.npy", levels)
    cache = SliceCache(tmp_path / "cache.npy")
    images = [RatedImage(str(i), Path(str(i)), i / N) for i in range(N)]
    dataset = RatedDataset(images, cache, range(N), augmentation="dihedral+rescale", seed=2)
    expected = torch.stack([dataset[i]["image"] for i in (3, 299, 7, 256)])
    dataset.pixels = False
    batch = default_collate([dataset[i] for i in (3, 299, 7, 256)])
    slices = ResidentSlices(cache, torch.device("cpu"))
    assert torch.equal(slices.shown(batch["index"], batch["transform"], batch["scale"]), expected)


def test_a_run_with_resident_slices_gives_the_same_weights(
    recipe: Callable[..., Recipe], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []
    shown = ResidentSlices.shown

    def spy(self: ResidentSlices, *draw: torch.Tensor) -> torch.Tensor:
        asked.append(len(draw[0]))
        return shown(self, *draw)

    monkeypatch.setattr(ResidentSlices, "shown", spy)
    weights = []
    for room in (False, True):
        monkeypatch.setattr(callbacks, "has_room", lambda *_, room=room: room)
        run = start_run(tmp_path / str(room), recipe(), resume=False)
        train_teachers(run, only=1)
        weights.append(load_file(run.teacher_weights(1)))
        assert bool(asked) is room
    assert all(torch.equal(weights[0][name], weights[1][name]) for name in weights[0])


def test_a_cpu_holds_nothing_twice_and_a_gpu_the_half_of_what_is_free(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda _: (100, 200))
    assert has_room(torch.device("cuda"), 50)
    assert not has_room(torch.device("cuda"), 51)
    assert not has_room(torch.device("cpu"), 1)
