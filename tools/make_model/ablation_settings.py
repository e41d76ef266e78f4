"""Settings of the ablation: ablation.yaml."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

from pydantic import Field

from distiliqa.lab.recipe_file import Section, read_yaml, validated
from tools.make_model.patients import Role
from tools.make_model.settings import ImageSettings

FILE = "ablation.yaml"


class RowSettings(Section):
    """What a network of the ablation lacks.

    Attributes
    ----------
    patients : role of the patients whose images are used; None for all.
    images : the data set of the model, or the scans of the challenge alone.
    without : kinds of processing whose images are not used.
    labels : those of the model, or the structural similarity with the untouched scan.
    recipe : keys of the recipe that differ, with their values.
    """

    patients: Role | None = None
    images: Literal["training", "challenge"] = "training"
    without: tuple[str, ...] = ()
    labels: Literal["detectability", "structural_similarity"] = "detectability"
    recipe: dict[str, Any] = Field(default_factory=dict)


class AblationSettings(Section):
    """All rows; each is trained once a seed."""

    recipe: Path
    images_shown: int
    seeds: tuple[int, ...]
    challenge: ImageSettings
    rows: dict[str, RowSettings]


def load_ablation(folder: Path) -> AblationSettings:
    """Read ablation.yaml of a folder; its files lie beside it."""
    path = folder / FILE
    settings = validated(AblationSettings, read_yaml(path), path)
    challenge = settings.challenge
    return settings.model_copy(
        update={
            "recipe": folder / settings.recipe,
            "challenge": challenge.model_copy(update={"recipe": folder / challenge.recipe}),
        }
    )
