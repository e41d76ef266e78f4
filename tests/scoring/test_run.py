from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import nibabel
import numpy as np
import pytest

from distiliqa.errors import CTReadError, DistiliqaError, ModelFolderError
from distiliqa.scoring import inputs as inputs_module
from distiliqa.scoring.model import Model
from distiliqa.scoring.run import require_scores, score_inputs
from distiliqa.scoring.slice_score import Comparison

Write = Callable[..., Path]


def test_a_folder_is_scored_in_reading_order(tmp_path: Path, model: Model, write_series: Write):
    write_series(tmp_path / "a", 3)
    write_series(tmp_path / "b", 2, SeriesInstanceUID="1.2.4")
    done = []
    run = score_inputs([tmp_path], model, progress=lambda *at: done.append(at))
    assert [Path(slice_.path).stem for slice_ in run.slices] == ["2", "1", "0", "1", "0"]
    assert [slice_.position_mm for slice_ in run.slices] == [3, 6, 9, 3, 6]
    assert [len(series_.slices) for series_ in run.series] == [3, 2]
    assert (run.found, run.failed, run.stopped) == (5, (), None)
    assert done[-1] == (5, 5)
    assert set(run.seconds) == {"index", "tuning", "read", "inference", "total"}
    assert set(run.sha256) == {slice_.path for slice_ in run.slices}


def test_files_score_as_their_arrays(tmp_path: Path, model: Model, write_ct: Write):
    hu = np.round(np.random.default_rng(0).normal(40, 20, (512, 512)))
    (one,) = score_inputs([write_ct(tmp_path / "a.dcm", hu)], model).slices
    assert one.score == pytest.approx(model.score(hu).score, abs=1e-5)
    assert one.acquisition.kernel == "B30f"


def test_a_bad_file_among_good_ones(tmp_path: Path, model: Model, write_series: Write):
    folder = write_series(tmp_path, 3)
    whole = (folder / "1.dcm").read_bytes()
    (folder / "1.dcm").write_bytes(whole[: len(whole) // 2])
    run = score_inputs([folder], model)
    assert [Path(slice_.path).name for slice_ in run.slices] == ["2.dcm", "0.dcm"]
    assert [problem.path for problem in run.failed] == [str(folder / "1.dcm")]
    assert run.found - len(run.slices) in (0, 1)  # the header may still be whole


def test_a_bad_file_makes_no_other_series_incomplete(
    tmp_path: Path, model: Model, write_series: Write
):
    for name in "abc":
        write_series(tmp_path / name, 2, SeriesInstanceUID=f"1.2.{ord(name)}")
    undecoded, unread = tmp_path / "a" / "0.dcm", tmp_path / "b" / "0.dcm"
    undecoded.write_bytes(undecoded.read_bytes()[:-100])
    unread.write_bytes(b"DICM")
    run = score_inputs([tmp_path], model)
    assert len(run.failed) == 2
    assert {series_.series: series_.complete for series_ in run.series} == {
        "1.2.97": False,
        "1.2.98": False,
        "1.2.99": True,
    }


def test_a_run_that_was_stopped_leaves_its_last_series_incomplete(
    tmp_path: Path, model: Model, write_series: Write
):
    write_series(tmp_path / "a", 2)
    write_series(tmp_path / "b", 3, SeriesInstanceUID="1.2.4")
    run = score_inputs([tmp_path], model, progress=_StoppedAt(KeyboardInterrupt(), 3))
    assert [series_.complete for series_ in run.series] == [True, False]


class _StoppedAt:
    """A progress that raises after so many slices; batches have two."""

    def __init__(self, error: BaseException, count: int = 2) -> None:
        self.error, self.count = error, count

    def __call__(self, done: int, found: int) -> None:
        if done == self.count:
            raise self.error


def test_ctrl_c_keeps_what_was_scored(tmp_path: Path, model: Model, write_series: Write):
    write_series(tmp_path, 5)
    run = score_inputs([tmp_path], model, progress=_StoppedAt(KeyboardInterrupt()))
    assert (len(run.slices), run.found) == (2, 5)
    assert isinstance(run.stopped, KeyboardInterrupt)


def test_ctrl_c_while_a_slice_is_read_keeps_those_before(
    tmp_path: Path, model: Model, write_series: Write, monkeypatch: pytest.MonkeyPatch
):
    index = inputs_module.index_inputs([write_series(tmp_path, 6)])

    def interrupted(_: object) -> None:
        raise KeyboardInterrupt

    slices = (*index.slices[:5], replace(index.slices[5], decode=interrupted))
    broken = replace(index, slices=slices)
    monkeypatch.setattr(inputs_module, "index_inputs", lambda named, required: broken)
    run = score_inputs([tmp_path], model)
    assert len(run.slices) == 4  # the batch before; the fifth waited for the sixth
    assert isinstance(run.stopped, KeyboardInterrupt)


def test_a_model_that_breaks_keeps_what_was_scored(
    tmp_path: Path, model: Model, write_series: Write
):
    class Breaks:
        def __init__(self) -> None:
            self.batches = 0

        def run(self, names: list[str], inputs: dict[str, np.ndarray]) -> list[np.ndarray]:
            self.batches += 1
            value = 1 if self.batches == 1 else np.nan
            return [np.full((len(inputs["image"]), 5), value, np.float32)]

    write_series(tmp_path, 6)
    run = score_inputs([tmp_path], replace(model, session=Breaks()))
    assert len(run.slices) == 4
    assert isinstance(run.stopped, ModelFolderError)


def test_a_run_without_scores_says_why(tmp_path: Path, model: Model):
    with pytest.raises(CTReadError, match="missing: no such file"):
        require_scores(score_inputs([tmp_path / "missing"], model))
    (tmp_path / "a.dcm").write_text("text")
    with pytest.raises(CTReadError, match=r"none of 2 files .* the first is .*a\.dcm"):
        require_scores(score_inputs([tmp_path / "a.dcm", tmp_path / "missing"], model))


def test_slices_are_compared_with_a_reference(tmp_path: Path, model: Model, write_ct: Write):
    hu = np.random.default_rng(0).normal(40, 20, (64, 64))
    for folder, offset in (("clean", 0), ("shifted", 35)):
        for z in (0, 3):
            position = [0, 0, z + (100 if (folder, z) == ("clean", 3) else 0)]
            path = tmp_path / folder / f"{z}.dcm"
            write_ct(path, hu.clip(0, 80) + offset, ImagePositionPatient=position)
    run = score_inputs([tmp_path / "shifted"], model, reference=tmp_path / "clean")
    near, far = run.slices
    assert near.comparison is not None
    assert near.comparison.psnr == pytest.approx(20, abs=0.1)  # 35 HU in a window of 350
    assert near.comparison.reference == str(tmp_path / "clean" / "0.dcm")
    assert far.comparison == Comparison()
    assert far.warnings[-1] == "not compared: no reference slice at this position"
    assert run.reference == str(tmp_path / "clean")
    assert set(run.sha256) == {near.path, far.path, near.comparison.reference}


def test_a_reference_of_another_scan_ends_the_run(tmp_path: Path, model: Model, write_ct: Write):
    for n in range(2):
        hu = np.zeros((64, 64))
        write_ct(tmp_path / f"{n}" / f"{n}.dcm", hu, ImagePositionPatient=[0, 0, 100 * n])
    with pytest.raises(DistiliqaError, match="give the reference of the same scan"):
        score_inputs([tmp_path / "0"], model, reference=tmp_path / "1")
    with pytest.raises(DistiliqaError, match="no such file"):
        score_inputs([tmp_path / "0"], model, reference=tmp_path / "2")


def test_a_slice_scores_the_same_from_dicom_and_from_nifti(
    tmp_path: Path, model: Model, write_ct: Write
):
    rng = np.random.default_rng(0)
    volume = np.full((3, 512, 512), 40.0)
    volume[:, :128, :128] += rng.normal(0, 60, (3, 128, 128)) * np.array([1, 2, 3])[:, None, None]
    volume = np.round(volume)
    for n, hu in enumerate(volume):
        position = [-100, -50, 3 * n]
        write_ct(tmp_path / "dicom" / f"{n}.dcm", hu, ImagePositionPatient=position)
    # DICOM points left, posterior, head; NIfTI right, anterior, head.
    affine = np.diag([-0.7, -0.7, 3, 1])
    affine[:3, 3] = [100, 50, 0]
    image = nibabel.Nifti1Image(volume.transpose(2, 1, 0).astype(np.int16), affine)
    nibabel.save(image, tmp_path / "copy.nii.gz")

    dicom = score_inputs([tmp_path / "dicom"], model).slices
    nifti = score_inputs([tmp_path / "copy.nii.gz"], model).slices
    assert [item.score for item in nifti] == pytest.approx([item.score for item in dicom], abs=1e-4)
    assert len({round(item.score, 3) for item in dicom}) == 3
    turned = model.score(volume[0, ::-1]).score
    assert abs(turned - dicom[0].score) > 1e-2  # the model would notice a flip
