"""Which DICOM objects are CT: what else they hold is left out with a reason."""

from __future__ import annotations

import numpy as np
import pydicom
import pytest
from pydicom.uid import SecondaryCaptureImageStorage
from tests.support.slices import altered

from distiliqa.ct import index_ct
from distiliqa.errors import CTReadError, NotCTError

MINIMUM = pydicom.Dataset()
MINIMUM.CodeValue, MINIMUM.CodingSchemeDesignator = "113079", "DCM"


@pytest.mark.parametrize(
    ("tags", "reason"),
    [
        ({"Modality": "MR"}, "modality MR, not CT"),
        ({"ImageType": ["ORIGINAL", "PRIMARY", "LOCALIZER"]}, "Image Type LOCALIZER"),
        ({"ImageType": ["DERIVED", "SECONDARY", "SCREEN SAVE"]}, "Image Type SCREEN SAVE"),
        (
            {"ImageType": ["DERIVED", "SECONDARY", "AXIAL", "MIP"]},
            r"projection .* \(Image Type MIP",
        ),
        ({"RescaleType": "mgml"}, r"map of a material, not HU \(Rescale Type mgml\)"),
        ({"RescaleType": "MGML"}, r"map of a material, not HU \(Rescale Type MGML\)"),
        ({"VolumeBasedCalculationTechnique": "MAX_IP"}, "Calculation Technique MAX_IP"),
        ({"VolumetricProperties": "DISTORTED"}, "Volumetric Properties DISTORTED"),
        ({"DerivationCodeSequence": [MINIMUM]}, r"projection .* \(Derivation Code 113079\)"),
        ({"ImageOrientationPatient": [1, 0, 0, 0, 0, -1]}, "coronal"),
        ({"ImageOrientationPatient": [0, 1, 0, 0, 0, -1]}, "sagittal"),
        ({"SamplesPerPixel": 3, "PhotometricInterpretation": "RGB"}, "a color image holds no HU"),
        ({"SOPClassUID": SecondaryCaptureImageStorage, "Modality": "OT"}, "modality OT, not CT"),
        (
            {"SOPClassUID": SecondaryCaptureImageStorage, "ImagePositionPatient": None},
            "Secondary Capture Image Storage without a position and a rescale",
        ),
    ],
)
def test_what_is_no_axial_ct_is_refused_by_itself(tmp_path, write_ct, body, tags, reason):
    path = write_ct(tmp_path / "a.dcm", body, **tags)
    with pytest.raises(NotCTError, match=reason) as caught:
        index_ct(path)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_training_images_saved_as_secondary_capture_read_on_request(tmp_path, write_ct, body):
    tags = {"SOPClassUID": SecondaryCaptureImageStorage, "Modality": "OT"}
    path = write_ct(tmp_path / "a.dcm", body, **tags)
    (ref,) = index_ct(path, require_ct=False).slices
    np.testing.assert_array_equal(ref.read().hu, body)


def test_a_palette_holds_no_hu(tmp_path, write_ct, body):
    path = write_ct(tmp_path / "a.dcm", body, PhotometricInterpretation="PALETTE COLOR")
    with pytest.raises(NotCTError, match="a color image holds no HU"):
        index_ct(path)


def test_a_class_without_an_image_is_not_ct(tmp_path, write_ct, body):
    tags = {"SOPClassUID": "1.2.840.10008.5.1.4.1.1.88.22", "Modality": "SR"}
    path = altered(write_ct(tmp_path / "a.dcm", body, **tags), Rows=None, PixelData=None)
    with pytest.raises(NotCTError, match=r"no image in it \(Enhanced SR Storage\); give the CT"):
        index_ct(path)


@pytest.mark.parametrize("modality", ["CT", "SR", "SEG"])
def test_no_frames_are_named_whatever_the_object(tmp_path, write_ct, body, modality):
    path = write_ct(tmp_path / "a.dcm", body, Modality=modality, NumberOfFrames=0)
    with pytest.raises(CTReadError, match=f"modality {modality}, not|NumberOfFrames is 0, which"):
        index_ct(path)
    with pytest.raises(CTReadError, match="NumberOfFrames is 0, which no image has; export"):
        index_ct(path, require_ct=False)


def mapping(unit: str) -> pydicom.Dataset:
    code, mapped = pydicom.Dataset(), pydicom.Dataset()
    code.CodeValue, code.CodingSchemeDesignator, code.CodeMeaning = unit, "UCUM", unit
    mapped.MeasurementUnitsCodeSequence = [code]
    return mapped


@pytest.mark.parametrize("unit", ["mg/mL", "%", "1", "g/cm3"])
def test_a_map_of_other_units_is_left_out(tmp_path, write_ct, body, unit):
    path = write_ct(tmp_path / "a.dcm", body, RealWorldValueMappingSequence=[mapping(unit)])
    with pytest.raises(NotCTError, match=f"not HU .Real World Value Mapping in {unit}"):
        index_ct(path)


@pytest.mark.parametrize("units", [["[hnsf'U]"], ["mg/mL", "[hnsf'U]"], []])
def test_a_mapping_to_hu_or_to_nothing_is_ct(tmp_path, write_ct, body, read_one, units):
    mappings = [mapping(unit) for unit in units] or [pydicom.Dataset()]
    path = write_ct(tmp_path / "a.dcm", body, RealWorldValueMappingSequence=mappings)
    np.testing.assert_array_equal(read_one(path).hu, body)
