"""What would stop a method hours later stops the benchmark before its first training."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from distiliqa import extras
from distiliqa.errors import DistiliqaError, RecipeError
from distiliqa.files import sha256
from distiliqa.lab.benchmark import foreign_networks
from distiliqa.lab.benchmark.backbones import architecture, new_rater
from distiliqa.lab.benchmark.benchmark_recipe import BenchmarkRecipe
from distiliqa.lab.benchmark.method_checks import check_methods
from distiliqa.lab.benchmark.rated_set import RatedSet, open_rated_set
from distiliqa.lab.benchmark.trained_methods import Trainer
from distiliqa.lab.network.transformer import VisionTransformer

Make = Callable[..., BenchmarkRecipe]
TINY = (2, 32, 2, 64)  # depth, width, heads, hidden channels


@pytest.fixture
def weights(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Weights of a ViT in torchvision's layout, that stands for ViT-B."""
    monkeypatch.setitem(foreign_networks.VITS, "vit_base", TINY)
    depth, width, heads, mlp = TINY
    vit = VisionTransformer(
        3, 224, patch=16, depth=depth, width=width, heads=heads, mlp=mlp, outputs=10
    )
    state = {name: torch.randn_like(tensor) / 50 for name, tensor in vit.state_dict().items()}
    torch.save(state, tmp_path / "vit.pth")
    return tmp_path / "vit.pth"


def rated(make: Make, folder: Path, **method: str) -> RatedSet:
    recipe = make([{"name": "a", **method}, {"name": "b", "network": "compact"}])
    return open_rated_set(recipe, folder / "cache")


IMAGENET = {"network": "vit_base", "stem": "published", "imagenet_weights": "vit.pth"}


@pytest.mark.parametrize("stem", ["published", "strided"])
def test_training_starts_from_the_file_beside_the_recipe(
    benchmark_recipe: Make, weights: Path, tmp_path: Path, stem: str
) -> None:
    found = rated(benchmark_recipe, tmp_path, **(IMAGENET | {"stem": stem}))
    check_methods(found, found.recipe.methods)
    method = found.recipe.method("a")
    assert method.imagenet_weights == weights
    network = architecture(method, 96)
    assert network.slug.endswith(f"-vit_base-vit-{sha256(weights)[:8]}")
    name = "encoder.layers.encoder_layer_1.mlp.3.weight"
    state = new_rater(network).state_dict()
    (ours,) = (key for key in state if key.endswith(name))
    assert torch.equal(state[ours], torch.load(weights, weights_only=True)[name])
    fold = found.folds("case")[0]
    outcome = Trainer(found, tmp_path / "work", 1, fold, "case").run(method, 0)
    assert np.isfinite(outcome.scores).all()


def test_weights_that_do_not_fit_are_one_line(
    benchmark_recipe: Make, weights: Path, tmp_path: Path
) -> None:
    found = rated(benchmark_recipe, tmp_path, **IMAGENET)
    state = torch.load(weights, weights_only=True)
    torch.save({name: t for name, t in state.items() if "ln." not in name}, weights)
    with pytest.raises(DistiliqaError, match=r"vit.pth: .*lacks 'encoder.ln.bias' and 1 more"):
        check_methods(found, found.recipe.methods)
    torch.save(
        {name: t[..., :8] if "encoder.ln" in name else t for name, t in state.items()}, weights
    )
    with pytest.raises(DistiliqaError, match=r"other sizes \(encoder.ln.bias is \[8\], not \[32\]"):
        check_methods(found, found.recipe.methods)
    weights.unlink()
    with pytest.raises(DistiliqaError, match=r"vit.pth: no such file; check the path"):
        check_methods(found, found.recipe.methods)


@pytest.mark.parametrize(
    ("method", "missing", "says"),
    [
        ({"network": "resnet18"}, "monai", r"the extra benchmark \(monai is missing\)"),
        ({"network": "deit_tiny"}, "transformers", "deit_tiny needs the extra benchmark-transf"),
        ({"measure": "niqe"}, "cv2", r"BRISQUE and NIQE need the extra benchmark \(cv2 is miss"),
    ],
)
def test_a_library_that_is_missing(
    benchmark_recipe: Make,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    method: dict[str, str],
    missing: str,
    says: str,
) -> None:
    found = rated(benchmark_recipe, tmp_path, **method)
    monkeypatch.setattr(extras, "is_installed", lambda module: module != missing)
    with pytest.raises(DistiliqaError, match=says):
        check_methods(found, found.recipe.methods)
    check_methods(found, [found.recipe.method("b")])


def test_an_image_without_a_reference(benchmark_recipe: Make, tmp_path: Path) -> None:
    found = rated(benchmark_recipe, tmp_path, reference="vif")
    check_methods(found, found.recipe.methods)
    found.references.clear()  # type: ignore[attr-defined]
    with pytest.raises(RecipeError, match="has no reference of full dose"):
        check_methods(found, found.recipe.methods)


@pytest.mark.slow
def test_a_file_of_the_shapes_of_torchvision(benchmark_recipe: Make, tmp_path: Path) -> None:
    """ViT-B/16 as torchvision saves it: older names of the perceptron, a head of 1000 classes."""
    vit = VisionTransformer(3, 224, patch=16, depth=12, width=768, heads=12, mlp=3072, outputs=1000)
    names = {".mlp.0.": ".mlp.linear_1.", ".mlp.3.": ".mlp.linear_2.", "heads.": "heads.head."}
    state = {}
    for name, tensor in vit.state_dict().items():
        for new, old in names.items():
            name = name.replace(new, old)
        state[name] = tensor
    assert state["encoder.pos_embedding"].shape == (1, 197, 768)
    torch.save(state, tmp_path / "vit.pth")
    found = rated(benchmark_recipe, tmp_path, **IMAGENET)
    check_methods(found, found.recipe.methods)
    (tmp_path / "vit.pth").unlink()
