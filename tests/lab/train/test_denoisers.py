"""Training of a denoiser: noise falls, and an interrupted run ends where a whole one does."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import get_args

import numpy as np
import pytest
from numpy.typing import NDArray

from distiliqa.ct import read_ct
from distiliqa.errors import DistiliqaError
from distiliqa.lab.train import denoisers
from distiliqa.lab.train.denoiser_losses import DenoiserLoss
from distiliqa.lab.train.denoisers import NoisyPair, noisy_pair, train_denoiser
from distiliqa.simulate.processing.processing import Processing


def pair(seed: int, own: float = 0.0) -> NoisyPair:
    """A disc with a bone and noise of its own, and with 40 HU more."""
    rng = np.random.default_rng(seed)
    rows, columns = np.mgrid[:96, :112] - np.array([48, 56])[:, None, None]
    clean = np.where(np.hypot(rows, columns) < 45, 40.0, -1000.0)
    clean[np.hypot(rows - 12, columns - 4 * seed) < 8] = 300
    clean += rng.normal(0, own, clean.shape)
    noisy = clean + rng.normal(0, 40, clean.shape)
    return NoisyPair(noisy.astype(np.float32), clean.astype(np.float32))


def noise_left(weights: Path, test: NoisyPair) -> tuple[NDArray, float]:
    """Denoised slice, and the root mean square of its error in the uniform part, HU."""
    processing = Processing("denoising_network", 1, weights=weights)
    result = processing.prepared(test.noisy, 0.7)(test.noisy)
    uniform = np.s_[20:48, 40:72]
    return result, float(np.sqrt(np.mean((result - test.clean)[uniform] ** 2)))


@pytest.fixture
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    """Patches that a step takes milliseconds for."""
    monkeypatch.setattr(denoisers, "_SIDE", 32)
    monkeypatch.setattr(denoisers, "_BATCH", 2)
    monkeypatch.setattr(denoisers, "_WARM_UP", 5)


@pytest.mark.usefixtures("small_batches")
def test_a_few_steps_lower_the_noise_of_a_slice_that_was_not_seen(tmp_path: Path) -> None:
    out = tmp_path / "squared.safetensors"
    train_denoiser([pair(1), pair(2)], "squared", out, seed=0, steps=60)
    assert noise_left(out, pair(3))[1] < 0.6 * 40
    assert [path.name for path in tmp_path.iterdir()] == [out.name]


@pytest.mark.usefixtures("small_batches")
def test_a_finished_run_is_not_repeated_unless_a_setting_differs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = train_denoiser([pair(1)], "edge", tmp_path / "w", seed=0, steps=2)
    written = out.read_bytes()
    counted: list[int] = []
    monkeypatch.setattr(denoisers, "track", counting(counted))
    train_denoiser([pair(1)], "edge", out, seed=0, steps=2)
    assert counted == []
    train_denoiser([pair(1)], "edge", out, seed=1, steps=2)
    assert counted == [0, 1]
    assert out.read_bytes() != written


@pytest.mark.usefixtures("small_batches")
def test_an_interrupted_run_goes_on_to_the_same_weights(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = train_denoiser([pair(1)], "texture", tmp_path / "whole", seed=3, steps=7)
    monkeypatch.setattr(denoisers, "_SAVE_EVERY", 2)
    monkeypatch.setattr(denoisers, "track", stopping(5))
    with pytest.raises(KeyboardInterrupt):
        train_denoiser([pair(1)], "texture", tmp_path / "parts", seed=3, steps=7)
    assert not (tmp_path / "parts").exists()
    done: list[int] = []
    monkeypatch.setattr(denoisers, "track", counting(done))
    parts = train_denoiser([pair(1)], "texture", tmp_path / "parts", seed=3, steps=7)
    assert done == [4, 5, 6]
    assert parts.read_bytes() == whole.read_bytes()


def counting(seen: list[int]) -> Callable[[Iterable[int], str], Iterator[int]]:
    def track(steps: Iterable[int], description: str) -> Iterator[int]:
        for step in steps:
            seen.append(step)
            yield step

    return track


def stopping(after: int) -> Callable[[Iterable[int], str], Iterator[int]]:
    def track(steps: Iterable[int], description: str) -> Iterator[int]:
        for step in steps:
            if step == after:
                raise KeyboardInterrupt
            yield step

    return track


def test_a_pair_has_more_noise_in_the_same_patient(
    tmp_path: Path, write_ct: Callable[..., Path]
) -> None:
    hu = np.rint(pair(1, own=8).clean)
    (ct,) = read_ct(write_ct(tmp_path / "a.dcm", hu, PixelSpacing=[3, 3]))
    noisy, clean = noisy_pair(ct, seed=0)
    assert np.array_equal(clean, ct.hu)
    added = (noisy - clean)[20:48, 40:72]
    assert added.std() > 1.2 * clean[20:48, 40:72].std()
    assert abs(np.corrcoef(noisy[20:48, 40:72].ravel(), clean[20:48, 40:72].ravel())[0, 1]) < 0.5
    assert abs(added.mean()) < 5
    assert np.array_equal(noisy_pair(ct, seed=0).noisy, noisy)
    assert not np.array_equal(noisy_pair(ct, seed=1).noisy, noisy)


def test_slices_without_a_body_are_refused(tmp_path: Path) -> None:
    air = np.full((96, 96), -1000, np.float32)
    with pytest.raises(DistiliqaError, match="no slice shows a body of 64 pixels"):
        train_denoiser([NoisyPair(air, air)], "squared", tmp_path / "w", seed=0, steps=1)


@pytest.mark.slow
@pytest.mark.usefixtures("small_batches")
def test_losses_differ_in_the_texture_that_they_leave(tmp_path: Path) -> None:
    pairs = [pair(seed, own=12) for seed in range(1, 5)]
    left = {}
    for loss in get_args(DenoiserLoss):
        out = train_denoiser(pairs, loss, tmp_path / loss, seed=0, steps=400)
        image, error = noise_left(out, pair(9, own=12))
        left[loss] = float(image[20:48, 40:72].std())
        assert error < 0.6 * 40
    assert left["squared"] < 6  # smoother than the clean slices, which have 12 HU
    assert left["texture"] > 1.5 * left["squared"]
