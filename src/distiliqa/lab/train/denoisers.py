"""Training of small denoising networks on pairs of simulated noisy and normal-dose slices."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors import safe_open
from safetensors.torch import save_file
from torch import Tensor

from distiliqa.ct import CTSlice
from distiliqa.ct.spacing import square_side
from distiliqa.errors import DistiliqaError
from distiliqa.files import atomic_path
from distiliqa.lab.train.denoiser_losses import DenoiserLoss, denoiser_loss
from distiliqa.simulate.acquisition import acquisition_of
from distiliqa.simulate.degradation import Degradation
from distiliqa.simulate.noise_draws import noise_seed
from distiliqa.simulate.patient import body_outline
from distiliqa.simulate.processing.denoising_network import DenoisingNetwork
from distiliqa.simulate.processing.non_local_means import NO_NOISE, smoothed
from distiliqa.simulate.processing.preparation import BODY_HU, air_outside
from distiliqa.simulate.simulator import degrade
from distiliqa.terminal import track

_DOSES = (0.08, 0.6)
_SIDE, _BATCH = 64, 8  # of patches, pixels
_RATE, _WARM_UP = 2e-3, 50
_SAVE_EVERY = 100  # steps
_UNIT_HU = 100.0


class NoisyPair(NamedTuple):
    """A slice at a lower dose and at its own: float32, (rows, columns), HU."""

    noisy: NDArray[np.float32]
    clean: NDArray[np.float32]


def noisy_pair(ct: CTSlice, seed: int) -> NoisyPair:
    """Simulate a slice at a dose of 0.08 to 0.6, drawn from the seed and the slice's UID.

    All noise of the lower dose is drawn, and that of the slice is in its own dose alone. So what
    the two share is anatomy, and a network cannot learn to keep the noise that is in both.

    Raises
    ------
    CTReadError : its pixel spacing is not known.
    """
    drawn = noise_seed(seed, ct.sop_uid, ct.frame)
    low, high = np.log(_DOSES)
    dose = math.exp(np.random.default_rng(drawn).uniform(low, high))
    spacing = square_side(ct.spacing_mm, path=ct.path)
    made = acquisition_of(ct.hu, spacing, ct.acquisition)
    anatomy = torch.from_numpy(smoothed(ct.hu, spacing, NO_NOISE))[None]
    made = replace(made, noise_free=True)
    noisy = degrade(anatomy, spacing, made, Degradation(dose=dose), [drawn])[0].numpy()
    return NoisyPair(noisy, ct.hu)


def train_denoiser(
    pairs: Sequence[NoisyPair], loss: DenoiserLoss, out: Path, seed: int, steps: int
) -> Path:
    """Train a network to denoise, and write its weights.

    A run that was interrupted goes on from the last hundred steps, to the same weights. A finished
    one of the same pairs, loss, seed and steps is not repeated.

    Parameters
    ----------
    pairs : slices of at least 64 x 64 pixels with a body.
    out : safetensors, with the settings in its metadata. The state of an unfinished run is beside
        it, with the suffix ``.state``.

    Returns
    -------
    ``out``, for `Processing` of the kind ``denoising_network``.

    Raises
    ------
    DistiliqaError : no pair has a body that patches can be taken from.
    """
    settings = _settings(pairs, loss, seed, steps)
    if _described(out) == settings:
        return out
    state = out.with_suffix(".state")
    patches = _Patches(pairs, seed)
    network, optimizer, first = _start(state, settings, seed)
    criterion = denoiser_loss(loss)
    for step in track(range(first, steps), f"training denoiser {loss}"):
        for group in optimizer.param_groups:
            group["lr"] = _RATE * _share_of_rate(step, steps)
        noisy, clean = patches.batch(step)
        value = criterion(network(noisy) / _UNIT_HU, clean / _UNIT_HU)
        optimizer.zero_grad()
        value.backward()
        optimizer.step()
        if (step + 1) % _SAVE_EVERY == 0:
            _save_state(state, network, optimizer, settings, step + 1)
    weights = {name: tensor.contiguous() for name, tensor in network.state_dict().items()}
    with atomic_path(out) as partial:
        save_file(weights, partial, {"training": json.dumps(settings)})
    state.unlink(missing_ok=True)
    return out


def _settings(pairs: Sequence[NoisyPair], loss: str, seed: int, steps: int) -> dict[str, Any]:
    digest = hashlib.sha256()
    for pair in pairs:
        digest.update(pair.noisy.tobytes() + pair.clean.tobytes())
    return {"loss": loss, "seed": seed, "steps": steps, "pairs_sha256": digest.hexdigest()}


def _described(out: Path) -> dict[str, Any] | None:
    """Settings of finished weights; None where there are none."""
    if not out.is_file():
        return None
    with safe_open(out, "pt") as file:
        return json.loads((file.metadata() or {}).get("training", "null"))


def _start(
    state: Path, settings: dict[str, Any], seed: int
) -> tuple[DenoisingNetwork, torch.optim.Optimizer, int]:
    """Network, optimizer and first step: of an interrupted run of these settings, or new ones."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        network = DenoisingNetwork()
    optimizer = torch.optim.AdamW(network.parameters(), lr=_RATE)
    if state.is_file():
        saved = torch.load(state, weights_only=True)
        if saved["settings"] == settings:
            network.load_state_dict(saved["network"])
            optimizer.load_state_dict(saved["optimizer"])
            return network, optimizer, saved["step"]
    return network, optimizer, 0


def _save_state(
    path: Path,
    network: DenoisingNetwork,
    optimizer: torch.optim.Optimizer,
    settings: dict[str, Any],
    step: int,
) -> None:
    saved = {"settings": settings, "step": step, "network": network.state_dict()}
    with atomic_path(path) as partial:
        torch.save(saved | {"optimizer": optimizer.state_dict()}, partial)


def _share_of_rate(step: int, steps: int) -> float:
    """Share of the learning rate: a linear start, then half a cosine."""
    return min(1.0, (step + 1) / _WARM_UP) * 0.5 * (1 + math.cos(math.pi * step / steps))


class _Patches:
    """Patches around pixels of the body; a batch depends on the seed and its step alone."""

    def __init__(self, pairs: Sequence[NoisyPair], seed: int) -> None:
        self.seed = seed
        self.pairs = [NoisyPair(*map(_within_body, pair)) for pair in pairs]
        self.corners = [_corners(pair.clean) for pair in pairs]
        self.usable = [place for place, corners in enumerate(self.corners) if len(corners)]
        if not self.usable:
            raise DistiliqaError(
                f"no slice shows a body of {_SIDE} pixels or more to train a denoiser on",
                remedy="give slices of a body",
            )

    def batch(self, step: int) -> tuple[Tensor, Tensor]:
        """Noisy and clean patches, (8, 1, 64, 64), HU."""
        rng = np.random.default_rng([self.seed, step])
        drawn = [self._patch(rng) for _ in range(_BATCH)]
        noisy, clean = (torch.from_numpy(np.stack(side)) for side in zip(*drawn, strict=True))
        return noisy[:, None], clean[:, None]

    def _patch(self, rng: np.random.Generator) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        place = self.usable[rng.integers(len(self.usable))]
        row, column = self.corners[place][rng.integers(len(self.corners[place]))]
        turns, flipped = int(rng.integers(4)), bool(rng.integers(2))
        parts = []
        for image in self.pairs[place]:
            part = np.rot90(image[row : row + _SIDE, column : column + _SIDE], turns)
            parts.append(np.ascontiguousarray(part[:, ::-1] if flipped else part))
        return parts[0], parts[1]


def _within_body(hu: NDArray[np.float32]) -> NDArray[np.float32]:
    """What the network gets to see when it is applied."""
    return np.clip(air_outside(hu), *BODY_HU)


def _corners(clean: NDArray[np.float32]) -> NDArray[np.intp]:
    """Upper left corners, (n, 2), of patches inside the slice with their center in the body."""
    half = _SIDE // 2
    inner = body_outline(clean)[half : len(clean) - half + 1, half : clean.shape[1] - half + 1]
    return np.argwhere(inner)
