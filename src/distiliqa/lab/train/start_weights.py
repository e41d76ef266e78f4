"""Start weights of a network: ImageNet, a trained network, or random ones."""

from __future__ import annotations

from pathlib import Path

from distiliqa.errors import DistiliqaError, RecipeError
from distiliqa.files import sha256
from distiliqa.lab.network.imagenet import DOWNLOAD, load_imagenet
from distiliqa.lab.network.network import Network
from distiliqa.lab.network.weights import start_from, weights_file
from distiliqa.lab.train.recipe import Recipe
from distiliqa.lab.train.recipe_sections import Cases
from distiliqa.models.folder import find_model, shipped_models

RANDOM_START = (
    "the network starts from random weights, that of the paper from ImageNet: give "
    "imagenet_weights the file vit_b_16-c867db91.pth of torchvision, or the word download"
)


def starts_at_random(recipe: Recipe) -> bool:
    """Test whether the published network starts without the ImageNet weights of the paper."""
    published = recipe.network.preset == "published"
    return published and not (recipe.imagenet_weights or recipe.initial_weights)


def with_absolute_paths(recipe: Recipe) -> Recipe:
    """Recipe whose data and start weights are named by paths that hold from any working folder.

    Raises
    ------
    RecipeError : the recipe names no data.
    DistiliqaError : no such start weights; known before slices are decoded, not after.
    """
    data = recipe.data
    if data.folder is None or data.ratings is None:
        raise RecipeError("no data named", remedy="give --data FOLDER and --ratings JSON")
    paths = {
        "folder": data.folder.resolve(),
        "ratings": data.ratings.resolve(),
        "cases": _absolute(data.cases),
    }
    folds = recipe.folds
    imagenet, initial = recipe.imagenet_weights, recipe.initial_weights
    if imagenet is not None and imagenet != DOWNLOAD:
        imagenet = str(_existing(Path(imagenet)))
    if initial is not None and str(initial) not in shipped_models():
        initial = _existing(initial)
    changed = {
        "data": data.model_copy(update=paths),
        "folds": folds.model_copy(update={"always_train": _absolute(folds.always_train)}),
        "imagenet_weights": imagenet,
        "initial_weights": initial,
    }
    return recipe.model_copy(update=changed)


def start(network: Network, recipe: Recipe) -> None:
    """Load the weights that the recipe names, if any, into a new network.

    Raises
    ------
    DistiliqaError : see `load_imagenet` and `start_from`.
    """
    if recipe.imagenet_weights:
        load_imagenet(network.vit, recipe.imagenet_weights)
    if recipe.initial_weights:
        start_from(network, _weights_file(recipe.initial_weights))


def start_facts(recipe: Recipe) -> dict[str, str | None]:
    """SHA-256 of the start weights of a recipe, for ``run.json``; None where it names none."""
    imagenet, initial = recipe.imagenet_weights, recipe.initial_weights
    given = imagenet if imagenet and imagenet != DOWNLOAD else None
    return {
        "imagenet_weights_sha256": sha256(Path(given)) if given else None,
        "initial_weights_sha256": sha256(_weights_file(initial)) if initial else None,
    }


def _weights_file(named: Path) -> Path:
    """The weights of a shipped model or a model folder; any other file as it is."""
    if str(named) not in shipped_models() and not named.is_dir():
        return named
    return weights_file(find_model(named))


def _absolute(cases: Cases | None) -> Cases | None:
    return cases.resolve() if isinstance(cases, Path) else cases


def _existing(path: Path) -> Path:
    if not path.exists():
        raise DistiliqaError("no such weights", path=path, remedy="check the path")
    return path.resolve()
