"""The published training, as plain as it is: DICOM each epoch, eager fp32, the teachers each batch.

From the facts of Baldeon-Calisto et al. 2024, doi 10.1016/j.compbiomed.2024.108670.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
import pydicom
import torch
from torch import Tensor, nn
from torch.optim import Optimizer
from torch.utils.data import DataLoader, Dataset

LOW, HIGH = -135.0, 215.0  # HU, window width 350 and level 40
DISTILL_WEIGHT, GATE = 0.75, 0.05


class DicomSlices(Dataset[tuple[Tensor, Tensor]]):
    """Windowed slices (1, rows, columns) and their labels (); decoded at every access.

    Parameters
    ----------
    augmented : flips, quarter turns and a transpose, each with probability 0.5.
    """

    def __init__(self, paths: Sequence[Path], labels: Sequence[float], *, augmented: bool) -> None:
        self.paths, self.labels, self.augmented = paths, labels, augmented

    def __len__(self) -> int:
        return len(self.paths)

    def __getitem__(self, item: int) -> tuple[Tensor, Tensor]:
        dataset = pydicom.dcmread(self.paths[item])
        hu = dataset.pixel_array * float(dataset.RescaleSlope) + float(dataset.RescaleIntercept)
        image = ((np.clip(hu, LOW, HIGH) - LOW) / (HIGH - LOW)).astype(np.float32)
        image = _turned(image) if self.augmented else image
        return torch.from_numpy(image.copy())[None], torch.tensor(self.labels[item])


def _turned(image: np.ndarray) -> np.ndarray:
    moves: list[Callable[[np.ndarray], np.ndarray]]
    moves = [np.flipud, np.fliplr, np.rot90, np.transpose]
    for move, at_all in zip(moves, torch.rand(len(moves)) < 0.5, strict=True):
        image = move(image) if at_all else image
    return image


def loss_of(outputs: Tensor, targets: Tensor) -> Tensor:
    """Absolute plus squared error."""
    return nn.functional.l1_loss(outputs, targets) + nn.functional.mse_loss(outputs, targets)


def distilled_loss(outputs: Tensor, labels: Tensor, targets: Tensor) -> Tensor:
    """The teachers' term in place of the label's where all of the batch passes the gate."""
    if ((targets.mean(dim=1) - labels).abs() <= GATE).all():
        return DISTILL_WEIGHT * loss_of(outputs, targets)
    return loss_of(outputs.mean(dim=1), labels)


def train_epoch(
    network: nn.Module,
    optimizer: Optimizer,
    batches: DataLoader[tuple[Tensor, Tensor]],
    teachers: Sequence[nn.Module] = (),
) -> float:
    """One epoch of a teacher, or with ``teachers`` of a student; its mean loss."""
    device = next(network.parameters()).device
    network.train()
    losses = []
    for images, labels in _on(device, batches):
        optimizer.zero_grad()
        outputs = network(images)
        if teachers:
            with torch.no_grad():
                targets = torch.cat([teacher(images) for teacher in teachers], dim=1)
            loss = distilled_loss(outputs, labels, targets)
        else:
            loss = loss_of(outputs[:, 0], labels)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return float(np.mean(losses))


@torch.no_grad()
def validate(network: nn.Module, batches: DataLoader[tuple[Tensor, Tensor]]) -> float:
    """The mean loss over the images of ``batches``."""
    device = next(network.parameters()).device
    network.eval()
    losses = [
        loss_of(output[0], label)
        for images, labels in _on(device, batches)
        for output, label in zip(network(images), labels, strict=True)
    ]
    return float(torch.stack(losses).mean())


def _on(
    device: torch.device, batches: DataLoader[tuple[Tensor, Tensor]]
) -> Iterator[tuple[Tensor, Tensor]]:
    for images, labels in batches:
        yield images.to(device), labels.to(device)
