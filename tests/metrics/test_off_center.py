from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from tests.support.slices import write_ct
from tools.phantom.blurred_body import body

from distiliqa.ct import CTSlice, index_ct
from distiliqa.metrics import body_size, off_center
from distiliqa.metrics.off_center import axis_in_image

PIXEL, SIDE = 0.5, 320
CORNER = -PIXEL * (SIDE - 1) / 2  # of an image whose middle is at 0


def read(tmp_path: Path, *, down_mm: float = 0.0, right_mm: float = 0.0, **tags) -> CTSlice:
    """A body in a file, this far from the middle of its image."""
    places = (round(shift / PIXEL) for shift in (down_mm, right_mm))
    hu = np.roll(body(size=SIDE, pixel_mm=PIXEL), tuple(places), (0, 1))
    facts = {"PixelSpacing": [PIXEL, PIXEL], "ImagePositionPatient": [CORNER, CORNER, 0]}
    path = write_ct(tmp_path / "one.dcm", hu, **(facts | tags))
    return index_ct(path).slices[0].read()


def found(ct: CTSlice):
    return off_center(ct, body_size(ct.hu, ct.spacing_mm))


def test_the_body_is_this_far_from_the_axis(tmp_path: Path):
    ct = read(tmp_path, down_mm=6, right_mm=-8, DataCollectionCenterPatient=[0.0, 0.0, 0.0])
    assert (found(ct).x_mm, found(ct).y_mm) == pytest.approx((-8, 6), abs=1)
    assert found(ct).distance_mm == pytest.approx(10, abs=1)
    assert axis_in_image(ct) == pytest.approx((159.5, 159.5))


def test_a_shifted_field_of_view_does_not_count(tmp_path: Path):
    """The image is 8 mm to the left of the axis, and the body 8 mm to the right in it."""
    corner = [CORNER + 8, CORNER, 0]
    axis = [0.0, 0.0, 0.0]
    ct = read(tmp_path, right_mm=-8, ImagePositionPatient=corner, DataCollectionCenterPatient=axis)
    assert found(ct).distance_mm == pytest.approx(0, abs=1)
    assert axis_in_image(ct) == pytest.approx((159.5, 159.5 - 16))


def test_the_axis_of_a_slice_that_is_stored_upside_down(tmp_path: Path):
    hu = np.roll(body(size=SIDE, pixel_mm=PIXEL), 12, axis=0)[::-1]
    path = write_ct(
        tmp_path / "one.dcm",
        hu,
        PixelSpacing=[PIXEL, PIXEL],
        ImagePositionPatient=[CORNER, -CORNER, 0],
        ImageOrientationPatient=[1, 0, 0, 0, -1, 0],
        DataCollectionCenterPatient=[0.0, 0.0, 0.0],
    )
    ct = index_ct(path).slices[0].read()
    assert (found(ct).x_mm, found(ct).y_mm) == pytest.approx((0, 6), abs=1)


def test_without_an_axis_or_a_whole_body_there_is_a_reason(tmp_path: Path):
    assert "does not state the axis" in found(read(tmp_path)).reason
    cut = read(tmp_path, right_mm=60, DataCollectionCenterPatient=[0.0, 0.0, 0.0])
    assert found(cut).distance_mm is None
    assert found(cut).reason == "the field of view cuts the body"
