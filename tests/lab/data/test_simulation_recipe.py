"""What a simulated data set varies."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from distiliqa.errors import RecipeError
from distiliqa.lab.data.drawn_strength import drawn_strength
from distiliqa.lab.data.simulation_recipe import (
    FaultSection,
    ProcessingSection,
    ScanSection,
    SimulationRecipe,
    load_simulation_recipe,
)
from distiliqa.simulate.degradation import Settings
from distiliqa.simulate.patient import Patient
from distiliqa.simulate.processing.kinds import KINDS

DRAWS = 400


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(0)


def test_the_first_patient_is_the_one_in_the_slice(rng: np.random.Generator) -> None:
    assert SimulationRecipe().patients.draw(0, rng) == (Patient(), None, None)


def test_other_patients_keep_to_the_limits(rng: np.random.Generator) -> None:
    drawn = [SimulationRecipe().patients.draw(1, rng) for _ in range(DRAWS)]
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


def test_the_first_scan_is_that_of_full_dose(rng: np.random.Generator) -> None:
    assert replace(SimulationRecipe().scans.draw(0, rng), seed=0) == Settings()


def test_strengths_are_drawn_evenly_in_their_logarithm(rng: np.random.Generator) -> None:
    scans = ScanSection(lower_dose=1, fewer_views=1, dose=(0.04, 0.64), views=(50, 800))
    drawn = [scans.draw(1, rng) for _ in range(DRAWS)]
    assert np.mean([scan.dose < 0.16 for scan in drawn]) == pytest.approx(0.5, abs=0.1)
    assert np.mean([(scan.views or 0) < 200 for scan in drawn]) == pytest.approx(0.5, abs=0.1)


def test_no_worse_scan_is_that_of_full_dose_again(rng: np.random.Generator) -> None:
    drawn = [ScanSection(lower_dose=0.1).draw(1, rng) for _ in range(DRAWS)]
    assert all(replace(scan, seed=0) != Settings() for scan in drawn)
    assert any(scan.dose == 1 for scan in drawn)


def test_some_scans_of_fewer_views_keep_the_dose(rng: np.random.Generator) -> None:
    scans = ScanSection(fewer_views=0.5, keep_dose=0.5)
    drawn = [scans.draw(1, rng) for _ in range(DRAWS)]
    assert not any(scan.keep_dose for scan in drawn if scan.views is None)
    few = [scan.keep_dose for scan in drawn if scan.views is not None]
    assert np.mean(few) == pytest.approx(0.5, abs=0.1)


def test_at_most_one_fault_a_scan(rng: np.random.Generator) -> None:
    faults = FaultSection(share=0.5, ring=None)
    drawn = [faults.draw(rng) for _ in range(DRAWS)]
    assert {len(fault) for fault in drawn} == {0, 1}
    assert np.mean([bool(fault) for fault in drawn]) == pytest.approx(0.5, abs=0.1)
    assert {name for fault in drawn for name in fault} == {
        "motion",
        "metal",
        "hardening",
        "truncation",
    }


def test_the_challenge_has_twelve_scans_in_equal_number(rng: np.random.Generator) -> None:
    scans = ScanSection(design="ldctiqac2023")
    drawn = [scans.draw(number, rng) for number in range(scans.number)]
    assert {(scan.dose, scan.views) for scan in drawn} == {
        (dose, views) for dose in (1.0, 0.5, 0.25, 0.1) for views in (None, 360, 180)
    }
    assert (len(drawn), scans.all_views, ScanSection().all_views) == (12, 720, None)
    assert scans.draw(0, rng, thickness_mm=6.0).dose == 0.5


def test_images_have_one_kind_or_two(rng: np.random.Generator) -> None:
    section = ProcessingSection(pairs=0.4, held_out_kinds=("wavelet",))
    drawn = [section.draw(rng, ()) for _ in range(DRAWS)]
    assert np.mean([len(chain) == 2 for chain in drawn]) == pytest.approx(0.4, abs=0.1)
    assert {len(chain) for chain in drawn} == {1, 2}
    assert all(len({one.kind for one in chain}) == len(chain) for chain in drawn)
    seen = Counter(one.kind for chain in drawn for one in chain)
    assert seen["shift"] + seen["hu_offset"] > 0
    assert max(seen["shift"], seen["hu_offset"]) < min(seen["median"], seen["jpeg"]) / 2
    usual = {name for name, kind in KINDS.items() if kind.needs is None} - {"wavelet"}
    assert usual - {"shift", "hu_offset"} <= set(seen) <= usual


@pytest.mark.parametrize("name", [name for name, kind in KINDS.items() if kind.needs is None])
def test_strengths_go_from_barely_visible_to_useless(name: str, rng: np.random.Generator) -> None:
    kind = KINDS[name]
    drawn = np.array([drawn_strength(kind, rng) for _ in range(DRAWS)])
    low, high = sorted(kind.limits)
    assert np.all((drawn >= low) & (drawn <= high))
    middle = kind.ladder[len(kind.ladder) // 2]
    share = np.mean((drawn - middle) * (kind.limits[1] - kind.limits[0]) <= 0)
    assert 0.5 < share < 0.85  # on both sides of the middle rung, weak ones more often
    if kind.unit == "pixels":
        assert np.all(drawn % 2 == 1)


def test_networks_are_drawn_from_their_folder(tmp_path: Path, rng: np.random.Generator) -> None:
    section = ProcessingSection(kinds={"denoising_network": 1}, networks=tmp_path, pairs=0)
    with pytest.raises(RecipeError, match="holds no weights of denoising networks"):
        section.weights()
    for name in ("a", "b"):
        (tmp_path / f"{name}.safetensors").touch()
    weights = section.weights()
    assert [path.name for path in weights] == ["a.safetensors", "b.safetensors"]
    possible = [name for name in section.kinds if section.has(name, weights)]
    assert possible == ["denoising_network"]
    assert not section.has("denoising_network", ())


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("scan: {count: 3}", "no such key 'scan'; did you mean 'scans'"),
        ("patients: {cuont: 3}", "no such key 'patients.cuont'; did you mean 'count'"),
        ("scans: {dose: [0.9, 0.1]}", "scans.dose: Value error, give [low, high]"),
        ("scans: {dose: [0, 1]}", "scans.dose.0: Input should be greater than 0"),
        ("scans: {dose: [0.1, 1.5]}", "dose"),
        ("scans: {views: [4, 100]}", "views"),
        ("scans: {kernels: [nonsense]}", "no kernel 'nonsense'"),
        ("processing: {kinds: {nonsense: 1}}", "no processing 'nonsense'"),
        ("processing: {kinds: {thick_slice: 1}}", "needs adjacent slices"),
        ("processing: {kinds: {median: -1}}", "processing.kinds.median: Input should be"),
        ("processing: {kinds: {denoising_network: 1}}", "no kind is left; set images to 0"),
        ("processing: {kinds: {jpeg: 1}, held_out_kinds: [jpeg]}", "no kind is left"),
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
