"""What a recipe may say: one kind a method, names that are known, paths beside the file."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from distiliqa.errors import RecipeError
from distiliqa.lab.benchmark.benchmark_recipe import BenchmarkRecipe, load_benchmark

Make = Callable[..., BenchmarkRecipe]


@pytest.mark.parametrize(
    ("method", "says"),
    [
        ({}, "give one of network, measure and reference"),
        ({"network": "resnet18", "measure": "snr"}, "give one of network, measure and reference"),
        ({"network": "resnet19"}, "methods.0.network"),
        ({"network": "resnet18", "stem": "strided"}, "a strided stem is for vit_tiny"),
        ({"network": "compact", "stem": "published"}, "compact has a stem of its own"),
        ({"network": "resnet18", "imagenet_weights": "w.pth"}, "are for vit_base with a stem"),
        ({"network": "resnet18", "stm": "none"}, "did you mean 'stem'?"),
    ],
)
def test_methods_that_are_not_possible(
    benchmark_recipe: Make, method: dict[str, Any], says: str
) -> None:
    with pytest.raises(RecipeError) as error:
        benchmark_recipe([{"name": "a"} | method])
    assert says in str(error.value)


@pytest.mark.parametrize(
    ("section", "key", "value"),
    [
        ("training", "learning_rate", 0.1),
        ("training", "layer_decay", 0.5),
        ("training", "crops", 0.5),
        ("training", "map_weight", 1.0),
        ("training", "select_on", "error_and_ladders"),
        ("hardware", "compile", True),
    ],
)
def test_keys_that_not_all_networks_follow_are_refused(
    benchmark_recipe: Make, section: str, key: str, value: object
) -> None:
    with pytest.raises(RecipeError, match=f"{key}.* is not for"):
        benchmark_recipe([{"name": "a", "measure": "snr"}], **{section: {key: value}})


def test_names_are_known_and_single(benchmark_recipe: Make) -> None:
    snr = {"name": "a b", "measure": "snr"}
    with pytest.raises(RecipeError, match="two methods are called 'a_b'"):
        benchmark_recipe([snr, {"name": "a_b", "measure": "snr"}])
    with pytest.raises(RecipeError, match="no method is called 'b'"):
        benchmark_recipe([snr], compare_with="b")
    with pytest.raises(RecipeError, match=r"no method 'b'; choose a b"):
        benchmark_recipe([snr]).method("b")


def test_data_are_a_folder_with_ratings_or_a_tree(benchmark_recipe: Make) -> None:
    snr = {"name": "a", "measure": "snr"}
    with pytest.raises(RecipeError, match="give folder and ratings, or tcia"):
        benchmark_recipe([snr], data={"folder": "x"})
    with pytest.raises(RecipeError, match="is not below"):
        benchmark_recipe([snr], data={"tcia": "x", "scale": [1, 1]})


def test_paths_are_relative_to_the_file(tmp_path: Path) -> None:
    (tmp_path / "b.yaml").write_text(
        "data: {folder: here, ratings: here/train.json, cases: cases.txt}\n"
        "methods: [{name: a, measure: snr}]\ncompare_with: a\n"
    )
    data = load_benchmark(tmp_path / "b.yaml").data
    assert (data.folder, data.cases) == (tmp_path / "here", tmp_path / "cases.txt")


def test_labels_are_divided_on_a_scale_that_shrinks(benchmark_recipe: Make) -> None:
    recipe = benchmark_recipe(
        [{"name": "a", "measure": "snr"}], data={"tcia": "x", "scale": [0, 4], "divide_by": 4}
    )
    assert recipe.data.span == 1
