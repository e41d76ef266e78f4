"""Recipe of a benchmark: data, folds, budget, seeds, tuning and methods, in one YAML file."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, get_args

from pydantic import Field, model_validator

from distiliqa.errors import RecipeError
from distiliqa.lab.data.dataset import Augmentation
from distiliqa.lab.recipe_file import Section, read_yaml, set_key, validated
from distiliqa.lab.train.recipe_sections import (
    Cases,
    HardwareSection,
    Positive,
    StudentSection,
    WindowSection,
)

Stem = Literal["none", "published", "strided"]
Use = Literal["teacher", "ensemble", "student"]
Own = Literal["vit_tiny", "vit_small", "vit_base", "compact"]
OfMonai = Literal[
    "resnet18",
    "resnet50",
    "densenet121",
    "efficientnet_b0",
    "se_resnext50",
    "monai_vit_tiny",
    "monai_vit_base",
    "swin_tiny",
]
OfTransformers = Literal["convnext_tiny", "swinv2_tiny", "deit_tiny"]
Measure = Literal["noise_level", "snr", "total_variation", "gradient_energy", "brisque", "niqe"]
FullReference = Literal["ssim", "psnr", "vif", "gmsd"]
Primary = Literal["signed_plcc", "signed_srocc", "signed_krocc", "overall", "rmse", "mae"]


class RatedSection(Section):
    """The rated images.

    Attributes
    ----------
    folder, ratings, cases : as in the recipe of a training.
    tcia : in place of folder and ratings, the folder of the cases of TCIA
        LDCT-and-Projection-data: doses are mixed and labeled by SSIM, as `distiliqa preprocess`.
    per_case : images of each patient that are used, drawn by the first seed; None for all.
    scale : lowest and highest rating.
    divide_by : the labels are the ratings divided by it, as an entry of LDCTIQAC2023 has it.
    image_size : side of the images, pixels: the middle of the body, never resampled.
    by : columns of manifest.csv whose values get rows of their own, such as ``dose``.
    """

    folder: Path | None = None
    ratings: Path | None = None
    tcia: Path | None = None
    cases: Cases | None = None
    per_case: Positive | None = None
    scale: tuple[float, float] = (0.0, 1.0)
    divide_by: float = Field(default=1.0, gt=0)
    image_size: int = Field(default=256, ge=64, le=512, multiple_of=32)
    by: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _one_source(self) -> RatedSection:
        named = (self.folder is not None, self.ratings is not None)
        if named != ((self.tcia is None,) * 2):
            raise ValueError("give folder and ratings, or tcia")
        return self

    @property
    def span(self) -> float:
        """Length of the scale, in units of the labels."""
        return (self.scale[1] - self.scale[0]) / self.divide_by


class SplitSection(Section):
    """Outer folds, whose images are predicted, and inner folds of the rest.

    The inner folds choose epoch and learning rate. They are also those of the teachers of an
    ensemble: there are as many. ``by`` is as in the recipe of a training.
    """

    count: int = Field(default=3, ge=2, le=100)
    inner: int = Field(default=3, ge=2, le=100)
    by: str = "case"


class TuningSection(Section):
    """Learning rates that are tried with every network in every outer fold, for some epochs."""

    learning_rates: tuple[Annotated[float, Field(gt=0)], ...] = Field(default=(1e-3,), min_length=1)
    epochs: Positive = 4


class MethodSection(Section):
    """A method: a network that is trained, a measure of the image, or one with its reference.

    Attributes
    ----------
    network : trained; ``measure`` : of the image alone; ``reference`` : against the best version.
    stem : put in front of the network; ``strided`` is for the package's own transformers.
    stem_blocks, stem_width : convolutions of the stem, and channels of the first.
    use : one teacher, the mean of as many as there are inner folds, or a student of them.
    distill_weight, gate, distillation : of a student.
    imagenet_weights : state dict of torchvision's ViT-B/16, for ``vit_base`` with a stem.
    folds : how images are split, where it differs from the other methods.
    """

    name: str = Field(min_length=1, max_length=60, pattern=r"^[\w+., =()-]+$")
    network: Own | OfMonai | OfTransformers | None = None
    measure: Measure | None = None
    reference: FullReference | None = None
    stem: Stem = "none"
    stem_blocks: int = Field(default=5, ge=0, le=8)
    stem_width: int = Field(default=8, ge=1, le=64)
    use: Use = "teacher"
    distill_weight: float = Field(default=0.75, ge=0)
    gate: float = Field(default=0.05, ge=0)
    distillation: Literal["added", "published"] = "added"
    imagenet_weights: Path | None = None
    folds: str | None = None

    @property
    def slug(self) -> str:
        """Name of its files."""
        return re.sub(r"[^\w.-]+", "_", self.name)

    @model_validator(mode="after")
    def _one_kind(self) -> MethodSection:
        kinds = (self.network, self.measure, self.reference)
        if sum(kind is not None for kind in kinds) != 1:
            raise ValueError("give one of network, measure and reference")
        if self.stem == "strided" and self.network not in ("vit_tiny", "vit_small", "vit_base"):
            raise ValueError("a strided stem is for vit_tiny, vit_small and vit_base")
        if self.network == "compact" and self.stem != "none":
            raise ValueError("compact has a stem of its own")
        if self.imagenet_weights and (self.network != "vit_base" or self.stem == "none"):
            raise ValueError("imagenet_weights are for vit_base with a stem")
        return self


# Keys of a training that tuning or the method gives, or that only `Network` can follow.
_NOT_HERE = (
    *("learning_rate", "distill_weight", "gate", "distillation", "held_out_fold", "crops"),
    *("composites", "layers", "layer_decay", "map_weight", "processed_weight", "pair_weight"),
)


class BenchmarkRecipe(Section):
    """A whole benchmark; `load_benchmark` reads one.

    Attributes
    ----------
    training : budget and optimizer of all networks. Keys that not every network can follow are
        refused, and those that ``tuning`` and a student's method give.
    compare_with : name of the method that all others are compared with.
    primary : the figure of that comparison, whose p-values are corrected over the rows.
    """

    data: RatedSection
    window: WindowSection = WindowSection()
    folds: SplitSection = SplitSection()
    seeds: tuple[Annotated[int, Field(ge=0, lt=1 << 31)], ...] = Field(default=(0,), min_length=1)
    augmentation: Augmentation = "dihedral"
    training: StudentSection = StudentSection(epochs=10, batch_size=8, optimizer="adamw")
    tuning: TuningSection = TuningSection()
    methods: tuple[MethodSection, ...] = Field(min_length=1)
    compare_with: str
    primary: Primary = "signed_srocc"
    resamples: int = Field(default=2000, ge=99, le=100_000)
    hardware: HardwareSection = HardwareSection()

    @model_validator(mode="after")
    def _known_names(self) -> BenchmarkRecipe:
        twice = [name for name, n in Counter(m.slug for m in self.methods).items() if n > 1]
        if twice:
            raise ValueError(f"two methods are called {twice[0]!r}")
        if self.compare_with not in {method.name for method in self.methods}:
            raise ValueError(f"compare_with: no method is called {self.compare_with!r}")
        return self

    @model_validator(mode="after")
    def _for_all_networks(self) -> BenchmarkRecipe:
        training, plain = self.training, StudentSection()
        given = [key for key in _NOT_HERE if getattr(training, key) != getattr(plain, key)]
        if training.select_on in ("training", "error_and_ladders"):
            given.append(f"select_on: {training.select_on}")
        if self.hardware.compile:
            given.append("compile")
        if given:
            raise ValueError(f"{given[0]} is not for the networks of a benchmark")
        return self

    @property
    def select_on(self) -> str:
        """Merit on held-out images of an epoch, and of the settings of BRISQUE."""
        return self.training.select_on or "error_and_correlation"

    def method(self, name: str) -> MethodSection:
        """The method of a name. Raises `RecipeError` where there is none."""
        for method in self.methods:
            if method.name == name:
                return method
        names = ", ".join(method.name for method in self.methods)
        raise RecipeError(f"no method {name!r}", remedy=f"choose {names}")


_PATHS = ("data.folder", "data.ratings", "data.tcia", "data.cases")


def load_benchmark(path: Path, overrides: Mapping[str, Any] | None = None) -> BenchmarkRecipe:
    """Read a recipe; paths in it are relative to the folder of the file.

    Parameters
    ----------
    overrides : dotted key -> value. Paths in them are relative to the working folder.

    Raises
    ------
    RecipeError : no such file, not YAML, an unknown key or a value that is not possible.
    """
    content = read_yaml(path)
    for key, value in (overrides or {}).items():
        is_path = key in _PATHS and isinstance(value, str)
        set_key(content, key, str(Path(value).resolve()) if is_path else value)
    recipe = validated(BenchmarkRecipe, content, path)
    low, high = recipe.data.scale
    if not low < high:
        raise RecipeError(f"data.scale: {low:g} is not below {high:g}", path=path)
    base, data = path.resolve().parent, recipe.data
    named = {key: getattr(data, key.removeprefix("data.")) for key in _PATHS}
    places = {
        key.removeprefix("data."): base / at for key, at in named.items() if isinstance(at, Path)
    }
    methods = tuple(
        method.model_copy(update={"imagenet_weights": base / method.imagenet_weights})
        if method.imagenet_weights
        else method
        for method in recipe.methods
    )
    return recipe.model_copy(update={"data": data.model_copy(update=places), "methods": methods})


def networks() -> tuple[str, ...]:
    """Names of all networks."""
    return tuple(name for family in (Own, OfMonai, OfTransformers) for name in get_args(family))
