"""Two processes learn as one with the same batch."""

from __future__ import annotations

import copy
import csv
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from distiliqa.errors import RecipeError
from distiliqa.lab.data.cache import SliceCache
from distiliqa.lab.data.dataset import RatedDataset
from distiliqa.lab.data.ratings import RatedImage
from distiliqa.lab.train.distributed import OneBatchNorm, SharedBatchNorm, true_on_all
from distiliqa.lab.train.loaders import Batches
from distiliqa.lab.train.recipe import Recipe, save_recipe
from distiliqa.lab.train.runs import start_run
from distiliqa.lab.train.teacher import train_teachers

EPOCHS = 3
CURVES = ("train_loss", "val_loss")


def train_in_two_processes(settings: Recipe, folder: Path) -> None:
    """Train the teacher of fold 1; the first process starts the other."""
    given = folder.with_suffix(".yaml")
    save_recipe(settings, given)
    command = ["train-teacher", str(given), "--out", str(folder), "--fold", "1"]
    ended = subprocess.run(
        [sys.executable, "-m", "distiliqa", *command], capture_output=True, text=True, timeout=300
    )
    assert ended.returncode == 0, ended.stderr


def curves(folder: Path) -> dict[str, list[float]]:
    """Figures of the teacher of fold 1 by column."""
    with (folder / "teacher" / "fold_1" / "train_info_fold_1.csv").open() as file:
        rows = list(csv.DictReader(file))
    return {name: [float(row[name]) for row in rows] for name in CURVES}


@pytest.fixture
def alone(tmp_path: Path) -> Iterator[None]:
    """A process group of this process."""
    torch.distributed.init_process_group(
        "gloo", init_method=f"file://{tmp_path / 'store'}", rank=0, world_size=1
    )
    yield
    torch.distributed.destroy_process_group()


@pytest.mark.usefixtures("alone")
@pytest.mark.parametrize("kept", [True, False])
def test_the_shared_norm_is_batch_norm(kept: bool) -> None:
    torch.manual_seed(0)
    plain = nn.Sequential(nn.BatchNorm2d(3))
    nn.init.uniform_(plain[0].weight)
    shared = OneBatchNorm().apply(copy.deepcopy(plain))
    assert isinstance(shared[0], SharedBatchNorm)
    images = 5 + torch.randn(4, 3, 8, 8)
    given = [images.clone().requires_grad_() for _ in range(2)]
    for norm, image in zip((plain, shared), given, strict=True):
        norm[0].track_running_stats = kept
        (norm(image) ** 3).sum().backward()
    torch.testing.assert_close(given[1].grad, given[0].grad, rtol=1e-4, atol=1e-4)
    for one, other in zip(plain.parameters(), shared.parameters(), strict=True):
        torch.testing.assert_close(other.grad, one.grad, rtol=1e-4, atol=1e-3)
    torch.testing.assert_close(dict(shared.named_buffers()), dict(plain.named_buffers()))
    plain[0].track_running_stats = shared[0].track_running_stats = True
    torch.testing.assert_close(shared.eval()(images), plain.eval()(images))


@pytest.mark.usefixtures("alone")
def test_a_flag_is_true_only_where_it_is() -> None:
    assert true_on_all(torch.tensor(True)).item() is True
    assert true_on_all(torch.tensor(False)).item() is False


def test_batches_that_processes_cannot_share_are_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.distributed, "is_initialized", lambda: True)
    monkeypatch.setattr(torch.distributed, "get_world_size", lambda: 3)
    monkeypatch.setattr(torch.distributed, "get_rank", lambda: 1)
    images = [RatedImage(str(i), Path(str(i)), 0.0) for i in range(9)]
    dataset = RatedDataset(images, SliceCache(Path("none")), range(9))
    assert Batches(dataset, None, batch_size=6).train_dataloader().batch_size == 2
    with pytest.raises(RecipeError, match="3 processes cannot share batches of 4 evenly"):
        Batches(dataset, None, batch_size=4).train_dataloader()


def test_two_processes_give_the_curve_of_one(recipe: Callable[..., Recipe], tmp_path: Path) -> None:
    settings = {
        "teacher.epochs": EPOCHS,
        "teacher.batch_size": 2,  # one image a process
        "teacher.optimizer": "sgd",  # AdamW makes steps of what rounding leaves of a zero
        "teacher.learning_rate": 3e-4,
        "teacher.crops": 0.3,
        "teacher.averaging": 0.5,
    }
    train_teachers(start_run(tmp_path / "one", recipe(**settings), resume=False), only=1)
    train_in_two_processes(recipe(**settings | {"hardware.devices": 2}), tmp_path / "two")
    one, two = curves(tmp_path / "one"), curves(tmp_path / "two")
    assert len(one["train_loss"]) == EPOCHS
    for name in CURVES:
        np.testing.assert_allclose(two[name], one[name], rtol=2e-3, err_msg=name)
    assert np.ptp(one["train_loss"]) > 0.05 * one["train_loss"][0]


def test_two_processes_agree_on_what_is_frozen(
    recipe: Callable[..., Recipe], tmp_path: Path
) -> None:
    settings = {"teacher.epochs": 1, "teacher.batch_size": 2, "teacher.layers": "head"}
    train_teachers(start_run(tmp_path / "one", recipe(**settings), resume=False), only=1)
    train_in_two_processes(recipe(**settings | {"hardware.devices": 2}), tmp_path / "two")
    one, two = curves(tmp_path / "one"), curves(tmp_path / "two")
    np.testing.assert_allclose(two["val_loss"], one["val_loss"], rtol=2e-3)
