"""A lower dose is the same wherever it is simulated."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pydicom
import pytest
from pydicom.uid import EnhancedCTImageStorage
from tests.support.slices import noisy_body

from distiliqa.ct import index_ct
from distiliqa.errors import CTReadError
from distiliqa.simulate.dicom_files import Settings, simulate_file
from distiliqa.simulate.lower_doses import at_doses

Write = Callable[..., Path]


@pytest.fixture
def write_body(write_ct: Write) -> Callable[..., Path]:
    """Write a noisy body of 64 pixels of 4 mm, with corners that are padding."""

    def write(path: Path, **tags: object) -> Path:
        hu = noisy_body(64)
        y, x = np.mgrid[:64, :64] - 32
        hu[np.hypot(x, y) > 32] = -2000
        return write_ct(path, hu, **({"PixelSpacing": [4, 4]} | tags))

    return write


@pytest.mark.parametrize(
    "tags",
    [
        {},
        {"ImageOrientationPatient": [-1, 0, 0, 0, -1, 0]},
        {"ImageOrientationPatient": [0, 1, 0, 1, 0, 0]},
        {"RescaleSlope": 0.5},
    ],
)
def test_it_is_what_the_simulated_file_is_read_as(
    tmp_path: Path, write_body: Write, tags: dict[str, object]
):
    dose = {"XRayTubeCurrent": 200, "Exposure": 100, "CTDIvol": 8.0}
    path = write_body(tmp_path / "a.dcm", **dose, **tags)
    settings = Settings(dose=0.5, seed=7)
    made = simulate_file(path, folder=tmp_path, out=tmp_path / "out", settings=settings)
    (shown,) = at_doses(index_ct(path).slices[0].read(), [0.5], seed=7)
    read = index_ct(made).slices[0].read()
    assert shown.hu.dtype == read.hu.dtype
    # A few positions of back-projection round to another sample; then both are rounded to HU.
    np.testing.assert_allclose(shown.hu, read.hu, atol=2)
    assert np.mean(shown.hu != read.hu) < 0.05
    assert shown.acquisition == read.acquisition
    assert read.acquisition.ctdivol_mgy == 4.0


def test_each_dose_has_the_same_draw_of_noise(tmp_path: Path, write_body: Write):
    ct = index_ct(write_body(tmp_path / "a.dcm")).slices[0].read()
    plain, half, again, low = at_doses(ct, [1, 0.5, 0.5, 0.2])
    np.testing.assert_array_equal(plain.hu, ct.hu)
    np.testing.assert_array_equal(half.hu, again.hu)
    inside = np.s_[24:40, 24:40]
    noise = [(lower.hu - plain.hu)[inside].ravel() for lower in (half, low)]
    assert np.corrcoef(*noise)[0, 1] > 0.99
    assert noise[1].std() == pytest.approx(2 * noise[0].std(), rel=0.1)  # (1 / dose - 1) ** 0.5
    (other,) = at_doses(ct, [0.5], seed=1)
    assert (half.hu != other.hu).any()
    assert (half.path, half.sop_uid, half.spacing_mm) == (ct.path, ct.sop_uid, ct.spacing_mm)


def test_a_member_of_a_zip_is_simulated_as_it_was_read(tmp_path: Path, write_body: Write):
    path = write_body(tmp_path / "a.dcm", SOPInstanceUID="1.2.3")
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.write(path, "a.dcm")
    bodies = []
    for source in (path, tmp_path / "a.zip"):
        (shown,) = at_doses(index_ct(source).slices[0].read(), [0.5])
        bodies.append(shown.hu[20:44, 16:48])
    np.testing.assert_array_equal(*bodies)


def test_frames_of_an_enhanced_image_have_their_own_rescale_and_noise(
    tmp_path: Path, write_body: Write
):
    path = write_body(tmp_path / "a.dcm", SOPClassUID=EnhancedCTImageStorage)
    image = pydicom.dcmread(path)
    shared = pydicom.Dataset()
    for macro, keywords in (
        ("PixelMeasuresSequence", ("PixelSpacing",)),
        ("PixelValueTransformationSequence", ("RescaleSlope", "RescaleIntercept")),
    ):
        values = pydicom.Dataset()
        for keyword in keywords:
            values[keyword] = image[keyword]
            del image[keyword]
        setattr(shared, macro, [values])
    image.SharedFunctionalGroupsSequence = [shared]
    image.PerFrameFunctionalGroupsSequence = [pydicom.Dataset(), pydicom.Dataset()]
    image.NumberOfFrames, image.PixelData = 2, 2 * image.PixelData
    image.save_as(path)
    first, second = (ref.read() for ref in index_ct(path).slices)
    np.testing.assert_array_equal(first.hu, second.hu)
    (one,), (other,) = at_doses(first, [0.5]), at_doses(second, [0.5])
    assert one.hu[24:40, 24:40].mean() == pytest.approx(40, abs=5)
    assert (one.hu != other.hu).any()


def test_a_slice_without_pixel_spacing_is_reported(tmp_path: Path, write_body: Write):
    ct = index_ct(write_body(tmp_path / "a.dcm", PixelSpacing=None)).slices[0].read()
    with pytest.raises(CTReadError, match=r"a\.dcm: lacks Pixel Spacing"):
        next(at_doses(ct, [0.5]))


@pytest.mark.parametrize("spacing", [["1e-20", "1e-20"], ["1e30", "1e30"], [4, 2]])
def test_pixels_that_no_projection_can_be_made_of_are_an_error(
    tmp_path: Path, write_body: Write, spacing: list[str | float]
):
    ct = index_ct(write_body(tmp_path / "a.dcm", PixelSpacing=spacing)).slices[0].read()
    with pytest.raises(CTReadError, match=r"a\.dcm: has pixels of .* mm, not square ones of CT"):
        next(at_doses(ct, [0.5]))
