"""A simulated data set: its files, lists and manifest, and that an interrupted run goes on."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pydicom
import pytest

from distiliqa.errors import DistiliqaError
from distiliqa.foreign_json import read_json
from distiliqa.lab.data.rated_folder import Summary
from distiliqa.lab.data.ratings import RatedImage, read_ratings
from distiliqa.lab.data.simulated import JOURNAL, REPORT, simulate_dataset
from distiliqa.lab.data.simulation_recipe import SimulationRecipe

RECIPE = SimulationRecipe.model_validate(
    {
        "patients": {"count": 2, "shift": 2},
        "versions": 2,
        "lower_dose": 1,
        "dose": (0.05, 0.1),
        "fewer_views": 0,
        "other_kernel": 0,
        "faults": {"share": 0},
        "test_cases": ["B"],
        "seed": 5,
    }
)


@pytest.fixture(scope="module")
def normal_dose(tmp_path_factory: pytest.TempPathFactory, write_ct: Callable[..., Path]) -> Path:
    """Two patients of one slice each, and a slice of air."""
    folder, rng = tmp_path_factory.mktemp("normal"), np.random.default_rng(0)
    y, x = np.mgrid[:96, :96] - 48.0
    for case in "AB":
        hu = np.where(np.hypot(x / 40, y / 30) < 1, rng.normal(40, 6, (96, 96)), -1000)
        hu[np.hypot(x - 10, y) < 8] += 60
        tags = {"PixelSpacing": [4, 4], "PatientID": case, "SOPInstanceUID": f"1.2.{ord(case)}"}
        write_ct(folder / case / "1.dcm", hu, **tags)  # the draws depend on the UID
    write_ct(folder / "air.dcm", np.full((96, 96), -1000), PixelSpacing=[4, 4], PatientID="C")
    return folder


def simulate(normal_dose: Path, out: Path, recipe: SimulationRecipe = RECIPE) -> Summary:
    files = sorted(normal_dose.rglob("*.dcm"))
    return simulate_dataset(normal_dose, files, out, recipe, jobs=1)


@pytest.fixture(scope="module")
def made(normal_dose: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Summary]:
    out = tmp_path_factory.mktemp("out")
    return out, simulate(normal_dose, out)


def images(out: Path, which: str = "dataset.json") -> tuple[RatedImage, ...]:
    return read_ratings(out, out / which, scale=(0, 4))


def test_every_image_is_rated_and_reported(made: tuple[Path, Summary]) -> None:
    out, summary = made
    assert (summary.images, summary.train, summary.test, summary.reused) == (12, 6, 6, 0)
    assert {image.case for image in images(out, "train.json")} == {"A"}
    assert {image.case for image in images(out, "test.json")} == {"B"}
    rows = [image.facts for image in images(out)]
    assert all(row["psnr"] and row["vif"] and row["photons"] and row["seed"] for row in rows)
    assert {row["size"] for row in rows if row["patient"] == "0"} == {"1.0"}
    assert all(0.05 <= float(row["dose"]) <= 1 for row in rows)


def test_lower_doses_have_lower_labels_and_more_noise(made: tuple[Path, Summary]) -> None:
    out, _ = made
    for image in images(out):
        if image.facts["dose"] == "1.0":
            full, noise = image.score, pydicom.dcmread(image.path).pixel_array[40:56, 30:42].std()
        else:
            assert image.score < full
            assert pydicom.dcmread(image.path).pixel_array[40:56, 30:42].std() > noise


def test_the_pixels_are_as_large_as_the_patient(made: tuple[Path, Summary]) -> None:
    for image in images(made[0]):
        spacing = pydicom.dcmread(image.path).PixelSpacing
        assert float(spacing[0]) == pytest.approx(4 * float(image.facts["size"]), rel=1e-4)


def test_a_slice_without_tissue_is_a_problem_and_no_more(made: tuple[Path, Summary]) -> None:
    ((path, reason),) = made[1].problems
    assert path.endswith("air.dcm")
    assert reason == "shows no soft tissue"
    assert read_json(made[0] / REPORT)["problems"] == [{"path": path, "reason": reason}]


def test_so_is_a_slice_that_is_too_small(tmp_path: Path, write_ct: Callable[..., Path]) -> None:
    path = write_ct(tmp_path / "in" / "1.dcm", np.full((40, 40), 40), PixelSpacing=[4, 4])
    summary = simulate_dataset(
        path.parent, [path], tmp_path / "out", SimulationRecipe(test_cases=()), jobs=1
    )
    assert summary.problems == ((str(path), "is 40 x 40 pixels, too small for a label"),)


def test_what_is_done_is_not_done_again(normal_dose: Path, made: tuple[Path, Summary]) -> None:
    out, _ = made
    before = {image.path: image.path.stat().st_mtime_ns for image in images(out)}
    manifest = (out / "manifest.csv").read_text()
    lost = next(iter(before))
    lost.unlink()
    assert simulate(normal_dose, out).reused == 1
    assert (out / "manifest.csv").read_text() == manifest
    again = {path for path, time in before.items() if path.stat().st_mtime_ns != time}
    assert again == {path for path in before if path.parent == lost.parent}


def test_the_seed_decides(normal_dose: Path, tmp_path: Path) -> None:
    small = RECIPE.model_copy(update={"versions": 1, "test_cases": ()})
    for name, seed in (("first", 5), ("same", 5), ("other", 6)):
        recipe = small.model_copy(update={"seed": seed})
        simulate(normal_dose / "A", tmp_path / name, recipe)
    first, same, other = (
        [(i.name, i.score, pydicom.dcmread(i.path).PixelData) for i in images(tmp_path / name)]
        for name in ("first", "same", "other")
    )
    assert first == same
    assert first != other
    assert (tmp_path / "same" / JOURNAL).is_file()


def test_a_test_case_that_is_not_there_is_named(normal_dose: Path, tmp_path: Path) -> None:
    recipe = RECIPE.model_copy(update={"test_cases": ("Z",)})
    with pytest.raises(DistiliqaError, match=r"no slice of the test case Z; choose from A, B"):
        simulate(normal_dose, tmp_path, recipe)


def test_files_named_by_uid_have_places_of_their_own(normal_dose: Path, tmp_path: Path) -> None:
    for case in "AB":
        name = f"1.2.840.{ord(case)}"
        (tmp_path / "in").mkdir(exist_ok=True)
        (tmp_path / "in" / name).write_bytes((normal_dose / case / "1.dcm").read_bytes())
    files = sorted((tmp_path / "in").iterdir())
    recipe = RECIPE.model_copy(update={"versions": 0})
    simulate_dataset(tmp_path / "in", files, tmp_path / "out", recipe, jobs=1)
    assert {image.facts["slice"] for image in images(tmp_path / "out")} == {f.name for f in files}
    assert len({image.path for image in images(tmp_path / "out")}) == 4
    files[0].rename(tmp_path / "in" / f"{files[1].name}.dcm")
    files = sorted((tmp_path / "in").iterdir())
    with pytest.raises(DistiliqaError, match="would be written to the place of"):
        simulate_dataset(tmp_path / "in", files, tmp_path / "out", recipe, jobs=1)


def test_an_interrupted_run_leaves_no_labels_of_other_images(
    normal_dose: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "train.json").write_text("{}")

    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("distiliqa.lab.data.simulated.run_jobs", interrupted)
    with pytest.raises(KeyboardInterrupt):
        simulate(normal_dose, tmp_path)
    assert not (tmp_path / "train.json").exists()
