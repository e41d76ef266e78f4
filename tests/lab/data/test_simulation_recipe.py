"""What a simulated data set varies."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from distiliqa.errors import RecipeError
from distiliqa.lab.data.simulation_recipe import SimulationRecipe, load_simulation_recipe
from distiliqa.simulate.patient import Patient

DRAWS = 400


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(0)


def test_the_first_patient_is_the_one_in_the_slice(rng: np.random.Generator) -> None:
    assert SimulationRecipe().draw_patient(0, rng) == (Patient(), None, None)


def test_other_patients_keep_to_the_limits(rng: np.random.Generator) -> None:
    drawn = [SimulationRecipe().draw_patient(1, rng) for _ in range(DRAWS)]
    patients = [subject.patient for subject in drawn]
    sizes = [patient.size for patient in patients]
    assert 0.85 <= min(sizes) < 0.87
    assert 1.17 < max(sizes) <= 1.2
    assert {abs(p.right) for p in patients} | {abs(p.down) for p in patients} == set(range(25))
    assert np.mean([p.table for p in patients]) == pytest.approx(0.5, abs=0.1)
    assert np.mean([draw.scanner is not None for draw in drawn]) == pytest.approx(0.6, abs=0.1)
    assert len({draw.scanner for draw in drawn}) > 5
    halves = [draw.texture.half for draw in drawn if draw.texture]
    assert len(halves) / DRAWS == pytest.approx(0.4, abs=0.1)
    assert 0.3 <= min(halves) < 0.35 < 0.9 < max(halves) <= 1.0


def test_strengths_are_drawn_evenly_in_their_logarithm(rng: np.random.Generator) -> None:
    recipe = SimulationRecipe(lower_dose=1, fewer_views=1, dose=(0.04, 0.64), views=(50, 800))
    drawn = [recipe.draw_settings(rng) for _ in range(DRAWS)]
    assert np.mean([draw.dose < 0.16 for draw in drawn]) == pytest.approx(0.5, abs=0.1)
    assert np.mean([(draw.views or 0) < 200 for draw in drawn]) == pytest.approx(0.5, abs=0.1)


def test_some_images_of_fewer_views_keep_the_dose(rng: np.random.Generator) -> None:
    recipe = SimulationRecipe(fewer_views=0.5, keep_dose=0.5)
    drawn = [recipe.draw_settings(rng) for _ in range(DRAWS)]
    assert not any(draw.keep_dose for draw in drawn if draw.views is None)
    few = [draw.keep_dose for draw in drawn if draw.views is not None]
    assert np.mean(few) == pytest.approx(0.5, abs=0.1)


def test_at_most_one_fault_an_image(rng: np.random.Generator) -> None:
    recipe = SimulationRecipe.model_validate({"faults": {"share": 0.5, "ring": None}})
    drawn = [recipe.faults.draw(rng) for _ in range(DRAWS)]
    assert {len(draw) for draw in drawn} == {0, 1}
    assert np.mean([bool(draw) for draw in drawn]) == pytest.approx(0.5, abs=0.1)
    names = {name for draw in drawn for name in draw}
    assert names == {"motion", "metal", "hardening", "truncation", "smoothing"}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("version: 3", "no such key 'version'; did you mean 'versions'"),
        ("patients: {cuont: 3}", "no such key 'patients.cuont'; did you mean 'count'"),
        ("dose: [0.9, 0.1]", "dose: Value error, give [low, high]"),
        ("dose: [0, 1]", "dose.0: Input should be greater than 0"),
        ("dose: [0.1, 1.5]", "dose"),
        ("views: [4, 100]", "views"),
        ("kernels: [nonsense]", "no kernel 'nonsense'"),
        ("- a", "not a mapping"),
        ("a: [", "not YAML"),
    ],
)
def test_a_wrong_recipe_is_one_line(tmp_path: Path, text: str, words: str) -> None:
    path = tmp_path / "recipe.yaml"
    path.write_text(text)
    with pytest.raises(RecipeError) as error:
        load_simulation_recipe(path)
    assert words in str(error.value)
    assert str(path) in str(error.value)
    assert "\n" not in str(error.value)


def test_a_missing_recipe_is_named(tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match=r"none.yaml: no such file"):
        load_simulation_recipe(tmp_path / "none.yaml")
