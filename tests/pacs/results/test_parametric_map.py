from __future__ import annotations

from dataclasses import replace

import highdicom
import numpy as np
import pydicom
import pytest

from distiliqa.errors import DistiliqaError
from distiliqa.examples import EXAMPLE_SERIES
from distiliqa.pacs.results.parametric_map import write_parametric_map
from distiliqa.scoring.series_score import SeriesScore

RNG = np.random.default_rng(0)
HEATMAP = RNG.uniform(0, 4, (16, 16)).astype(np.float32)
PRONE = [-1, 0, 0, 0, -1, 0]


@pytest.fixture
def write(tmp_path, scored, model):
    """Write the map of the one series under a path; the map read back."""

    def map_of(path, **fields):
        (series,) = scored(path, **({"heatmap": HEATMAP} | fields))
        write_parametric_map(tmp_path / "map.dcm", series, model)
        return highdicom.imread(tmp_path / "map.dcm")

    return map_of


def patches(count, rows, columns, patch):
    """The middle of ``HEATMAP`` as pixels, as a series of 64 x 64 slices sees it."""
    middle = HEATMAP[7:9, 7:9].repeat(patch, axis=0).repeat(patch, axis=1)
    return np.broadcast_to(middle[:rows, :columns], (count, rows, columns))


def test_each_frame_lies_on_its_slice(write, write_series, tmp_path):
    image = write(write_series(tmp_path / "in"))
    np.testing.assert_array_equal(image.pixel_array, patches(3, 64, 64, 32))
    files = [pydicom.dcmread(tmp_path / "in" / f"{n}.dcm") for n in range(3)]
    sources = {source.SOPInstanceUID: source for source in files}
    for group in image.PerFrameFunctionalGroupsSequence:
        (used,) = group.DerivationImageSequence[0].SourceImageSequence
        source = sources.pop(used.ReferencedSOPInstanceUID)
        assert group.PlanePositionSequence[0].ImagePositionPatient == source.ImagePositionPatient
    assert sources == {}
    (shared,) = image.SharedFunctionalGroupsSequence
    assert shared.PlaneOrientationSequence[0].ImageOrientationPatient == [1, 0, 0, 0, 1, 0]
    assert shared.PixelMeasuresSequence[0].PixelSpacing == [0.7, 0.7]


def test_a_turned_slice_gets_a_turned_map(write, write_series, tmp_path):
    image = write(write_series(tmp_path / "in", 1, ImageOrientationPatient=PRONE))
    np.testing.assert_array_equal(image.pixel_array[::-1, ::-1], patches(1, 64, 64, 32)[0])
    (shared,) = image.SharedFunctionalGroupsSequence
    assert shared.PlaneOrientationSequence[0].ImageOrientationPatient == PRONE


def test_where_the_model_did_not_look_is_padding(write, write_ct, tmp_path):
    path = write_ct(tmp_path / "a.dcm", np.zeros((600, 512)))
    holed = HEATMAP.copy()
    holed[0] = np.nan
    image = write(path, heatmap=holed)
    values, padding = image.pixel_array, image.FloatPixelPaddingValue
    assert padding < min(0, np.nanmin(HEATMAP))
    assert (values[: 44 + 32] == padding).all()
    assert (values[-44:] == padding).all()
    assert (values[44 + 32 : -44] != padding).all()
    mapping = image.SharedFunctionalGroupsSequence[0].RealWorldValueMappingSequence[0]
    assert mapping.DoubleFloatRealWorldValueFirstValueMapped == 0 > padding
    assert mapping.DoubleFloatRealWorldValueLastValueMapped == 4
    assert mapping.MeasurementUnitsCodeSequence[0].CodeValue == "1"


def test_a_score_of_the_model_is_not_called_a_rating_of_dicom(write, write_series, tmp_path):
    """An Image Quality Rating runs from 0 to 100 (PS3.16, Annex D)."""
    image = write(write_series(tmp_path / "in", 1))
    mapping = image.SharedFunctionalGroupsSequence[0].RealWorldValueMappingSequence[0]
    (quantity,) = mapping.QuantityDefinitionSequence
    (code,) = quantity.ConceptCodeSequence
    assert (code.CodeValue, code.CodingSchemeDesignator) == ("score", "99DISTILIQA")
    (scheme,) = image.CodingSchemeIdentificationSequence
    assert scheme.CodingSchemeDesignator == code.CodingSchemeDesignator


def test_frames_of_an_enhanced_image(write, scored, model, write_enhanced, tmp_path, dicom_errors):
    path = write_enhanced(tmp_path / "a.dcm", 4)
    (series,) = scored(path)
    slices = [replace(slice_, heatmap=HEATMAP + slice_.frame) for slice_ in series.slices[1:]]
    write_parametric_map(tmp_path / "map.dcm", SeriesScore(series.series, tuple(slices)), model)
    image = highdicom.imread(tmp_path / "map.dcm")
    number = {}
    for frame, group in zip(image.pixel_array, image.PerFrameFunctionalGroupsSequence, strict=True):
        (used,) = group.DerivationImageSequence[0].SourceImageSequence
        number[int(used.ReferencedFrameNumber)] = frame[0, 0]
    assert number == {n + 1: HEATMAP[7, 7] + n for n in (1, 2, 3)}
    assert dicom_errors(tmp_path / "map.dcm") == []


def test_it_is_of_the_patient_and_says_what_it_is(write, write_series, tmp_path):
    image = write(write_series(tmp_path / "in", 2, PatientID="P 7"))
    assert image.PatientID == "P 7"
    assert image.ContentQualification == "RESEARCH"
    assert "not a medical device" in image.SeriesDescription


def test_dciodvfy_finds_no_error(scored, model, write_series, tmp_path, dicom_errors):
    for name, path in {"example": EXAMPLE_SERIES, "bare": write_series(tmp_path / "in")}.items():
        for n, series in enumerate(scored(path, heatmap=HEATMAP)):
            write_parametric_map(tmp_path / f"{name}{n}.dcm", series, model)
            assert dicom_errors(tmp_path / f"{name}{n}.dcm") == []


def test_without_a_frame_of_reference_there_is_none(write, write_series, tmp_path):
    with pytest.raises(DistiliqaError, match=r"0\.dcm: lacks FrameOfReferenceUID"):
        write(write_series(tmp_path / "in", 1, FrameOfReferenceUID=None))


@pytest.mark.parametrize("tag", ["ImagePositionPatient", "PixelSpacing"])
def test_without_a_place_in_the_patient_there_is_none(write, write_series, tmp_path, tag):
    folder = write_series(tmp_path / "in", 1)
    dataset = pydicom.dcmread(folder / "0.dcm")
    del dataset[tag]
    dataset.save_as(folder / "0.dcm")
    with pytest.raises(DistiliqaError, match=r"0\.dcm: does not say where .*; take --heatmaps png"):
        write(folder)


def test_two_slices_at_one_position_are_reported(write, write_ct, tmp_path):
    for n in range(2):
        write_ct(tmp_path / "in" / f"{n}.dcm", np.zeros((64, 64)))
    with pytest.raises(DistiliqaError, match=r"no DICOM result can be made.*duplicates"):
        write(tmp_path / "in")
    assert not (tmp_path / "map.dcm").exists()
