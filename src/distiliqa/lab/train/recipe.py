"""Recipe of a training run: all its settings in one validated YAML file."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any

import yaml
from pydantic import Field

from distiliqa.errors import DistiliqaError, RecipeError
from distiliqa.files import write_text
from distiliqa.lab.data.dataset import Augmentation
from distiliqa.lab.data.label_maps import BLOCK
from distiliqa.lab.recipe_file import Section, read_yaml, set_key, validated
from distiliqa.lab.train.recipe_sections import (
    DataSection,
    FoldSection,
    HardwareSection,
    NetworkSection,
    SelectOn,
    StepSection,
    StudentSection,
    WindowSection,
)

SHIPPED = ("published", "compact", "smoke")


class Recipe(Section):
    """A whole training run. `load_recipe` reads one, `save_recipe` writes the merged one."""

    network: NetworkSection = NetworkSection()
    data: DataSection = DataSection()
    window: WindowSection = WindowSection()
    folds: FoldSection = FoldSection()
    augmentation: Augmentation = "dihedral"
    imagenet_weights: str | None = None  # a path, or "download"
    initial_weights: Path | None = None  # a shipped model, a model folder, ONNX or safetensors
    teacher: StepSection = StepSection()
    student: StudentSection = StudentSection()
    hardware: HardwareSection = HardwareSection()
    seed: int = Field(default=0, ge=0, lt=1 << 32)
    tensorboard: bool = False


def load_recipe(source: str | Path, overrides: Mapping[str, Any] | None = None) -> Recipe:
    """Read a shipped recipe by name or a YAML file, and apply overrides.

    Parameters
    ----------
    source : ``published``, ``compact``, ``smoke`` or the path of a YAML file.
    overrides : dotted key -> value, such as ``{"teacher.epochs": 3}``.

    Raises
    ------
    RecipeError : no such recipe, not YAML, an unknown key (the right one is suggested) or a value
        that is not possible.
    """
    path = Path(source)
    if str(source) in SHIPPED:
        path = Path(str(files("distiliqa.lab.train").joinpath("recipes", f"{source}.yaml")))
    elif not path.is_file():
        raise RecipeError(
            "no such recipe", path=source, remedy=f"give a YAML file or one of {', '.join(SHIPPED)}"
        )
    content = read_yaml(path)
    for key, value in (overrides or {}).items():
        set_key(content, key, value)
    return _validated(content, source)


def save_recipe(recipe: Recipe, path: Path) -> None:
    """Write the recipe with every default spelled out."""
    write_text(path, yaml.safe_dump(recipe.model_dump(mode="json"), sort_keys=False))


def _validated(content: dict[str, Any], source: str | Path) -> Recipe:
    recipe = _selected(validated(Recipe, content, source))
    try:
        _check_crops(recipe)
        _check_maps(recipe)
    except DistiliqaError as error:
        raise RecipeError(f"network: {error}", path=source) from error
    student = recipe.student
    if student.composites and student.distill_weight and recipe.augmentation.endswith("rescale"):
        raise RecipeError(
            "student.composites: teachers cannot rate a rescaled image apart from its disc",
            path=source,
            remedy="set augmentation to dihedral, or composites to 0",
        )
    low, high = recipe.data.scale
    if not low < high:
        raise RecipeError(
            f"data.scale: {low:g} is not below {high:g}", path=source, remedy="give [low, high]"
        )
    return recipe


def _selected(recipe: Recipe) -> Recipe:
    """The recipe with a default ``select_on`` for both steps.

    Error and correlation count where the scale of the labels is known beforehand, else correlation
    alone. Teachers of a student that is selected as published are selected so too.
    """
    known = "scale" in recipe.data.model_fields_set or recipe.initial_weights is not None
    usual: SelectOn = "error_and_correlation" if known else "held_out"
    published = recipe.student.select_on in ("held_out", "training")
    defaults = {"teacher": "held_out" if published else usual, "student": usual}
    steps = {
        name: step.model_copy(update={"select_on": step.select_on or defaults[name]})
        for name, step in (("teacher", recipe.teacher), ("student", recipe.student))
    }
    return recipe.model_copy(update=steps)


def _check_crops(recipe: Recipe) -> None:
    network = recipe.network.config(1)
    cropped = recipe.teacher.crops or recipe.student.crops
    patch = network.patch << network.stem_blocks
    if cropped and (network.stem != "strided" or network.image_size % (2 * patch)):
        raise RecipeError(
            "cannot learn from crops, which must be whole patches of a strided stem",
            remedy="set crops to 0",
        )


def _check_maps(recipe: Recipe) -> None:
    if not (recipe.teacher.map_weight or recipe.student.map_weight):
        return
    network = recipe.network.config(1)
    block = network.patch << network.stem_blocks
    if network.stem != "strided" or block != BLOCK:
        raise RecipeError(
            f"cannot learn quality maps, whose parts have {BLOCK} pixels, with parts of {block}",
            remedy="set map_weight to 0",
        )
