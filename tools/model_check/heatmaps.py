"""Pointing game: the heatmap must point at a part of the image that was made worse.

Zhang et al. 2018, doi 10.1007/s11263-017-1059-x: a map is right if its extreme is in the part.
It is compared with attention rollout (Abnar & Zuidema 2020, arXiv 2005.00928), with the gradient of
the score, and with occlusion, which replaces each patch by its smoothed self.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter
from torch.nn import functional

from distiliqa.ct import crop_or_pad
from distiliqa.lab.network.graph import ScoringGraph
from distiliqa.lab.network.onnx_export import load_graph
from distiliqa.lab.network.pose import unposed
from distiliqa.metrics.filters import block_means
from distiliqa.models.config import MIN_SHOWN
from distiliqa.simulate.degradation import Degradation
from distiliqa.simulate.versions import simulated
from tools.model_check.acceptance import Row, Section, bounded
from tools.model_check.subject import Subject, progress

FAULTS = {
    "noise of 10 % dose": Degradation(dose=0.1),
    "streaks of 120 views": Degradation(views=120, keep_dose=True),
}
RADII = (32, 56)  # pixels
SOME = 5  # every fifth trial for the other methods; occlusion runs the network 100 times
RIGHT = 0.9
SMOOTH = 4.0  # pixels; what occlusion shows instead of a patch


class Trial(NamedTuple):
    """A windowed slice, (512, 512), with a fault in a disc around (row, column)."""

    fault: str
    image: NDArray[np.float32]
    center: tuple[int, int]
    radius: int


def heatmaps(subject: Subject) -> Section:
    if subject.model.config.heatmap is None:
        return Section("Where quality is lost", "The model has no heatmap.", ())
    graph = load_graph(subject.model.folder)
    count = len(subject.held_out) * len(FAULTS) * len(RADII)
    made = list(progress(trials(subject), "local faults", count))
    rows = []
    for name, method in METHODS.items():
        some = made if name == CHOSEN else made[::SOME]
        shown = progress(some, name, len(some))
        found = [_points(method(graph, trial.image), trial) for trial in shown]
        for fault in FAULTS:
            hits = [hit for hit, trial in zip(found, some, strict=True) if trial.fault == fault]
            rows.append(_row(name, fault, hits, chosen=name == CHOSEN))
    about = (
        "Normal-dose slices of the held-out patients, a disc of 32 or 56 pixels radius made worse; "
        "the share of maps whose worst patch lies in it, give or take half a patch."
    )
    return Section("Where quality is lost", about, (rows,))


def _row(name: str, fault: str, hits: list[bool], *, chosen: bool) -> Row:
    share = float(np.mean(hits)) if hits else None
    limits = bounded(share, at_least=RIGHT) if chosen else bounded(share)
    return {"map": name, "fault": fault, "n": len(hits), "points right": share, **limits}


def trials(subject: Subject) -> Iterator[Trial]:
    """Every held-out slice with every fault in a small and in a larger disc of its body."""
    rng = np.random.default_rng(0)
    window, size = subject.model.config.window, subject.model.config.image_size
    for ct in subject.held_out:
        plain = window.apply(crop_or_pad(ct.hu, size)[0])
        places = np.argwhere(gaussian_filter(plain, 8) > MIN_SHOWN)
        worse = simulated(ct, list(FAULTS.values()))
        for fault, changed in zip(FAULTS, worse, strict=True):
            shown = window.apply(crop_or_pad(changed.hu, size)[0])
            for radius in RADII:
                row, column = (int(at) for at in places[rng.integers(len(places))])
                rows, columns = np.ogrid[:size, :size]
                inside = np.hypot(rows - row, columns - column) <= radius
                image = np.where(inside, shown, plain).astype(np.float32)
                yield Trial(fault, image, (row, column), radius)


def _points(quality: NDArray[np.floating], trial: Trial) -> bool:
    """Test whether the worst patch that shows something is in the disc."""
    side = len(quality)
    block = len(trial.image) // side
    shown = block_means(trial.image, side) > MIN_SHOWN
    worst = np.unravel_index(np.where(shown, quality, np.inf).argmin(), quality.shape)
    center = [(int(at) + 0.5) * block for at in worst]
    return float(np.hypot(*np.subtract(center, trial.center))) <= trial.radius + block / 2


def _tensor(image: NDArray[np.floating]) -> torch.Tensor:
    return torch.from_numpy(image.astype(np.float32))[None, None]


@torch.inference_mode()
def _patch_scores(graph: ScoringGraph, image: NDArray[np.float32]) -> NDArray[np.floating]:
    return graph(_tensor(image))[graph.names.index("heatmap")][0].numpy()


def _gradient(graph: ScoringGraph, image: NDArray[np.float32]) -> NDArray[np.floating]:
    shown = _tensor(image).requires_grad_()
    graph.network(shown).mean().backward()
    assert shown.grad is not None
    side = graph.network.config.patches_a_side
    return -block_means(shown.grad[0, 0].abs().numpy(), side)


@torch.inference_mode()
def _occlusion(graph: ScoringGraph, image: NDArray[np.float32]) -> NDArray[np.floating]:
    """Drop of the score by each patch, from smoothed to original."""
    side = graph.network.config.patches_a_side
    block, smooth = len(image) // side, gaussian_filter(image, SMOOTH)
    whole = float(graph.network(_tensor(image)).mean())
    found = np.zeros((side, side))
    for row, column in np.argwhere(block_means(image, side) > MIN_SHOWN):
        changed = image.copy()
        part = np.s_[row * block : (row + 1) * block, column * block : (column + 1) * block]
        changed[part] = smooth[part]
        found[row, column] = whole - float(graph.network(_tensor(changed)).mean())
    return found


@torch.inference_mode()
def _rollout(graph: ScoringGraph, image: NDArray[np.float32]) -> NDArray[np.floating]:
    """Less where the class token looks, through all layers."""
    vit = graph.network.vit
    known = graph.network.features(_tensor(image))
    grid = known.grid
    tokens = torch.cat([vit.class_token, grid.flatten(2).transpose(1, 2)], dim=1)
    tokens = tokens + vit.encoder.pos_embedding
    through = torch.eye(tokens.shape[1])
    for block in vit.encoder.layers:
        attention = block.self_attention
        joint = functional.linear(
            block.ln_1(tokens), attention.in_proj_weight, attention.in_proj_bias
        )
        query, key, _ = joint.unflatten(2, (3, attention.heads, -1)).permute(2, 0, 3, 1, 4)
        weights = (query @ key.transpose(-1, -2) / query.shape[-1] ** 0.5).softmax(-1)
        through = (weights[0].mean(0) + torch.eye(len(through))) / 2 @ through
        tokens = block(tokens)
    side = graph.network.config.patches_a_side
    found = -through[0, 1:].reshape(1, side, side)
    assert known.pose is not None
    return unposed(found, known.pose, image.shape[0] // side)[0].numpy()


CHOSEN = "score of each patch"
Method = Callable[[ScoringGraph, NDArray[np.float32]], NDArray[np.floating]]
METHODS: dict[str, Method] = {
    CHOSEN: _patch_scores,
    "gradient": _gradient,
    "attention rollout": _rollout,
    "occlusion": _occlusion,
}
