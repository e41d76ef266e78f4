"""Steps `scale` and `simulate`: the labels' scale, and the images that networks learn from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from distiliqa.ct import index_ct
from distiliqa.errors import DistiliqaError
from distiliqa.lab.data.rated_folder import MANIFEST, TEST, TRAIN
from distiliqa.lab.data.simulated import simulate_dataset
from distiliqa.lab.data.simulation_recipe import SimulationRecipe, load_simulation_recipe
from tools.make_model.scale import abdominal, fitted
from tools.make_model.settings import ImageSettings
from tools.make_model.step import Outcome

SCALE = "scale.json"


def scale_of_readers(files: Sequence[Path], out: Path) -> Outcome:
    """Fit the scale of readers on slices of training patients, see `tools.make_model.scale`."""
    slices = abdominal(info for file in files for info in index_ct(file).slices)
    scale = fitted(slices, out / "scans.jsonl")
    scale.save(out / SCALE)
    low, high = scale.knots[0], scale.knots[-1]
    return Outcome([out / SCALE], {"slices": len(slices), "knots": f"{low:.2f} to {high:.2f}"})


def simulate_images(
    images: Mapping[str, ImageSettings], sources: Path, scale: Path, denoisers: Path, out: Path
) -> Outcome:
    """Make the data sets, each in a folder of its name.

    Raises
    ------
    DistiliqaError : a slice cannot be used; all have been chosen for it.
    """
    results, figures = [], {}
    for name, settings in images.items():
        source = sources / settings.patients
        files = sorted(source.rglob("*.dcm"))
        recipe = with_inputs(settings, scale, denoisers)
        recipe = recipe.model_copy(update={"test_cases": test_cases(settings, source)})
        summary = simulate_dataset(source, files, out / name, recipe)
        for problem in summary.problems:
            raise DistiliqaError(problem.reason, path=problem.path, remedy="choose others")
        results += [out / name / file for file in (TRAIN, TEST, MANIFEST)]
        figures[f"{name} images"] = summary.images
    return Outcome(results, figures)


def with_inputs(settings: ImageSettings, scale: Path, denoisers: Path) -> SimulationRecipe:
    """Recipe of a data set with the scale and the denoising networks of this model."""
    recipe = load_simulation_recipe(settings.recipe)
    networks = denoisers / settings.networks
    processing = recipe.processing.model_copy(
        update={"networks": networks if networks.is_dir() else None}
    )
    return recipe.model_copy(update={"scale": scale / SCALE, "processing": processing})


def test_cases(settings: ImageSettings, source: Path) -> tuple[str, ...]:
    """Held-out patients, whose images go to ``test.json``; none where the images train."""
    held_out = settings.patients == "held_out"
    return tuple(sorted(path.name for path in source.iterdir())) if held_out else ()
