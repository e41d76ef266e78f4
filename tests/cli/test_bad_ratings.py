"""Bad ratings, in each command that reads ratings: one line that names the file, and status 2."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import pytest
from tests.lab.fine_tune.conftest import small_model
from tests.support.command_line import run
from tests.support.slices import noisy_body

__all__ = ["small_model"]
PATIENTS, NOISES = 12, (5, 20, 40, 60, 80)
Rows = Mapping[str, list[str]]  # cells of two readers, by name of the image
Change = Callable[[Rows], Rows]


def _command(name: str, site: Path, ratings: Path, model: Path) -> list[object]:
    out, data = ["--out", site / "out"], ["--data", site, "--ratings", ratings]
    match name:
        case "readers":
            return ["readers", ratings, *out]
        case "evaluate":
            return ["evaluate", "--predictions", site / "predictions.csv", *data, *out]
        case "calibrate" | "fine-tune":
            return [name, model, *data, *out]
        case _:
            scale = ["--set", "data.scale=[0, 4]", "--epochs", 1]
            return ["train-teacher", "smoke", *data, *out, *scale]


COMMANDS = ("readers", "evaluate", "calibrate", "fine-tune", "train-teacher")
WITH_IMAGES, FITTING = COMMANDS[1:], COMMANDS[2:]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Sixty images of twelve patients, rated by two readers."""
    folder = tmp_path_factory.mktemp("site")
    lines = ["image,pred"]
    for patient in range(PATIENTS):
        for noise in NOISES:
            hu = noisy_body(64, seed=100 * patient + noise)
            np.save(folder / f"p{patient}_{noise}.npy", hu.astype(np.float32))
            lines.append(f"p{patient}_{noise}.npy,{3 - noise / 40}")
    (folder / "predictions.csv").write_text("\n".join(lines))
    return folder


def sound() -> dict[str, list[str]]:
    names = [(patient, noise) for patient in range(PATIENTS) for noise in NOISES]
    return {
        f"p{patient}_{noise}.npy": [f"{4 - noise / 25:g}", f"{4 - noise / 30 - patient / 20:.2f}"]
        for patient, noise in names
    }


def write(path: Path, rows: Rows) -> Path:
    lines = [f"{name},{name.partition('_')[0]},{','.join(cells)}" for name, cells in rows.items()]
    path.write_text("\n".join(["image,case,A,B", *lines]))
    return path


def other_names(rows: Rows) -> Rows:
    return {f"x{name}": cells for name, cells in rows.items()}


def two_names_of_one(rows: Rows) -> Rows:
    return {**rows, "p0_5": ["1", "1"]}


def one_patient(rows: Rows) -> Rows:
    return {name: cells for name, cells in rows.items() if name.startswith("p0_")}


def one_image(rows: Rows) -> Rows:
    return dict(list(rows.items())[:1])


def equal(rows: Rows) -> Rows:
    return {name: ["3", "3"] for name in rows}


def beyond(rows: Rows) -> Rows:
    return {**rows, "p0_5.npy": ["7", "4"]}


def words(rows: Rows) -> Rows:
    return {**rows, "p0_5.npy": ["good", "4"]}


def infinite(rows: Rows) -> Rows:
    return {**rows, "p0_5.npy": ["inf", "4"]}


@pytest.mark.parametrize(
    ("change", "commands", "says"),
    [
        (other_names, WITH_IMAGES, "no image for 'xp0_5.npy' and 59 more in"),
        (two_names_of_one, WITH_IMAGES, "'p0_5.npy' and 'p0_5' name the same image"),
        (one_patient, ("calibrate", "fine-tune"), "5 rated images of 1 patient are too few"),
        (one_patient, ("train-teacher",), "need 2 groups, the data set has 1; rate images of more"),
        (one_image, ("readers", "calibrate"), "; rate images that differ in quality"),
        (one_image, ("fine-tune",), "1 rated images of 1 patient are too few"),
        (one_image, ("train-teacher",), "the only rating is "),
        (equal, ("readers", "calibrate", "train-teacher"), "all 60 ratings are 3; rate images"),
        (equal, ("fine-tune",), "fewer than 3 different ratings; rate images"),
        (beyond, ("calibrate", "fine-tune"), "leave the scale of the model, 0 to 4; give --scale"),
        (beyond, ("train-teacher",), "outside the scale 0 to 4; correct the rating, or give"),
        (words, COMMANDS, "line 2: A of 'p0_5.npy' is 'good', not a number"),
        (infinite, COMMANDS, "line 2: A of 'p0_5.npy' is 'inf', not a number"),
    ],
)
def test_each_command_refuses_them(
    site: Path,
    small_model: Path,
    tmp_path: Path,
    change: Change,
    commands: tuple[str, ...],
    says: str,
) -> None:
    ratings = write(tmp_path / "ratings.csv", change(sound()))
    for name in commands:
        status, output = run(*_command(name, site, ratings, small_model))
        assert status == 2, (name, output)
        assert output.startswith(f"error: {ratings}: "), (name, output)
        assert says in output, (name, output)
        assert output.count("\n") == 1


def test_two_rows_for_one_name_and_a_folder_that_is_not_there(
    site: Path, small_model: Path, tmp_path: Path
) -> None:
    ratings = write(tmp_path / "ratings.csv", sound())
    with ratings.open("a") as file:
        file.write("\np0_5.npy,p0,1,1")
    for name in COMMANDS:
        status, output = run(*_command(name, site, ratings, small_model))
        assert (status, "line 62: a second rating of 'p0_5.npy'; keep one" in output) == (2, True)
    write(ratings, sound())
    for name in WITH_IMAGES:
        status, output = run(
            *_command(name, site, ratings, small_model), "--data", tmp_path / "none"
        )
        assert status == 2
        assert output == f"error: {tmp_path / 'none'}: no such file or folder; check the path\n"


def test_what_can_be_measured_is_reported_with_a_note(site: Path, tmp_path: Path) -> None:
    model = Path("unused")  # predictions are from a table
    for change, says in (
        (equal, "note: constant labels: correlations are undefined and given as 0"),
        (one_patient, "note: one group only: no intervals"),
        (one_image, "note: constant predictions and labels"),
    ):
        ratings = write(tmp_path / "ratings.csv", change(sound()))
        status, output = run(*_command("evaluate", site, ratings, model), "--resamples", 20)
        assert status == 0, output
        assert says in " ".join(output.split())
    ratings = write(tmp_path / "ratings.csv", {n: [c[0], "3"] for n, c in sound().items()})
    status, output = run("readers", ratings)
    assert status == 0
    assert "note: B gave all images the same rating, which is no evidence" in output
