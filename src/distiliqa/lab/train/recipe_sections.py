"""Sections of the recipe of a training run: network, data, window, folds, steps and hardware."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, model_validator

from distiliqa.ct.window import Window
from distiliqa.foreign_text import read_text
from distiliqa.lab.data.label_maps import BLOCK
from distiliqa.lab.network.sizes import PRESETS, NetworkConfig
from distiliqa.lab.recipe_file import Section

SelectOn = Literal["held_out", "error", "error_and_correlation", "error_and_ladders"]
Cases = tuple[str, ...] | Path
Kinds = tuple[str, ...]
Positive = Annotated[int, Field(ge=1, lt=1 << 31)]
Size = Annotated[int, Field(lt=1 << 16)]
Weight = Annotated[float, Field(ge=0)]
Layers = Literal["head", "transformer", "all"]
Share = Annotated[float, Field(ge=0, lt=1)]


class NetworkSection(Section):
    """A preset by name, and any size that differs from it (see `NetworkConfig`)."""

    preset: Literal["published", "compact"] = "compact"
    stem: Literal["published", "strided"] | None = None
    stem_blocks: Annotated[int, Field(le=16)] | None = None
    stem_width: Size | None = None
    stem_channels: Literal["grown", "doubled"] | None = None
    first_kernel: Size | None = None
    patch: Size | None = None
    depth: Size | None = None
    width: Size | None = None
    heads: Size | None = None
    mlp: Size | None = None

    def config(self, outputs: int) -> NetworkConfig:
        """The network's sizes, with a head of ``outputs``."""
        changed = self.model_dump(exclude={"preset"}, exclude_none=True)
        return NetworkConfig(**(PRESETS[self.preset].as_dict() | changed | {"outputs": outputs}))


class DataSection(Section):
    """Paths of the rated images, and the meaning of their scores.

    Attributes
    ----------
    cases : patients whose images alone are used, as a list or a text file with one a line; None
        for all.
    scale : lowest and highest score that may occur.
    without : kinds of processing whose images are not used, as the column ``process`` of
        manifest.csv names them.
    higher_is_better : False where the best images have the lowest score, as on many Likert scales.
    """

    folder: Path | None = None
    ratings: Path | None = None
    cases: Cases | None = None
    without: Kinds = ()
    scale: tuple[float, float] = (0.0, 1.0)
    meaning: str = "structural similarity to the full-dose slice"
    higher_is_better: bool = True

    @property
    def span(self) -> float:
        """Length of the scale, in units of the score."""
        return self.scale[1] - self.scale[0]


class WindowSection(Section):
    """Window width and level, HU."""

    width: float = Field(default=350.0, gt=0)
    level: float = 40.0

    def window(self) -> Window:
        """The window as `distiliqa.ct` applies it."""
        return Window(self.width, self.level)


class FoldSection(Section):
    """Folds of the teachers; ``contiguous`` is the published way.

    Attributes
    ----------
    always_train : patients on the training side of every fold, such as those of a pretraining, as a
        list or a text file with one a line.
    without : a kind of processing for each teacher, or fewer, as the column ``process`` of
        manifest.csv names it. Images of the first kind are not in the training of the first
        teacher, and do not choose its epoch: how it rates them in its validation fold is how a
        network rates a kind that it never saw. The student sees all.
    """

    count: int = Field(default=5, ge=2, lt=1 << 16)
    by: str = "case"
    always_train: Cases = ()
    without: Kinds = ()

    @model_validator(mode="after")
    def _one_a_teacher(self) -> FoldSection:
        if len(self.without) > self.count:
            raise ValueError(f"{len(self.without)} kinds in without, for {self.count} teachers")
        return self


class StepSection(Section):
    """Training of one network; the defaults are those of the published teacher.

    Attributes
    ----------
    map_weight, processed_weight : weights of the losses of the heads for the quality map (absolute
        error in units of the score, weighted by tissue) and for processing (binary cross-entropy).
        With 0 the network lacks that head; images without such labels do not count.
    composites : share of the images with a quality map that get a disc of another version of their
        slice while training.
    pair_weight : weight of the error of differences between versions of one slice, of which batches
        then hold four.
    layers : layers that learn. ``head`` is the last linear layer, ``transformer`` all behind the
        stem and the projection of its patches; the others keep their weights.
    layer_decay : rate of a layer relative to that of the next one; below 1 early layers learn less.
    consistency : weight of the penalty on the squared change of outputs under a symmetry.
    select_on : merit on the held-out images by which the best epoch is selected. ``held_out``, as
        published: the sum of the correlations. ``error``: a small mean absolute error.
        ``error_and_correlation``: both. ``error_and_ladders``: error, and the order of versions of
        one slice. See `distiliqa.lab.train.merit`. None stands for
        ``error_and_correlation`` where the scale of the labels is known, else for ``held_out``.
    """

    epochs: Positive = 500
    batch_size: Positive = 10  # images of all processes together
    accumulate: Positive = 1
    optimizer: Literal["sgd", "adamw"] = "sgd"
    learning_rate: float = Field(default=1e-3, gt=0)
    final_learning_rate: float = Field(default=1e-6, ge=0)
    momentum: float = Field(default=0.9, ge=0, lt=1)
    weight_decay: Weight = 0.0
    l1_weight: Weight = 1.0
    mse_weight: Weight = 1.0
    crops: Share = 0.0  # of the training batches that show a quarter of the image only
    shifts: Annotated[int, Field(ge=0, lt=BLOCK)] = 0  # pixels, at most, of the other batches
    map_weight: Weight = 0.0
    processed_weight: Weight = 0.0
    composites: Share = 0.0
    pair_weight: Weight = 0.0
    consistency: Weight = 0.0
    layers: Layers = "all"
    layer_decay: float = Field(default=1.0, gt=0, le=1)
    averaging: Share = 0.0  # decay at each step of the moving average of weights; 0 keeps the last
    patience: Positive | None = None  # epochs without a better validation before it stops
    select_on: SelectOn | None = None


class StudentSection(StepSection):
    """Distillation of the student; ``published`` values reproduce the published code.

    Attributes
    ----------
    distill_weight : weight of the teachers' term; with 0 no teacher is needed.
    gate : maximum error of the teachers' mean at which the student follows them, as a share of
        `data.scale`.
    select_on : also ``training``, as published: the correlations on all images, none held out.
    """

    epochs: Positive = 200
    batch_size: Positive = 25
    distill_weight: Weight = 0.75
    gate: Weight = 0.05
    distillation: Literal["added", "published"] = "added"
    select_on: SelectOn | Literal["training"] | None = None  # type: ignore[assignment]
    held_out_fold: Positive = 1

    @property
    def holds_out(self) -> bool:
        """True if a fold is held out of the training of the student."""
        return self.select_on != "training"


class HardwareSection(Section):
    """Hardware, with the terms of Lightning's Trainer. It changes results by rounding alone.

    Attributes
    ----------
    workers : processes that read ahead; 0 reads in the training process, which is fastest where
        cores are few or the slices lie on the GPU.
    compile : let torch compile the network first; minutes that pay in long runs. It needs a C++
        compiler.
    resident : hold the slices on the GPU where they fit in half of its free memory.
    """

    accelerator: str = "auto"
    devices: int | str | list[int] = "auto"
    nodes: Positive = 1
    strategy: str = "auto"
    precision: Literal["32-true", "bf16-mixed", "16-mixed"] = "32-true"
    workers: int = Field(default=0, ge=0, lt=1 << 10)
    compile: bool = False
    resident: bool = True


def named_cases(cases: Cases) -> tuple[str, ...]:
    """Patients of a list, or of the lines of a text file.

    Raises
    ------
    DistiliqaError : the file cannot be read.
    """
    if not isinstance(cases, Path):
        return cases
    return tuple(line.strip() for line in read_text(cases).splitlines() if line.strip())
