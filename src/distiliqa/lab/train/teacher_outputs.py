"""Outputs of the teachers for every image, computed once, and how often the student follows them.

The ``dihedral`` augmentation shows an image under the eight symmetries of the square. So a table
over images and symmetries serves every epoch; it holds those that the student will see. Teachers
that bring every slice into one pose are asked once an image: flips do not change their outputs, and
a transposition, which their training showed as often, is no reason for another score. An image that
is rescaled at random is not in a table: the teachers run on it when it comes.

Where the student follows no teacher, its outputs have little reason to differ. Their small spread
then looks like agreement, so that is reported.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from distiliqa.files import atomic_path
from distiliqa.lab.data.cache import SliceCache
from distiliqa.lab.data.dataset import SYMMETRIES, RatedDataset, apply_symmetry
from distiliqa.terminal import screen, track

TABLE = "teacher_outputs.npy"


class TeacherOutputs:
    """Outputs of the teachers for batches, from a table or computed.

    Parameters
    ----------
    teachers : networks of one output each, in eval mode.
    table : (images, symmetries, teachers), or None to compute them each time. The outputs of a
        table of one symmetry hold for all.
    competent : (images, teachers), False where a teacher never saw the kind of processing of an
        image: there the student learns the mean of the others instead. None: all are.
    """

    def __init__(
        self,
        teachers: Sequence[nn.Module],
        table: NDArray[np.float32] | None,
        competent: NDArray[np.bool_] | None = None,
    ) -> None:
        self.teachers = teachers
        self.table = None if table is None else torch.from_numpy(table)
        self.competent = None if competent is None else torch.from_numpy(competent)

    def __call__(self, images: Tensor, index: Tensor, transform: Tensor) -> Tensor:
        """Outputs (N, teachers) for images (N, 1, S, S) at positions and symmetries (N,)."""
        outputs = self._outputs(images, index, transform)
        if self.competent is None:
            return outputs
        weight = self.competent[index.cpu()].to(outputs.device, outputs.dtype)
        mean = (outputs * weight).sum(dim=1, keepdim=True) / weight.sum(dim=1, keepdim=True)
        return outputs.where((weight > 0) | mean.isnan(), mean)

    def _outputs(self, images: Tensor, index: Tensor, transform: Tensor) -> Tensor:
        if self.table is not None:
            self.table = self.table.to(images.device)
            return self.table[index, transform.clamp(max=self.table.shape[1] - 1)]
        with torch.no_grad():
            columns = [teacher.to(images.device)(images) for teacher in self.teachers]
        return torch.cat(columns, dim=1).float()


def symmetries_seen(dataset: RatedDataset, symmetries: int, epochs: int) -> NDArray[np.bool_]:
    """Find the symmetries of images that a training shows, (images, symmetries), True if shown.

    An epoch shows one symmetry of an image, so a short training sees few of the eight.
    """
    seen = np.zeros((len(dataset.cache), symmetries), np.bool_)
    if symmetries == 1:
        seen[list(dataset.indices)] = True
        return seen
    for epoch in range(epochs):
        dataset.set_epoch(epoch)
        waiting = [at for at in dataset.indices if not seen[at].all()]
        if not waiting:
            break
        seen[waiting, [dataset.drawn(at).transform for at in waiting]] = True
    dataset.set_epoch(0)
    return seen


def make_table(
    teachers: Sequence[nn.Module],
    cache: SliceCache,
    wanted: NDArray[np.bool_],
    *,
    path: Path,
    device: torch.device,
    batch_size: int,
    half: bool,
) -> NDArray[np.float32]:
    """Outputs of the teachers for some symmetries of some images.

    They are kept in ``path``, so that a resumed student learns from the same numbers. Only missing
    ones are computed.

    Parameters
    ----------
    wanted : (images, symmetries), see `symmetries_seen`.
    half : compute in bfloat16, as teachers of mixed precision were trained.

    Returns
    -------
    float32, (images, symmetries, teachers); NaN where not computed.
    """
    table = _known(path, (*wanted.shape, len(teachers)))
    missing = np.argwhere(wanted & np.isnan(table).any(axis=2))
    if not len(missing):
        return table
    for teacher in teachers:
        teacher.to(device)
    steps = [missing[i : i + batch_size] for i in range(0, len(missing), batch_size)]
    mixed = torch.autocast(device.type, torch.bfloat16, enabled=half)
    for step in track(steps, "Running the teachers"):
        versions = torch.stack(
            [apply_symmetry(torch.from_numpy(cache.array(at))[None], k) for at, k in step.tolist()]
        ).to(device)
        with torch.inference_mode(), mixed:
            outputs = torch.cat([teacher(versions) for teacher in teachers], dim=1)
        table[step[:, 0], step[:, 1]] = outputs.float().cpu().numpy()
    with atomic_path(path) as partial, partial.open("wb") as file:
        np.save(file, table)
    return table


def _known(path: Path, shape: tuple[int, ...]) -> NDArray[np.float32]:
    """Table on disk; all NaN where it is missing, damaged, or of another shape."""
    try:
        table = np.load(path, allow_pickle=False)
        if table.shape == shape:
            return table
    except (OSError, ValueError, EOFError):
        pass
    return np.full(shape, np.nan, np.float32)


def fingerprint(
    teachers: Sequence[nn.Module], positions: Sequence[int], symmetries: int | None, *, half: bool
) -> str:
    """SHA-256 of everything that the outputs of teachers for some images depend on."""
    digest = hashlib.sha256(f"{list(positions)} {symmetries} {half}".encode())
    for teacher in teachers:
        for name, values in teacher.state_dict().items():
            digest.update(name.encode() + values.cpu().numpy().tobytes())
    return digest.hexdigest()


def symmetries_of(augmentation: str, *, posed: bool) -> int | None:
    """Number of versions of an image that the teachers are asked for; None if there is no end.

    Parameters
    ----------
    posed : whether the teachers bring every slice into one pose.
    """
    return {"none": 1, "dihedral": 1 if posed else SYMMETRIES}.get(augmentation)


MIN_FOLLOWED = 0.05  # share of the images
FOLLOWED = "teachers_followed"  # the column of an epoch, and the key of the result
NO_TEACHERS = (
    "distill_weight is 0, so no image follows the teachers: do not read the spread of the outputs "
    "as uncertainty"
)


def passing(table: NDArray[np.float32], labels: Sequence[float], gate: float) -> float:
    """Share of the teachers' outputs within the gate, in [0, 1]: no more can be followed.

    Parameters
    ----------
    table : (images, symmetries, teachers), NaN where not computed.
    labels : (images,).
    gate : maximum error of the teachers' mean, in units of the score.
    """
    means = table.mean(axis=2)
    known = ~np.isnan(means)
    errors = np.abs(means - np.asarray(labels, np.float32)[:, None])[known]
    return float((errors <= gate).mean()) if errors.size else 0.0


def hardly_followed(share: float, gate: float) -> str | None:
    """Warning for a low share of followed images; None where it is `MIN_FOLLOWED` or more."""
    if share >= MIN_FOLLOWED:
        return None
    return (
        f"{100 * share:.1f} % of the images follow the teachers, whose error may be {gate:g} at "
        "most: the spread of the outputs must not be read as uncertainty; raise student.gate (a "
        "share of data.scale) or train the teachers longer"
    )


def warn(text: str) -> None:
    """Write a warning to stderr, at once."""
    screen(err=True).print(f"warning: {text}", soft_wrap=True)
