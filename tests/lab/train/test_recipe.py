from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from distiliqa.errors import RecipeError
from distiliqa.lab.network.sizes import PRESETS
from distiliqa.lab.recipe_file import parse_overrides
from distiliqa.lab.train.recipe import SHIPPED, load_recipe, save_recipe


@pytest.mark.parametrize("name", SHIPPED)
def test_shipped_recipes_are_valid_and_survive_being_written(tmp_path: Path, name: str) -> None:
    recipe = load_recipe(name)
    save_recipe(recipe, tmp_path / "recipe.yaml")
    assert load_recipe(tmp_path / "recipe.yaml") == recipe


def test_published_recipe_is_the_papers() -> None:
    recipe = load_recipe("published")
    assert recipe.network.config(5) == PRESETS["published"].with_outputs(5)
    teacher, student = recipe.teacher, recipe.student
    assert (teacher.epochs, teacher.batch_size, student.epochs, student.batch_size) == (
        500, 10, 200, 25,
    )  # fmt: skip
    for step in (teacher, student):
        assert (step.optimizer, step.momentum, step.learning_rate) == ("sgd", 0.9, 1e-3)
        assert (step.final_learning_rate, step.l1_weight, step.mse_weight) == (1e-6, 1, 1)
    assert (student.distill_weight, student.gate, recipe.folds.count) == (0.75, 0.05, 5)


def test_overrides_are_read_as_yaml() -> None:
    given = parse_overrides(["teacher.epochs=3", "data.scale=[0, 4]", "hardware.devices=[0, 1]"])
    recipe = load_recipe("smoke", given)
    assert recipe.teacher.epochs == 3
    assert recipe.data.scale == (0, 4)
    assert recipe.hardware.devices == [0, 1]


@pytest.mark.parametrize(
    ("setting", "words"),
    [
        ("teacher.epoch=3", "no such key 'teacher.epoch'; did you mean 'epochs'"),
        ("techer.epochs=3", "no such key 'techer'; did you mean 'teacher'"),
        ("network.dept=3", "no such key 'network.dept'; did you mean 'depth'"),
        ("teacher.epochs=0", "teacher.epochs: Input should be greater"),
        ("student.distillation=maybe", "student.distillation: Input should be 'added'"),
        ("folds={count: 2, without: [a, b, c]}", "folds: Value error, 3 kinds in without, for 2"),
        ("network.heads=7", "7 heads do not divide"),
        ("data.scale=[1, 0]", "1 is not below 0"),
        ("seed.x=1", "seed"),
        ("teacher.averaging=1.0", "teacher.averaging: Input should be less than 1"),
        ("window.width=.inf", "window.width: Input should be a finite number"),
        ("teacher.learning_rate=1e999", "teacher.learning_rate: Input should be a finite number"),
        ("seed=0x" + 900 * "f", "seed: Input should be less than"),
        ("network.stem_blocks=100000000000", "network.stem_blocks: Input should be less than"),
    ],
)
def test_wrong_keys_and_values_are_one_line(setting: str, words: str) -> None:
    with pytest.raises(RecipeError) as error:
        load_recipe("smoke", parse_overrides([setting]))
    assert words in str(error.value)
    assert "\n" not in str(error.value)


def test_a_value_that_is_no_yaml_is_one_line() -> None:
    with pytest.raises(RecipeError, match=r"--set data.scale: not YAML \(line 1"):
        parse_overrides(["data.scale=[0, 4"])


@pytest.mark.parametrize(
    "changes", [{"network.preset": "published"}, {"network.patch": 2, "network.stem_blocks": 8}]
)
def test_crops_need_whole_patches_of_a_strided_stem(changes: dict[str, Any]) -> None:
    load_recipe("compact", changes)
    with pytest.raises(RecipeError, match="cannot learn from crops"):
        load_recipe("compact", changes | {"student.crops": 0.5})


def test_teachers_of_composites_need_their_images_as_they_are() -> None:
    rescaled = {"student.composites": 0.2, "augmentation": "dihedral+rescale"}
    load_recipe("compact", rescaled | {"student.distill_weight": 0})
    with pytest.raises(RecipeError, match="cannot rate a rescaled image apart from its disc"):
        load_recipe("compact", rescaled)


@pytest.mark.parametrize("changes", [{"network.preset": "published"}, {"network.patch": 1}])
def test_maps_need_patches_of_their_parts(changes: dict[str, Any]) -> None:
    load_recipe("compact", {"teacher.map_weight": 1.0})
    with pytest.raises(RecipeError, match="cannot learn quality maps, whose parts have 32 pixels"):
        load_recipe("compact", changes | {"teacher.map_weight": 1.0})


@pytest.mark.parametrize("content", ["[1, 2]", "a: [1", "\tx: 1"])
def test_files_that_are_no_recipe(tmp_path: Path, content: str) -> None:
    (tmp_path / "wrong.yaml").write_text(content)
    with pytest.raises(RecipeError, match=r"wrong.yaml: not"):
        load_recipe(tmp_path / "wrong.yaml")


def test_a_missing_recipe_lists_those_that_exist() -> None:
    with pytest.raises(RecipeError, match="published, compact, smoke"):
        load_recipe("publised")


@pytest.mark.parametrize(
    ("changes", "teacher", "student"),
    [
        ({}, "held_out", "held_out"),
        ({"data.scale": [0, 4]}, "error_and_correlation", "error_and_correlation"),
        ({"initial_weights": "compact"}, "error_and_correlation", "error_and_correlation"),
        ({"data.scale": [0, 4], "student.select_on": "training"}, "held_out", "training"),
        ({"data.scale": [0, 4], "student.select_on": "held_out"}, "held_out", "held_out"),
        ({"teacher.select_on": "error"}, "error", "held_out"),
    ],
)
def test_what_networks_are_chosen_by_follows_from_the_scale(
    changes: dict[str, Any], teacher: str, student: str, tmp_path: Path
) -> None:
    recipe = load_recipe("compact", changes)
    assert (recipe.teacher.select_on, recipe.student.select_on) == (teacher, student)
    save_recipe(recipe, tmp_path / "recipe.yaml")
    assert load_recipe(tmp_path / "recipe.yaml") == recipe
