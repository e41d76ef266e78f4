from __future__ import annotations

from dataclasses import replace

import nibabel
import numpy as np
import pytest
from PIL import Image

from distiliqa.ct import index_ct
from distiliqa.errors import DistiliqaError
from distiliqa.report.heatmaps import write_nifti, write_pictures
from distiliqa.scoring.run import score_inputs
from distiliqa.scoring.series_score import SeriesScore

HEATMAP = np.random.default_rng(0).uniform(0, 4, (16, 16)).astype(np.float32)
# Right, front, up: voxel (0, 0, 0) is the patient's left back.
AFFINE = np.array([[-0.8, 0, 0, 10], [0, -0.7, 0, 20], [0, 0, 3, 30], [0, 0, 0, 1.0]])


@pytest.fixture
def scored(model):
    """The one series under a path, with a heatmap that differs from slice to slice."""

    def score(path):
        (series,) = score_inputs([path], model).series
        slices = [replace(slice_, heatmap=HEATMAP + slice_.frame) for slice_ in series.slices]
        return SeriesScore(series.series, tuple(slices))

    return score


def test_a_picture_a_slice(tmp_path, scored, model, write_series):
    write_pictures(tmp_path / "out", scored(write_series(tmp_path / "in")), model.config)
    files = sorted((tmp_path / "out").iterdir())
    assert [file.name for file in files] == [f"slice_000{n}.png" for n in (1, 2, 3)]
    with Image.open(files[0]) as picture:
        assert picture.mode == "RGB"
        assert picture.height == 512


def test_a_slice_that_has_gone_is_reported(tmp_path, scored, model, write_series):
    series = scored(write_series(tmp_path / "in"))
    (tmp_path / "in" / "1.dcm").unlink()
    with pytest.raises(DistiliqaError, match=r"1\.dcm: is not there any more"):
        write_pictures(tmp_path / "out", series, model.config)
    write_nifti(tmp_path / "map.nii.gz", series, model.config)  # which needs no pixels


def test_a_map_of_a_volume_lies_on_the_volume(tmp_path, scored, model):
    values = np.random.default_rng(0).normal(40, 20, (64, 72, 3)).astype(np.int16)
    nibabel.save(nibabel.Nifti1Image(values, AFFINE), tmp_path / "in.nii")
    write_nifti(tmp_path / "map.nii.gz", scored(tmp_path / "in.nii"), model.config)
    image = nibabel.load(tmp_path / "map.nii.gz")
    assert image.get_data_dtype() == np.float32
    assert sorted(image.shape) == sorted(values.shape)
    # Voxel by voxel at one place in the patient, whatever the order of the axes.
    for voxel in ((0, 0, 0), (63, 0, 1), (5, 71, 2)):
        place = AFFINE @ (*voxel, 1)
        there = np.linalg.solve(image.affine, place)[:3]
        np.testing.assert_allclose(there, there.round(), atol=1e-3)
        found = image.get_fdata()[tuple(there.round().astype(int))]
        assert found == pytest.approx(seen_at(tmp_path / "in.nii", voxel), abs=1e-5)


def test_a_map_beside_its_slices_is_left_out(tmp_path, scored, model, write_series):
    folder = write_series(tmp_path / "in")
    write_nifti(folder / "map.nii.gz", scored(folder), model.config)
    index = index_ct(folder)
    assert (len(index.slices), index.failed) == (3, ())
    (problem,) = index.left_out
    assert problem == (str(folder / "map.nii.gz"), "a heatmap, not CT; give the CT it was made of")


def seen_at(path, voxel):
    """The value of the map at a voxel, worked out in the standard view of its slice."""
    x, y, z = voxel
    (ref,) = [ref for ref in index_ct(path).slices if ref.frame == z]
    hu = ref.read().hu  # (72, 64): the standard view swaps the axes
    column, row = x, y  # columns run to the left, rows to the back, as this affine does
    stored = nibabel.load(path).get_fdata()
    assert hu[row, column] == stored[x, y, z]
    top, left = ((512 - n) // 2 for n in hu.shape)
    return HEATMAP[(top + row) // 32, (left + column) // 32] + z


def test_a_map_of_dicom_has_the_affine_of_its_slices(tmp_path, scored, model, write_series):
    cosines = [1, 0, 0, 0, 0.8, 0.6]  # a tilted gantry: slices are stacked along z
    folder = write_series(tmp_path / "in", ImageOrientationPatient=cosines)
    write_nifti(tmp_path / "map.nii.gz", scored(folder), model.config)
    image = nibabel.load(tmp_path / "map.nii.gz")
    expected = [[-0.7, 0, 0, 100], [0, -0.56, 0, 100], [0, 0.42, 3, 3], [0, 0, 0, 1]]
    np.testing.assert_allclose(image.affine, expected, atol=1e-4)
    assert image.shape == (64, 64, 3)


def test_where_the_model_did_not_look_is_nan(tmp_path, scored, model, write_ct):
    path = write_ct(tmp_path / "a.dcm", np.zeros((512, 600)))
    write_nifti(tmp_path / "map.nii.gz", scored(path), model.config)
    values = nibabel.load(tmp_path / "map.nii.gz").get_fdata()
    assert np.isnan(values[:44]).all()
    assert np.isnan(values[-44:]).all()
    assert np.isfinite(values[44:-44]).all()


def test_slices_that_are_not_evenly_spaced_are_reported(tmp_path, scored, model, write_ct):
    for n, z in enumerate((0, 3, 7)):
        place = {"ImagePositionPatient": [-100, -100, z]}
        write_ct(tmp_path / "in" / f"{n}.dcm", np.zeros((64, 64)), **place)
    with pytest.raises(DistiliqaError, match="not evenly spaced"):
        write_nifti(tmp_path / "map.nii.gz", scored(tmp_path / "in"), model.config)
    assert not (tmp_path / "map.nii.gz").exists()


def test_slices_on_other_grids_are_reported(tmp_path, scored, model, write_ct):
    for n in range(2):
        place = {"ImagePositionPatient": [-100, -100, n], "PixelSpacing": [0.7 + n, 0.7]}
        write_ct(tmp_path / "in" / f"{n}.dcm", np.zeros((64, 64)), **place)
    with pytest.raises(DistiliqaError, match=r"1\.dcm: has another grid"):
        write_nifti(tmp_path / "map.nii.gz", scored(tmp_path / "in"), model.config)


def test_without_geometry_there_is_no_volume_but_there_are_pictures(tmp_path, scored, model):
    np.save(tmp_path / "a.npy", np.zeros((2, 64, 64), np.float32))
    series = scored(tmp_path / "a.npy")
    with pytest.raises(DistiliqaError, match=r"does not say where .*; take --heatmaps png"):
        write_nifti(tmp_path / "map.nii.gz", series, model.config)
    write_pictures(tmp_path / "out", series, model.config)
    assert len(list((tmp_path / "out").iterdir())) == 2
