"""The command: what it says, and how it ends."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from tests.support.command_line import run_apart
from tests.support.slices import noisy_body

from distiliqa.lab.data import simulated_slice
from distiliqa.lab.label.reader_scale import RATINGS, ReaderScale

SIDE = 128


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let slices of 128 x 128 pixels do, which take a tenth of the time."""
    monkeypatch.setattr(simulated_slice, "SIDE", SIDE)


def run(*arguments: object) -> tuple[int, str, str]:
    return run_apart("simulate-dataset", *arguments, "--jobs", 1)


@pytest.fixture
def recipe(tmp_path: Path) -> Path:
    path, scale = tmp_path / "recipe.yaml", tmp_path / "scale.json"
    ReaderScale(tuple(np.linspace(-6, -2, len(RATINGS)).tolist())).save(scale)
    sections = "patients: {count: 1}, scans: {count: 0}, processing: {images: 1}"
    path.write_text(f"{{{sections}, scale: {scale}}}")
    return path


def test_makes_a_data_set(recipe: Path, tmp_path: Path, write_ct: Callable[..., Path]) -> None:
    write_ct(tmp_path / "in" / "1.dcm", noisy_body(SIDE), PixelSpacing=[3, 3])
    write_ct(tmp_path / "in" / "2.dcm", np.full((SIDE, SIDE), -1000), PixelSpacing=[3, 3])
    out = tmp_path / "out"
    code, stdout, stderr = run(recipe, "--data", tmp_path / "in", "--out", out)
    assert "2 rated images" in stdout
    assert "2.dcm: shows no soft tissue" in stderr
    assert code == 1
    assert (out / "1" / "patient0_scan0_1.dcm").is_file()
    assert (out / "1" / "patient0_scan0_1.npz").is_file()
    assert "1 slices were there already" in run(recipe, "--data", tmp_path / "in", "--out", out)[1]


def test_what_a_run_made_is_no_input_of_the_next(
    recipe: Path, tmp_path: Path, write_ct: Callable[..., Path]
) -> None:
    write_ct(tmp_path / "in" / "1.dcm", noisy_body(SIDE), PixelSpacing=[3, 3])
    for _ in range(2):
        stdout = run(recipe, "--data", tmp_path / "in", "--out", tmp_path / "in" / "out")[1]
        assert "2 rated images" in stdout
    code, _, stderr = run(recipe, "--data", tmp_path / "in", "--out", tmp_path / "in")
    assert (code, "holds the normal-dose slices" in stderr) == (2, True)


def test_nothing_usable_is_an_error(
    recipe: Path, tmp_path: Path, write_ct: Callable[..., Path]
) -> None:
    write_ct(tmp_path / "in" / "1.dcm", np.full((96, 96), -1000), PixelSpacing=[3, 3])
    assert run(recipe, "--data", tmp_path / "in", "--out", tmp_path / "out")[0] == 2
    code, _, stderr = run(tmp_path / "none.yaml", "--data", tmp_path / "in", "--out", tmp_path)
    assert (code, "none.yaml" in stderr) == (2, True)
