from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import nibabel
import numpy as np
import pytest

from distiliqa.ct.volumes.detached import stamp_of
from distiliqa.errors import CTReadError
from distiliqa.files import FileStamp, sha256
from distiliqa.monitor.arrival import Arrival, open_arrival, score_arrivals
from distiliqa.scoring.model import Model


def opened(path: Path, *scored: int) -> Arrival:
    return open_arrival(path, stamp_of(path) or FileStamp(0, 0), lambda digest: set(scored))


@pytest.fixture
def volume(tmp_path: Path) -> Path:
    """Four slices in one file."""
    hu = np.random.default_rng(0).normal(40, 20, (64, 64, 4)).astype(np.int16)
    nibabel.save(nibabel.Nifti1Image(hu, np.diag([-0.7, -0.7, 3, 1])), tmp_path / "a.nii")
    return tmp_path / "a.nii"


def test_frames_that_have_a_score_are_not_scored_again(volume: Path, model: Model):
    arrival = opened(volume, 0, 2)
    assert [ref.frame for ref in arrival.refs] == [1, 3]
    (outcome,) = score_arrivals([arrival], model)
    assert (outcome.state, outcome.sha256) == ("scored", sha256(volume))
    assert [score.frame for score in outcome.scores] == [1, 3]
    (known,) = score_arrivals([opened(volume, 0, 1, 2, 3)], model)
    assert (known.state, known.scores) == ("scored", ())


def test_a_frame_that_fails_leaves_the_others_their_scores(volume: Path, model: Model):
    def damaged(_: object) -> None:
        raise CTReadError("damaged", path=volume)

    arrival = opened(volume)
    broken = tuple(replace(ref, decode=damaged) if ref.frame > 1 else ref for ref in arrival.refs)
    (outcome,) = score_arrivals([replace(arrival, refs=broken)], model)
    assert [score.frame for score in outcome.scores] == [0, 1]
    assert (outcome.state, outcome.reason) == ("failed", "slice 2: damaged")


def test_what_cannot_be_scored_says_why(
    tmp_path: Path, model: Model, write_series: Callable[..., Path]
):
    (tmp_path / "a.dcm").write_text("no DICOM")
    (tmp_path / "a.txt").write_text("notes")
    magnet = write_series(tmp_path / "mr", 1, Modality="MR") / "0.dcm"
    paths = [tmp_path / "a.dcm", tmp_path / "a.txt", magnet]
    found = score_arrivals(map(opened, paths), model)
    assert [problem.state for problem in found] == ["failed", "left out", "left out"]
    assert all(problem.reason for problem in found)


def test_a_file_that_went_away_counts_only_if_it_was_read(volume: Path, model: Model):
    gone = opened(volume.parent / "gone.nii")
    assert gone.outcome.reason == "cannot be read (No such file or directory)"
    arrival = opened(volume, 0, 1, 2, 3)
    volume.unlink()
    (outcome,) = score_arrivals([gone, arrival], model)
    assert outcome.path == volume


@pytest.mark.parametrize("name", ["ct.mhd", "ct.nhdr"])
def test_a_header_is_known_by_its_pixels(tmp_path: Path, model: Model, name: str):
    itk = pytest.importorskip("SimpleITK")
    (tmp_path / "new").mkdir()
    found = []
    for seed in range(2):
        hu = np.random.default_rng(seed).normal(40, 20, (2, 64, 64)).astype(np.int16)
        itk.WriteImage(itk.GetImageFromArray(hu), str(tmp_path / "new" / name))
        for written in (tmp_path / "new").iterdir():
            if seed == 0 or written.name != name:
                written.replace(tmp_path / written.name)
        found += score_arrivals([opened(tmp_path / name)], model)
    first, second = found
    assert first.sha256 != second.sha256
    assert first.stamp != second.stamp
    assert first.scores[0].score != second.scores[0].score


def test_a_header_of_several_files_is_refused(tmp_path: Path):
    (tmp_path / "a.mhd").write_text("NDims = 3\nElementDataFile = LIST\n1.raw\n2.raw\n")
    outcome = opened(tmp_path / "a.mhd").outcome
    assert (outcome.state, outcome.sha256) == ("failed", sha256(tmp_path / "a.mhd"))
    assert outcome.reason == "its pixels are in several files; convert it to one, such as .mha"


def test_a_header_that_names_a_pipe_is_refused_and_never_waits(tmp_path: Path):
    os.mkfifo(tmp_path / "a.raw")
    (tmp_path / "a.mhd").write_text(
        "NDims = 3\nDimSize = 64 64 2\nElementType = MET_SHORT\nElementDataFile = a.raw\n"
    )
    outcome = opened(tmp_path / "a.mhd").outcome
    assert (outcome.state, outcome.reason) == (
        "failed",
        "a named pipe, not a file; put the voxels beside their header",
    )
