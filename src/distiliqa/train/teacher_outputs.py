"""What the teachers say of every image, computed once for the student.

The eight symmetries of the square are all that the ``dihedral`` augmentation makes of an image,
so a table over images and symmetries serves every epoch. An image that is rescaled at random has
no place in a table and is shown to the teachers when it comes.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from distiliqa.data.cache import SliceCache
from distiliqa.data.dataset import SYMMETRIES, apply_symmetry
from distiliqa.files import atomic_path
from distiliqa.progress import track

TABLE = "teacher_outputs.npy"


class TeacherOutputs:
    """Answers of the teachers to batches, from a table or by asking them.

    Parameters
    ----------
    teachers : networks of one output each, in eval mode.
    table : (images, symmetries, teachers), or None to ask each time.
    """

    def __init__(self, teachers: Sequence[nn.Module], table: NDArray[np.float32] | None) -> None:
        self.teachers = teachers
        self.table = None if table is None else torch.from_numpy(table)

    def __call__(self, images: Tensor, index: Tensor, transform: Tensor) -> Tensor:
        """Outputs (N, teachers) for images (N, 1, S, S) at positions and symmetries (N,)."""
        if self.table is not None:
            self.table = self.table.to(images.device)
            return self.table[index, transform]
        with torch.no_grad():
            asked = [teacher.to(images.device)(images) for teacher in self.teachers]
        return torch.cat(asked, dim=1).float()


def make_table(
    teachers: Sequence[nn.Module],
    cache: SliceCache,
    positions: Sequence[int],
    *,
    symmetries: int,
    path: Path,
    device: torch.device,
    batch_size: int,
    half: bool,
) -> NDArray[np.float32]:
    """The teachers' outputs for some images and their first ``symmetries`` symmetries.

    Kept in ``path``, so that a resumed student learns from the same numbers.

    Parameters
    ----------
    positions : of the images that the student learns from.
    half : ask in bfloat16, as teachers of mixed precision learned.

    Returns
    -------
    float32, (images, symmetries, teachers); NaN for other images.
    """
    shape = (len(cache), symmetries, len(teachers))
    if path.is_file():
        table = np.load(path, allow_pickle=False)
        if table.shape == shape:
            return table
    table = np.full(shape, np.nan, np.float32)
    for teacher in teachers:
        teacher.to(device)
    at_once = max(batch_size // symmetries, 1)
    steps = [list(positions[i : i + at_once]) for i in range(0, len(positions), at_once)]
    mixed = torch.autocast(device.type, torch.bfloat16, enabled=half)
    for rows in track(steps, "Asking the teachers"):
        slices = torch.from_numpy(np.stack([cache.array(row) for row in rows]))[:, None]
        versions = torch.cat([apply_symmetry(slices, k) for k in range(symmetries)])
        with torch.inference_mode(), mixed:
            outputs = torch.cat([teacher(versions.to(device)) for teacher in teachers], dim=1)
        table[rows] = outputs.float().cpu().numpy().reshape(symmetries, -1, shape[2]).swapaxes(0, 1)
    with atomic_path(path) as partial, partial.open("wb") as file:
        np.save(file, table)
    return table


def fingerprint(
    teachers: Sequence[nn.Module], positions: Sequence[int], symmetries: int | None, *, half: bool
) -> str:
    """SHA-256 of all that decides a table; the arguments are those of `make_table`."""
    digest = hashlib.sha256(f"{list(positions)} {symmetries} {half}".encode())
    for teacher in teachers:
        for name, values in teacher.state_dict().items():
            digest.update(name.encode() + values.cpu().numpy().tobytes())
    return digest.hexdigest()


def symmetries_of(augmentation: str) -> int | None:
    """How many versions of an image an augmentation makes; None where they cannot be listed."""
    return {"none": 1, "dihedral": SYMMETRIES}.get(augmentation)
