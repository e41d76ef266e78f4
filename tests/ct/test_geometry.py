from __future__ import annotations

import math
from dataclasses import replace

import nibabel
import numpy as np
import pytest

from distiliqa.ct import Geometry, index_ct
from distiliqa.ct.geometry import Orientation, tilt_warnings

PRONE = [-1, 0, 0, 0, -1, 0]
GRID = Geometry((0, 0, 0), Orientation((1, 0, 0), (0, 1, 0)), (0.7, 0.7), (64, 64))


def test_a_dicom_slice_has_the_position_in_its_header(tmp_path, write_ct):
    point = [-100, -90, 30]
    tags = {"ImagePositionPatient": point, "ImageOrientationPatient": PRONE}
    path = write_ct(tmp_path / "a.dcm", np.zeros((64, 72)), PixelSpacing=[0.7, 0.8], **tags)
    (ref,) = index_ct(path).slices
    orientation = Orientation((-1, 0, 0), (0, -1, 0))
    assert ref.geometry == Geometry((-100, -90, 30), orientation, (0.7, 0.8), (64, 72))


@pytest.mark.parametrize("tag", ["ImagePositionPatient", "ImageOrientationPatient", "PixelSpacing"])
def test_without_its_tags_a_slice_has_no_position(tmp_path, write_ct, tag):
    (ref,) = index_ct(write_ct(tmp_path / "a.dcm", np.zeros((64, 64)), **{tag: None})).slices
    assert ref.geometry is None


def test_a_volume_has_the_position_in_its_affine(tmp_path):
    affine = np.array([[-0.8, 0, 0, 10], [0, 0.7, 0, 20], [0, 0, 3, 30], [0, 0, 0, 1.0]])  # RAS
    image = nibabel.Nifti1Image(np.zeros((64, 72, 2), np.int16), affine)
    nibabel.save(image, tmp_path / "a.nii")
    geometry = index_ct(tmp_path / "a.nii").slices[1].geometry
    assert geometry.origin_mm == pytest.approx((-10, -20, 33))
    assert geometry.spacing_mm == pytest.approx((0.8, 0.7))
    assert geometry.shape == (64, 72)
    np.testing.assert_allclose(geometry.orientation.cosines, [0, -1, 0, 1, 0, 0], atol=1e-6)


def test_rounding_makes_no_other_grid():
    assert GRID.same_grid(replace(GRID, origin_mm=(1, 2, 3), spacing_mm=(0.70001, 0.7)))
    assert not GRID.same_grid(replace(GRID, spacing_mm=(0.7, 0.8)))
    assert not GRID.same_grid(replace(GRID, shape=(64, 65)))
    assert not GRID.same_grid(replace(GRID, orientation=Orientation((-1, 0, 0), (0, 1, 0))))


@pytest.mark.parametrize("cosines", [PRONE, [0, 1, 0, 1, 0, 0], [1, 0, 0, 0, 1, 0]])
def test_a_map_is_laid_over_the_slice_as_it_is_stored(tmp_path, write_ct, cosines):
    stored = np.random.default_rng(0).uniform(0, 100, (64, 72)).round()
    path = write_ct(tmp_path / "a.dcm", stored, ImageOrientationPatient=cosines)
    (ref,) = index_ct(path).slices
    seen = ref.read().hu  # in the standard view
    padded = np.zeros((72, 72), np.float32)
    rows, columns = ((72 - n) // 2 for n in seen.shape)
    padded[rows : rows + seen.shape[0], columns : columns + seen.shape[1]] = seen
    np.testing.assert_array_equal(ref.geometry.lay(padded, 72), stored)


@pytest.mark.parametrize("far", ["1e30", "-1.7e308", "100001"])
def test_a_position_that_no_scanner_has_is_not_known(tmp_path, write_ct, far):
    point = {"ImagePositionPatient": [far, far, far]}
    (ref,) = index_ct(write_ct(tmp_path / "a.dcm", np.zeros((64, 64)), **point)).slices
    assert (ref.position_mm, ref.geometry) == (None, None)
    warning = f"the image position is {far}\\{far}\\{far}: slices are in file order"
    assert warning in ref.read().warnings


def tilted(degrees: float) -> Orientation:
    """An axial slice of a gantry tilted about the left-right axis."""
    angle = math.radians(degrees)
    return Orientation((1, 0, 0), (0, math.cos(angle), math.sin(angle)))


@pytest.mark.parametrize(("degrees", "axial"), [(0, True), (-30, True), (30, True), (60, False)])
def test_a_tilted_gantry_is_axial(degrees, axial):
    assert tilted(degrees).is_axial == axial


@pytest.mark.parametrize("degrees", [0, -12, 30])
def test_a_tilt_is_measured_and_reported(degrees):
    assert tilted(degrees).tilt_degrees == pytest.approx(abs(degrees), abs=1e-6)
    warned = tilt_warnings(tilted(degrees).tilt_degrees)
    assert [text.split(",")[0] for text in warned] == (
        [f"tilted by {abs(degrees)} degrees"] if degrees else []
    )


def test_the_normal_points_to_the_head_however_the_slice_is_stored():
    feet_first = Orientation((1, 0, 0), (0, -1, 0))
    np.testing.assert_array_equal(feet_first.normal, [0, 0, 1])
    assert feet_first.position_mm([5, 6, 7]) == 7


def test_every_point_of_a_tilted_slice_has_its_position():
    orientation = tilted(20)
    corner = np.array([3.0, 4.0, 5.0])
    other = corner + 7 * np.array(orientation.along_rows) + 9 * np.array([1, 0, 0])
    assert orientation.position_mm(corner) == pytest.approx(orientation.position_mm(other))


@pytest.mark.parametrize(
    "cosines", [[], [1, 0, 0], [0] * 6, [1, 0, 0, 1, 0, 0], [1, 0, 0, 0, float("nan"), 0]]
)
def test_cosines_that_span_no_plane_are_none(cosines):
    assert Orientation.from_cosines(cosines) is None


def test_turning_a_prone_patient_is_half_a_turn():
    image = np.arange(6, dtype=np.float32).reshape(2, 3)
    turned = Orientation((-1, 0, 0), (0, -1, 0)).turn(image)
    np.testing.assert_array_equal(turned, image[::-1, ::-1])
    assert turned.flags.c_contiguous


AXES = ((1, 0, 0), (-1, 0, 0), (0, 1, 0), (0, -1, 0))


PLANES = [(across, down) for across in AXES for down in AXES if np.dot(across, down) == 0]


@pytest.mark.parametrize(("across", "down"), PLANES)
def test_turning_back_undoes_turning(across, down):
    image = np.arange(6, dtype=np.float32).reshape(2, 3)
    orientation = Orientation(across, down)
    np.testing.assert_array_equal(orientation.turn_back(orientation.turn(image)), image)
