"""A simulated data set: its files, lists and manifest, and that an interrupted run goes on."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pydicom
import pytest

from distiliqa.errors import DistiliqaError
from distiliqa.foreign_json import read_json
from distiliqa.lab.data import simulated_slice
from distiliqa.lab.data.rated_folder import Summary
from distiliqa.lab.data.ratings import RatedImage, read_ratings
from distiliqa.lab.data.simulated import JOURNAL, REPORT, simulate_dataset
from distiliqa.lab.data.simulated_row import processed
from distiliqa.lab.data.simulation_recipe import SimulationRecipe
from distiliqa.lab.label.reader_scale import RATINGS, ReaderScale
from distiliqa.simulate.processing.processing import Processing

SIDE = 128
RECIPE = SimulationRecipe.model_validate(
    {
        "patients": {"count": 2, "shift": 2},
        "scans": {
            "count": 1,
            "lower_dose": 1,
            "dose": (0.05, 0.1),
            "fewer_views": 0,
            "other_kernel": 0,
            "faults": {"share": 0},
        },
        "processing": {"images": 1, "kinds": {"gaussian_blur": 1, "median": 1}, "pairs": 0.5},
        "test_cases": ["B"],
        "seed": 5,
    }
)

PLAIN = SimulationRecipe.model_validate(
    {"patients": {"count": 1}, "scans": {"count": 0}, "processing": {"images": 0}}
)


@pytest.fixture(autouse=True, scope="module")
def small() -> Iterator[None]:
    """Let slices of 128 x 128 pixels do, which take a tenth of the time."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(simulated_slice, "SIDE", SIDE)
        yield


@pytest.fixture(scope="module")
def normal_dose(tmp_path_factory: pytest.TempPathFactory, write_ct: Callable[..., Path]) -> Path:
    """Two patients of one slice each, and slices that cannot be used."""
    folder, rng = tmp_path_factory.mktemp("normal"), np.random.default_rng(0)
    y, x = np.mgrid[:SIDE, :SIDE] - SIDE / 2
    inside = np.hypot(x / 55, y / 40) < 1
    noise = rng.normal(40, 6, (SIDE, SIDE))
    for case in "AB":
        hu = np.where(inside, noise, -1000)
        hu[np.hypot(x - 10, y) < 8] += 60
        tags = {"PixelSpacing": [3, 3], "PatientID": case, "SOPInstanceUID": f"1.2.{ord(case)}"}
        write_ct(folder / case / "1.dcm", hu, **tags)  # the draws depend on the UID
    air = np.full((SIDE, SIDE), -1000)
    write_ct(folder / "air.dcm", air, PixelSpacing=[3, 3], PatientID="C")
    noisy = np.where(inside, 40 + 5 * (noise - 40), -1000)
    write_ct(folder / "noisy.dcm", noisy, PixelSpacing=[3, 3], PatientID="C")
    write_ct(folder / "small.dcm", air[:96], PixelSpacing=[3, 3], PatientID="C")
    lossy = {"PixelSpacing": [3, 3], "PatientID": "C", "LossyImageCompression": "01"}
    write_ct(folder / "lossy.dcm", np.where(inside, noise, -1000), **lossy)
    return folder


def simulate(normal_dose: Path, out: Path, recipe: SimulationRecipe = RECIPE) -> Summary:
    files = sorted(path for path in normal_dose.rglob("*") if path.is_file())
    scale = out.parent / "scale.json"
    ReaderScale(tuple(np.linspace(-6, -2, len(RATINGS)).tolist())).save(scale)
    return simulate_dataset(
        normal_dose, files, out, recipe.model_copy(update={"scale": scale}), jobs=1
    )


@pytest.fixture(scope="module")
def made(normal_dose: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Summary]:
    out = tmp_path_factory.mktemp("out")
    return out, simulate(normal_dose, out)


def images(out: Path, which: str = "dataset.json") -> tuple[RatedImage, ...]:
    return read_ratings(out, out / which, scale=(0, 4))


def test_every_image_is_rated_and_described(made: tuple[Path, Summary]) -> None:
    out, summary = made
    assert (summary.images, summary.train, summary.test, summary.reused) == (16, 8, 8, 0)
    assert {image.case for image in images(out, "train.json")} == {"A"}
    assert {image.case for image in images(out, "test.json")} == {"B"}
    rows = [image.facts for image in images(out)]
    assert all(row["photons"] and row["seed"] and row["noise_left"] for row in rows)
    assert {row["size"] for row in rows if row["patient"] == "0"} == {"1.0"}
    assert {row["scan"] for row in rows if row["dose"] == "1.0"} == {"0"}
    assert all(0.05 <= float(row["dose"]) <= 0.1 for row in rows if row["scan"] == "1")


def test_the_score_is_the_mean_of_the_quality_map(made: tuple[Path, Summary]) -> None:
    for image in images(made[0]):
        maps = np.load(made[0] / image.facts["label_map"])
        quality, weight = maps["quality"], maps["weight"]
        assert quality.dtype == weight.dtype == np.float32
        assert quality.shape == weight.shape == (SIDE // 32, SIDE // 32)
        assert image.score == pytest.approx(np.average(quality, weights=weight), abs=1e-4)
        assert not quality[weight == 0].any()


def test_what_was_processed_names_kind_and_strength(made: tuple[Path, Summary]) -> None:
    rows = [image.facts for image in images(made[0])]
    plain = [row for row in rows if "process" not in row]
    assert {row["path"][-6:] for row in plain} == {"_0.dcm"}
    assert {(row["noise_left"], row["processed"]) for row in plain} == {("1.0", "0")}
    chains = [row["process"].split(";") for row in rows if "process" in row]
    assert {len(chain) for chain in chains} == {1, 2}
    names = {part.partition(":")[0] for chain in chains for part in chain}
    assert names == {"gaussian_blur", "median"}
    for row in rows:
        if row.get("process"):
            assert len(row["process_seed"].split(";")) == len(row["process"].split(";"))
            described = pydicom.dcmread(made[0] / row["path"]).DerivationDescription
            assert f"process {row['process'].split(';')[0]}" in described


def test_lower_doses_have_lower_labels_and_more_noise(made: tuple[Path, Summary]) -> None:
    scans = [image for image in images(made[0]) if "process" not in image.facts]
    for full, low in zip(scans[::2], scans[1::2], strict=True):
        assert (full.facts["scan"], low.facts["scan"]) == ("0", "1")
        assert low.score < full.score
        noises = [pydicom.dcmread(i.path).pixel_array[55:75, 40:55].std() for i in (full, low)]
        assert noises[1] > noises[0]


def test_the_pixels_are_as_large_as_the_patient(made: tuple[Path, Summary]) -> None:
    for image in images(made[0]):
        spacing = pydicom.dcmread(image.path).PixelSpacing
        assert float(spacing[0]) == pytest.approx(3 * float(image.facts["size"]), rel=1e-4)


def test_a_slice_that_cannot_be_used_is_a_problem_and_no_more(made: tuple[Path, Summary]) -> None:
    reasons = {Path(path).name: reason for path, reason in made[1].problems}
    assert reasons["air.dcm"] == "shows no soft tissue"
    assert reasons["small.dcm"] == f"is 96 x {SIDE} pixels, and labels are for {SIDE} x {SIDE}"
    assert reasons["lossy.dcm"] == "was compressed with loss"
    assert reasons["noisy.dcm"].endswith("HU, above max_noise 18")
    assert set(reasons) == {"air.dcm", "small.dcm", "lossy.dcm", "noisy.dcm"}
    problems = read_json(made[0] / REPORT)["problems"]
    assert {Path(problem["path"]).name for problem in problems} == set(reasons)


@pytest.mark.parametrize(
    ("chain", "noise_left", "known"),
    [
        ([], 1.0, 0),
        ([Processing("white_noise", 5)], 1.2, 0),
        ([Processing("jpeg", 50)], 1.0, 0),
        ([Processing("median", 3)], 0.5, 1),
        ([Processing("white_noise", 5), Processing("median", 3)], 0.7, 1),
        ([Processing("bilateral", 0.4)], 0.95, None),
        ([Processing("median", 3), Processing("hu_scale", 0.5)], 0.4, None),
        ([Processing("gaussian_blur", 2)], 0.5, None),
        ([Processing("blotchy_noise", 5)], 1.3, None),
    ],
)
def test_a_denoiser_counts_where_it_took_noise_away(
    chain: list[Processing], noise_left: float, known: int | None
) -> None:
    assert processed(chain, noise_left) == known


def test_the_challenge_has_twelve_scans_of_720_views_at_most(
    normal_dose: Path, tmp_path: Path
) -> None:
    recipe = SimulationRecipe.model_validate(
        {
            "patients": {"count": 1},
            "scans": {"design": "ldctiqac2023"},
            "processing": {"images": 0},
        }
    )
    simulate(normal_dose / "A", tmp_path / "out", recipe)
    scans = [image.facts for image in images(tmp_path / "out")]
    assert len({(row["dose"], row.get("views")) for row in scans}) == len(scans) == 12
    assert {row.get("views") for row in scans} == {None, "360", "180"}
    scores = {(row["dose"], row.get("views")): float(row["score"]) for row in scans}
    assert scores["1.0", None] > scores["1.0", "360"] > scores["1.0", "180"]
    noise = {
        row["dose"]: _noise(image)
        for image, row in zip(images(tmp_path / "out"), scans, strict=True)
        if not row.get("views")
    }
    for dose in (0.5, 0.25, 0.1):
        assert noise[str(dose)] / noise["1.0"] == pytest.approx(dose**-0.5, rel=0.08)


def _noise(image: RatedImage) -> float:
    shown = pydicom.dcmread(image.path)
    middle = slice(SIDE // 2 - 12, SIDE // 2 + 12)
    return float(np.std(shown.pixel_array[middle, 20:50]))


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
    small = RECIPE.model_copy(
        update={"patients": RECIPE.patients.model_copy(update={"count": 1}), "test_cases": ()}
    )
    for name, seed in (("first", 5), ("same", 5), ("other", 6)):
        simulate(normal_dose / "A", tmp_path / name, small.model_copy(update={"seed": seed}))
    first, same, other = (
        [(i.name, i.score, pydicom.dcmread(i.path).PixelData) for i in images(tmp_path / name)]
        for name in ("first", "same", "other")
    )
    assert first == same
    assert first != other
    assert (tmp_path / "same" / JOURNAL).is_file()


def test_a_test_case_that_is_not_there_is_named(normal_dose: Path, tmp_path: Path) -> None:
    recipe = PLAIN.model_copy(update={"test_cases": ("Z",)})
    with pytest.raises(DistiliqaError, match=r"no slice of the test case Z; choose from A, B"):
        simulate(normal_dose, tmp_path / "out", recipe)


def test_files_named_by_uid_have_places_of_their_own(normal_dose: Path, tmp_path: Path) -> None:
    for case in "AB":
        name = f"1.2.840.{ord(case)}"
        (tmp_path / "in").mkdir(exist_ok=True)
        (tmp_path / "in" / name).write_bytes((normal_dose / case / "1.dcm").read_bytes())
    files = sorted((tmp_path / "in").iterdir())
    simulate(tmp_path / "in", tmp_path / "out", PLAIN)
    assert {image.facts["slice"] for image in images(tmp_path / "out")} == {f.name for f in files}
    assert len({image.path for image in images(tmp_path / "out")}) == 2
    files[0].rename(tmp_path / "in" / f"{files[1].name}.dcm")
    with pytest.raises(DistiliqaError, match="would be written to the place of"):
        simulate(tmp_path / "in", tmp_path / "out", PLAIN)


def test_an_interrupted_run_leaves_no_labels_of_other_images(
    normal_dose: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (out / "train.json").write_text("{}")

    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("distiliqa.lab.data.simulated.run_jobs", interrupted)
    with pytest.raises(KeyboardInterrupt):
        simulate(normal_dose, out)
    assert not (out / "train.json").exists()
