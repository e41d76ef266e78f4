"""The settings of the shipped model name files that there are, and keep both sides apart."""

from __future__ import annotations

from pathlib import Path

import pytest
from tools.make_model.images import with_inputs
from tools.make_model.patients import load_patients
from tools.make_model.settings import FILE, ModelSettings, load_settings

from distiliqa.errors import RecipeError
from distiliqa.lab.train.recipe import load_recipe

COMPACT = Path(__file__).resolve().parents[3] / "training" / "compact"


@pytest.fixture(scope="module")
def settings() -> ModelSettings:
    return load_settings(COMPACT / FILE)


def test_recipes_are_valid_and_select_on_error_and_ladders(settings: ModelSettings) -> None:
    for path in (settings.pretraining, settings.teachers):
        recipe = load_recipe(path)
        assert recipe.teacher.select_on == "error_and_ladders"
        assert recipe.initial_weights is None
    assert settings.student.is_file()
    assert all(note.is_file() for note in settings.notes)


def test_training_sees_no_held_out_patient_denoiser_or_kind(
    settings: ModelSettings, tmp_path: Path
) -> None:
    sides = {one.side for one in settings.denoisers.values()}
    assert sides == {"training", "held_out"}
    for side in sides:
        (tmp_path / side).mkdir()
    training = settings.images["training"]
    assert (training.patients, training.networks) == ("training", "training")
    recipe = with_inputs(training, tmp_path, tmp_path)
    assert recipe.processing.networks == tmp_path / "training"
    assert "wavelet" in recipe.processing.held_out_kinds
    unseen = with_inputs(settings.images["unseen"], tmp_path, tmp_path)
    assert unseen.processing.networks == tmp_path / "held_out"
    assert set(unseen.processing.kinds) == {"wavelet", "denoising_network"}
    others = [one.patients for name, one in settings.images.items() if name != "training"]
    assert set(others) == {"held_out"}


def test_the_picture_shows_a_held_out_patient(settings: ModelSettings) -> None:
    held_out = load_patients(settings.patients).of("held_out")
    assert settings.figure.sop_uid in {s.sop_uid for p in held_out for s in p.slices}


def test_data_that_only_check_are_refused_by_name(settings: ModelSettings) -> None:
    assert {"ldctiqac2023", "denoised_rated", "dose_pairs"} <= set(settings.refused)


def test_a_wrong_key_of_a_named_section_is_named(tmp_path: Path) -> None:
    for path in COMPACT.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    text = (tmp_path / FILE).read_text()
    (tmp_path / FILE).write_text(text.replace("squared: {loss:", "squared: {los:"))
    with pytest.raises(RecipeError, match=r"no such key 'denoisers.squared.los'.* 'loss'"):
        load_settings(tmp_path / FILE)
