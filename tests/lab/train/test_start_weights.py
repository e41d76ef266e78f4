"""The weights that a training starts from."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from distiliqa.errors import DistiliqaError, RecipeError
from distiliqa.files import sha256
from distiliqa.foreign_json import read_json
from distiliqa.lab.network.sizes import NetworkConfig
from distiliqa.lab.network.transformer import VisionTransformer
from distiliqa.lab.network.weights import read_network, weights_file
from distiliqa.lab.train.recipe import Recipe, load_recipe
from distiliqa.lab.train.runs import start_run
from distiliqa.lab.train.training_run import TrainingRun
from distiliqa.models.folder import read_config, shipped_models

MakeRecipe = Callable[..., Recipe]
NOT_OF_RECIPES = ("outputs", "image_size", "map", "processed")


def test_a_run_starts_from_trained_weights(
    trained: TrainingRun, recipe: MakeRecipe, tmp_path: Path
) -> None:
    first = trained.teacher_weights(1)
    run = start_run(tmp_path / "run", recipe(initial_weights=str(first)), resume=False)
    image = torch.rand(1, 1, 512, 512)
    with torch.inference_mode():
        taught, student = (
            read_network(first)(image),
            run.new_network(3, run.recipe.teacher).eval()(image),
        )
    torch.testing.assert_close(student, taught.expand(1, 3))
    assert read_json(run.folder / "run.json")["initial_weights_sha256"] == sha256(first)
    other = recipe(initial_weights=str(first), **{"network.depth": 2})
    with pytest.raises(RecipeError, match="other sizes"):
        start_run(tmp_path / "other", other, resume=False).new_network(1, other.teacher)


def test_a_run_starts_from_a_shipped_model_or_a_model_folder(
    recipe: MakeRecipe, rated_folder: Path, tmp_path: Path
) -> None:
    data = {"data.folder": str(rated_folder), "data.ratings": str(rated_folder / "train.json")}
    shipped = shipped_models()["compact"]
    sizes = NetworkConfig(**read_config(shipped).architecture).as_dict()
    data |= {f"network.{name}": sizes[name] for name in sizes if name not in NOT_OF_RECIPES}
    for named in ("compact", str(shipped)):
        compact = load_recipe("compact", data | {"initial_weights": named, "folds.count": 2})
        run = start_run(tmp_path / Path(named).parent.name, compact, resume=False)
        known = read_network(weights_file(shipped)).state_dict()
        began = run.new_network(1, run.recipe.teacher).state_dict()
        for name, values in began.items():
            expected = known[name].mean(0, keepdim=True) if "vit.heads." in name else known[name]
            torch.testing.assert_close(values, expected)
        facts = read_json(run.folder / "run.json")
        assert facts["initial_weights_sha256"] == sha256(weights_file(shipped))
        assert compact.teacher.select_on == "error_and_correlation"
    with pytest.raises(DistiliqaError, match="no such weights; check the path"):
        start_run(tmp_path / "none", recipe(initial_weights="none.safetensors"), resume=False)
    assert not (tmp_path / "none" / "cache").exists()


def test_the_published_network_starts_from_imagenet_or_says_that_it_does_not(
    recipe: MakeRecipe, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sizes = {"network.preset": "published", "network.stem_blocks": 1, "network.stem_width": 2}
    toy = sizes | {"network.width": 16, "network.mlp": 24, "network.depth": 1}
    start_run(tmp_path / "random", recipe(**toy), resume=False)
    assert capsys.readouterr().err.count("warning: the network starts from random weights") == 1
    vit = VisionTransformer(3, 224, patch=16, depth=1, width=16, heads=2, mlp=24, outputs=10)
    names = {"heads.": "heads.head.", ".mlp.0.": ".mlp.linear_1.", ".mlp.3.": ".mlp.linear_2."}
    state = vit.state_dict()
    for now, then in names.items():  # as torchvision's file calls them
        state = {name.replace(now, then): values for name, values in state.items()}
    torch.save(state, tmp_path / "vit_b_16.pth")
    given = recipe(imagenet_weights=str(tmp_path / "vit_b_16.pth"), **toy)
    run = start_run(tmp_path / "given", given, resume=False)
    assert "random weights" not in capsys.readouterr().err
    layer = "encoder.layers.encoder_layer_0.mlp.3.weight"
    assert torch.equal(
        run.new_network(1, run.recipe.teacher).vit.state_dict()[layer], vit.state_dict()[layer]
    )
    facts = read_json(run.folder / "run.json")
    assert facts["imagenet_weights_sha256"] == sha256(tmp_path / "vit_b_16.pth")
    with pytest.raises(DistiliqaError, match="no such weights"):
        start_run(tmp_path / "none", recipe(imagenet_weights="none.pth", **toy), resume=False)
