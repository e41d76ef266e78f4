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
from distiliqa.lab.train.loaders import EpochSampler, ResidentSlices, has_room
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


def sampler(images: int) -> EpochSampler:
    """Sampler of a process, for images of three slices in turn."""
    given = [RatedImage(str(i), Path(str(i)), 0.0, source=str(i % 3)) for i in range(images)]
    dataset = RatedDataset(given, SliceCache.__new__(SliceCache), range(images))
    return EpochSampler(dataset, shuffle=True, seed=1, together=4)


def test_versions_of_a_slice_follow_each_other() -> None:
    drawn = sampler(36)
    first = list(drawn)
    assert sorted(first) == list(range(36))
    assert all(len({item % 3 for item in first[at : at + 4]}) == 1 for at in range(0, 36, 4))
    assert first == list(drawn)
    drawn.set_epoch(1)
    assert list(drawn) != first
    assert len({at % 3 for at in first[:36:4]}) > 1
    assert len(list(sampler(37))) == len(sampler(37)) == 40
    assert list(sampler(1)) == [0] * 4


def test_processes_share_whole_groups(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.distributed, "is_initialized", lambda: True)
    monkeypatch.setattr(torch.distributed, "get_world_size", lambda: 2)
    parts = []
    for rank in range(2):
        monkeypatch.setattr(torch.distributed, "get_rank", lambda rank=rank: rank)
        parts.append(list(sampler(50)))
    assert len(parts[0]) == len(parts[1]) == 28
    assert set(parts[0]) | set(parts[1]) == set(range(50))
    assert all(len({item % 3 for item in part[:4]}) == 1 for part in parts)


def test_a_cpu_holds_nothing_twice_and_a_gpu_the_half_of_what_is_free(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda _: (100, 200))
    assert has_room(torch.device("cuda"), 50)
    assert not has_room(torch.device("cuda"), 51)
    assert not has_room(torch.device("cpu"), 1)
