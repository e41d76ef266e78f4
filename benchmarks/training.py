"""Training samples a second: the published loop and the package's, batch and network equal.

    python benchmarks/training.py [--json FILE]

The loop is `bench.published_loop`. The package trains its own modules with its own trainer, from
its cache of slices, in bfloat16 (on a GPU compiled), the student from a table of the teachers'
outputs. Its cost is included: it is spread over the epochs of the published student.
"""

from __future__ import annotations

import contextlib
import copy
import io
import statistics
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import cycle, islice
from pathlib import Path
from typing import Any

import numpy as np
import torch
from lightning.pytorch.callbacks import Checkpoint
from torch.utils.data import DataLoader
from torch.utils.flop_counter import FlopCounterMode

from bench.figures import Figure, Found, main
from bench.published_loop import DicomSlices, train_epoch
from bench.rounds import Seconds, ratio, side_by_side
from bench.slices import source
from distiliqa.lab.data.cache import SliceCache, open_cache
from distiliqa.lab.data.dataset import SYMMETRIES, RatedDataset
from distiliqa.lab.data.ratings import RatedImage
from distiliqa.lab.network.network import Network
from distiliqa.lab.network.sizes import PRESETS
from distiliqa.lab.train.callbacks import Residence
from distiliqa.lab.train.engine import compile_network, make_trainer
from distiliqa.lab.train.freed_memory import freed_memory_kept
from distiliqa.lab.train.loaders import Batches
from distiliqa.lab.train.recipe import load_recipe
from distiliqa.lab.train.recipe_sections import StudentSection
from distiliqa.lab.train.student_module import StudentModule
from distiliqa.lab.train.teacher import TeacherModule
from distiliqa.lab.train.teacher_outputs import TeacherOutputs, make_table
from distiliqa.lab.train.training_module import RatingModule

TEACHERS = 5
TEACHER, STUDENT, TABLE = "teacher", "student", "table"
PEAKS = {"H100": 989e12, "H200": 989e12, "A100": 312e12}  # bf16, dense, by NVIDIA's data sheets


@dataclass(frozen=True)
class Work:
    """Work of both: a preset, some images, batches of one size, one device."""

    preset: str
    images: tuple[RatedImage, ...]
    batch: int
    gpu: bool
    folder: Path

    @property
    def device(self) -> torch.device:
        return torch.device("cuda" if self.gpu else "cpu")

    def network(self, outputs: int) -> Network:
        torch.manual_seed(0)
        return Network(PRESETS[self.preset].with_outputs(outputs)).to(self.device)

    def wait(self) -> None:
        if self.gpu:
            torch.cuda.synchronize()


def slices(count: int) -> tuple[RatedImage, ...]:
    """DICOM slices, repeated to ``count``; which score they are given does not matter here."""
    paths = islice(cycle(sorted(source().rglob("*.dcm"))), count)
    return tuple(RatedImage(str(n), path, n / count) for n, path in enumerate(paths))


def published(work: Work, teachers: Sequence[Network]) -> dict[str, Callable[[], object]]:
    """An epoch of the published teacher and student."""
    paths, labels = zip(*((image.path, image.score) for image in work.images), strict=True)
    loader = DataLoader(
        DicomSlices(paths, labels, augmented=True), batch_size=work.batch, shuffle=True
    )
    runs: dict[str, Callable[[], object]] = {}
    for name, chosen in ((TEACHER, ()), (STUDENT, teachers)):
        network = work.network(len(chosen) or 1)
        optimizer = torch.optim.SGD(network.parameters(), lr=1e-3, momentum=0.9)
        runs[name] = partial(train_epoch, network, optimizer, loader, chosen)
    return runs


def package(
    work: Work, cache: SliceCache, teachers: Sequence[Network]
) -> dict[str, Callable[[], object]]:
    """An epoch of the package's teacher and student, and the making of its table."""
    step = StudentSection(batch_size=work.batch, epochs=1)
    table = torch.rand(len(cache), SYMMETRIES, TEACHERS).numpy()
    modules = {
        TEACHER: TeacherModule(work.network(1), step, 0),
        STUDENT: StudentModule(work.network(TEACHERS), step, 0, TeacherOutputs((), table)),
    }
    if work.gpu:
        for module in modules.values():
            compile_network(module.network)
    runs: dict[str, Callable[[], object]] = {
        name: partial(package_epoch, work, cache, module) for name, module in modules.items()
    }
    return runs | {TABLE: partial(package_table, work, cache, teachers)}


def package_epoch(work: Work, cache: SliceCache, module: RatingModule) -> None:
    """The package's own trainer and batches, without the files it writes after an epoch."""
    accelerator = "gpu" if work.gpu else "cpu"
    hardware = {"hardware.accelerator": accelerator, "hardware.precision": "bf16-mixed"}
    data = RatedDataset(work.images, cache, range(len(cache)), augmentation="dihedral")
    batches = Batches(data, None, batch_size=work.batch)
    # The second keeps Lightning from writing checkpoints of its own.
    callbacks = [Residence(cache, batches.datasets), Checkpoint()]
    with contextlib.redirect_stdout(io.StringIO()), freed_memory_kept():
        recipe = load_recipe("published", hardware | {"hardware.devices": 1})
        make_trainer(recipe, module.step, work.folder, callbacks).fit(module, datamodule=batches)
    work.wait()


def package_table(work: Work, cache: SliceCache, teachers: Sequence[Network]) -> None:
    """One symmetry of each image shown to the teachers."""
    path = work.folder / "table.npy"
    path.unlink(missing_ok=True)
    with contextlib.redirect_stderr(io.StringIO()):
        make_table(
            teachers,
            cache,
            np.ones((len(cache), 1), np.bool_),
            path=path,
            device=work.device,
            batch_size=work.batch,
            half=True,
        )


def timed(work: Work, rounds: int) -> Seconds:
    """Seconds of an epoch of each, ``published teacher`` and so on."""
    one = work.network(1).eval()
    teachers = [copy.deepcopy(one) for _ in range(TEACHERS)]
    # Weights of a module take the format of a call without types.
    channels_last: Any = {"memory_format": torch.channels_last}
    fast_teachers = [teacher.to(**channels_last) for teacher in copy.deepcopy(teachers)]
    with contextlib.redirect_stderr(io.StringIO()):
        cache = open_cache(work.images, folder=work.folder)
    sides = {
        "published": published(work, teachers),
        "package": package(work, cache, fast_teachers),
    }
    return side_by_side(
        {f"{side} {name}": run for side, runs in sides.items() for name, run in runs.items()},
        rounds,
    )


def figures(work: Work, seconds: Seconds, at_least: float | None) -> Iterator[Figure]:
    """Samples a second of both and their ratio, for teacher and student."""
    versions = SYMMETRIES / load_recipe("published").student.epochs
    with_table = [
        epoch + versions * table
        for epoch, table in zip(
            seconds[f"package {STUDENT}"], seconds[f"package {TABLE}"], strict=True
        )
    ]
    seconds = seconds | {f"package {STUDENT}": with_table}
    where = f"{work.preset} network, {'GPU' if work.gpu else 'CPU'}"
    for part in (TEACHER, STUDENT):
        slow, fast = f"published {part}", f"package {part}"
        for name, side in (("published loop", slow), ("package", fast)):
            speed = len(work.images) / statistics.median(seconds[side])
            yield Figure(f"{name}, {part} ({where})", speed, "samples/s")
        note = f"batches of {work.batch}" + (", the table included" if part == STUDENT else "")
        times = ratio(seconds, slow, fast)
        yield Figure(f"{part} ({where})", times, "times", at_least=at_least, note=note)


def flop_a_sample(preset: str) -> float:
    """Floating point operations of a training step on one image, forward and backward."""
    network = Network(PRESETS[preset]).to("meta")
    with FlopCounterMode(display=False) as counter:
        network(torch.empty(1, 1, 512, 512, device="meta")).sum().backward()
    return float(counter.get_total_flops())


def on_gpu(folder: Path) -> Iterator[Figure]:
    """The published network in its published batches, and its share of the peak."""
    work = Work("published", slices(40), 10, True, folder)
    seconds = timed(work, rounds=3)
    yield from figures(work, seconds, at_least=5.0)
    name = torch.cuda.get_device_name()
    if peak := next((peak for key, peak in PEAKS.items() if key in name), None):
        speed = len(work.images) / statistics.median(seconds[f"package {TEACHER}"])
        share = speed * flop_a_sample("published") / peak
        note = f"teacher, of {peak:.3g} bf16 FLOP/s of {name}"
        yield Figure("share of the peak FLOP/s", share, "", at_least=0.35, note=note)


def measure() -> Found:
    found = Found("Training", (__doc__ or "").split("\n\n", 2)[2])
    with tempfile.TemporaryDirectory() as folder:
        for preset, count, batch, bound in (("published", 2, 2, 3.0), ("compact", 12, 4, None)):
            work = Work(preset, slices(count), batch, False, Path(folder))
            found.figures.extend(figures(work, timed(work, rounds=3), bound))
        if torch.cuda.is_available():
            found.figures.extend(on_gpu(Path(folder)))
        else:
            found.left_out.append("training on a GPU: there is none here")
    return found


if __name__ == "__main__":
    main(measure, __doc__)
