"""Step `denoisers`: small networks that remove noise, for images that look denoised.

::

    training/NAME.safetensors    held_out/NAME.safetensors, which no training image is made with
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from pathlib import Path

from distiliqa.ct import index_ct
from distiliqa.errors import CTReadError
from distiliqa.files import make_folder
from distiliqa.jobs import run_jobs
from distiliqa.lab.train.denoisers import NoisyPair, noisy_pair, train_denoiser
from tools.make_model.settings import DenoiserSettings
from tools.make_model.step import Outcome


def train_denoisers(networks: Mapping[str, DenoiserSettings], sources: Path, out: Path) -> Outcome:
    """Train the networks on the slices of the training patients, each on noise of its own."""
    files = sorted(sources.rglob("*.dcm"))
    results = []
    for name, settings in networks.items():
        weights = out / settings.side / f"{name}.safetensors"
        if not weights.is_file():
            pairs = noisy_pairs(files, settings.seed)
            make_folder(weights.parent)
            train_denoiser(pairs, settings.loss, weights, settings.seed, settings.steps)
        results.append(weights)
    return Outcome(results, {"networks": len(results), "slices": len(files)})


def noisy_pairs(files: list[Path], seed: int) -> list[NoisyPair]:
    """Simulate each slice at a lower dose.

    Raises
    ------
    CTReadError : a slice that cannot be simulated; all have been chosen for it.
    """
    found = {}
    for place, pair in run_jobs(partial(_noisy_pair, seed=seed), files, description="adding noise"):
        if isinstance(pair, CTReadError):
            raise pair
        found[place] = pair
    return [found[place] for place in sorted(found)]


def _noisy_pair(file: Path, *, seed: int) -> NoisyPair:
    (info,) = index_ct(file).slices
    return noisy_pair(info.read(), seed)
