from __future__ import annotations

import json
import re

import numpy as np
import pytest
import tifffile
from tests.support.command_line import invoke

from distiliqa.scoring.model import load_model

RNG = np.random.default_rng(0)
HU = np.stack([RNG.normal(40, 10 * (3 - n), (512, 512)) for n in range(3)]).astype(np.float32)
STACK = (HU + 1000) / 1400


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "input" / "images" / "synthetic-ct"
    folder.mkdir(parents=True)
    return folder


@pytest.fixture
def challenge(tmp_path, tiny_model):
    """Run the command on what is in ``folder``: its exit code, errors and scores."""

    def run():
        places = ["--input", tmp_path / "input", "--output", tmp_path / "output"]
        done = invoke("challenge", *places, "--model", tiny_model)
        scores = tmp_path / "output" / "image-quality-scores.json"
        return done.exit_code, done.stderr, json.loads(scores.read_text()) if done.stdout else None

    return run


def write_tiff(path, values):
    tifffile.imwrite(path, values, photometric="minisblack")


def write_mha(path, values):
    itk = pytest.importorskip("SimpleITK")
    itk.WriteImage(itk.GetImageFromArray(values), str(path))


@pytest.mark.parametrize(("name", "write"), [("a.mha", write_mha), ("a.tiff", write_tiff)])
def test_scores_in_slice_order(folder, challenge, tiny_model, name, write):
    write(folder / name, STACK)
    code, errors, scores = challenge()
    assert (code, errors) == (0, "")
    expected = [result.score for result in load_model(tiny_model).score(HU)]
    assert scores == pytest.approx(expected, abs=1e-3)
    assert sorted(scores) == scores
    assert scores[2] - scores[0] > 0.1


@pytest.mark.parametrize(("name", "write"), [("a.mha", write_mha), ("a.tif", write_tiff)])
def test_one_slice_is_a_list_of_one(folder, challenge, name, write):
    write(folder / name, STACK[0])
    code, _, scores = challenge()
    assert code == 0
    assert len(scores) == 1


def test_rounding_beyond_the_ends_is_no_error(folder, challenge):
    stack = STACK[:1].copy()
    stack[0, 0, :2] = -1e-6, 1 + 1e-6
    write_tiff(folder / "a.tiff", stack)
    assert challenge()[0] == 0


@pytest.mark.parametrize(
    ("values", "problem"),
    [
        (HU, r"not in \[0, 1\]; if they are HU, give"),
        (np.full((512, 512), np.nan, np.float32), r"not in \[0, 1\]"),
        (STACK[:, :256], r"an array of shape \(3, 256, 512\); give \(n, 512, 512\)"),
        (np.zeros((512, 512, 3), np.uint8), "an array of shape"),
    ],
)
def test_another_array_is_reported(folder, challenge, values, problem):
    write_tiff(folder / "a.tiff", values)
    code, errors, scores = challenge()
    assert (code, scores) == (2, None)
    assert errors.count("\n") == 1
    assert re.search(rf"a\.tiff: .*{problem}", errors)


def test_no_stack_or_two_are_reported(folder, challenge):
    (folder / ".hidden.tiff").touch()
    (folder / "notes.txt").touch()
    code, errors, _ = challenge()
    assert code == 2
    assert errors == f"error: {folder}: holds 0 stacks (none); give one .mha or .tiff\n"
    for name in ("a.tiff", "b.mha"):
        (folder / name).touch()
    code, errors, _ = challenge()
    assert code == 2
    assert "holds 2 stacks (a.tiff, b.mha)" in errors


def test_no_folder_is_reported(tmp_path, challenge):
    code, errors, _ = challenge()
    assert code == 2
    assert "synthetic-ct: no such folder" in errors


@pytest.mark.parametrize("name", ["a.mha", "a.tiff"])
def test_a_damaged_stack_is_reported(folder, challenge, name):
    pytest.importorskip("SimpleITK")
    (folder / name).write_bytes(b"no image")
    code, errors, _ = challenge()
    assert code == 2
    assert errors.startswith(f"error: {folder / name}: ")
    assert errors.count("\n") == 1
