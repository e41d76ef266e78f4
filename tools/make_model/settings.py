"""Settings of a model: model.yaml and the files beside it that it names."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

from distiliqa.lab.recipe_file import Section, read_yaml, validated
from distiliqa.lab.train.denoiser_losses import DenoiserLoss

FILE = "model.yaml"
Side = Literal["training", "held_out"]


class ScaleSettings(Section):
    """Scale of readers, from the training patients' slices of these regions."""

    regions: tuple[str, ...] = ("abdomen",)
    seed: int = 0


class DenoiserSettings(Section):
    """Denoising network; training sees its images unless it is held out."""

    side: Side = "training"
    loss: DenoiserLoss
    steps: int
    seed: int = 0


class ImageSettings(Section):
    """Data set: its recipe, whose slices it is made of, and with which denoising networks."""

    recipe: Path
    patients: Side
    networks: Side


class DomainSettings(Section):
    """Limits of the domain that no image shows: what headers may say.

    Attributes
    ----------
    regions : names of `distiliqa.ct.dicom.region`. pixel_mm : smallest and largest pixel, mm.
    """

    regions: tuple[str, ...]
    pixel_mm: tuple[float, float]


class FigureSettings(Section):
    """Slice of the picture, by the SOP Instance UID, and the seed of its faults."""

    sop_uid: str
    seed: int = 0


class ModelSettings(Section):
    """Settings of a model; the names of files are relative to model.yaml."""

    name: str
    version: str
    refused: tuple[str, ...]
    patients: Path
    scale: ScaleSettings
    denoisers: dict[str, DenoiserSettings]
    images: dict[str, ImageSettings]
    pretraining: Path
    teachers: Path
    student: Path
    domain: DomainSettings
    notes: tuple[Path, ...]
    figure: FigureSettings


def load_settings(path: Path) -> ModelSettings:
    """Read model.yaml. Raises `RecipeError` for an unknown key or a value that is not possible."""
    settings = validated(ModelSettings, read_yaml(path), path)
    return settings.model_copy(update=_beside(settings, path.parent))


def _beside(settings: ModelSettings, folder: Path) -> dict[str, Any]:
    """The files that the settings name, as paths that hold from the working folder."""
    images = {
        name: one.model_copy(update={"recipe": folder / one.recipe})
        for name, one in settings.images.items()
    }
    files = {
        name: folder / getattr(settings, name)
        for name in ("patients", "pretraining", "teachers", "student")
    }
    return {**files, "images": images, "notes": tuple(folder / note for note in settings.notes)}
