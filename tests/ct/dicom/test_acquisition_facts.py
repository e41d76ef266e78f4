from __future__ import annotations

import pytest
from pydicom.dataset import Dataset

from distiliqa.ct.dicom.acquisition_facts import CONTRADICTION, contradicts


@pytest.mark.parametrize(
    ("exposure", "current", "times", "pitch"),
    [
        (246, 492, [0.5], None),
        (393, 629, [0.5], 0.8),
        (267, 641, [0.5], 1.2),
        (243, 358, [0.679, 0.75], 1.104),
        (43, 123, [0.35, 0.35], 1.388),
        (120, 396, [0.5], None),
        (40, 43, [0.42], None),
        (1, 10, [0.05], 1.0),
        (10268, None, [1.186], None),
        (10268, 150, [], None),
        (10268, 150, [0.0], None),
        (None, 150, [1.186], None),
    ],
)
def test_what_agrees_or_cannot_be_judged(exposure, current, times, pitch):
    assert not contradicts(exposure, current, times, pitch)


@pytest.mark.parametrize(
    ("exposure", "current", "times", "pitch"),
    [
        (10268, 150, [1.186], None),
        (7837, 440, [0.843], None),
        (5, 184, [0.5, 0.5], 0.984),
        (17, 568, [0.5], 0.992),
        (57, 393, [0.965, 0.8], 1.375),
        (27, 160, [0.87], None),
        (7, 160, [1.0], 1.375),
    ],
)
def test_what_no_pitch_explains(exposure, current, times, pitch):
    assert contradicts(exposure, current, times, pitch)


@pytest.mark.parametrize(
    ("keyword", "name", "value"),
    [
        ("SliceThickness", "slice_thickness_mm", -3),
        ("SliceThickness", "slice_thickness_mm", 0),
        ("SliceThickness", "slice_thickness_mm", 5000),
        ("KVP", "kvp", -120),
        ("XRayTubeCurrent", "tube_current_ma", -1),
        ("Exposure", "exposure_mas", -10),
        ("CTDIvol", "ctdivol_mgy", -0.5),
        ("CTDIvol", "ctdivol_mgy", 0),
        ("ReconstructionDiameter", "field_of_view_mm", 0),
        ("KVP", "kvp", 120000),
        ("XRayTubeCurrent", "tube_current_ma", 250000),
        ("Exposure", "exposure_mas", 200000),
        ("RevolutionTime", "rotation_time_s", 500.0),
        ("SpiralPitchFactor", "pitch", 1375.0),
        ("CTDIvol", "ctdivol_mgy", 1.2e308),
        ("ReconstructionDiameter", "field_of_view_mm", 350000),
    ],
)
def test_impossible_values_give_a_warning_and_no_value(
    tmp_path, write_ct, body, read_one, keyword, name, value
):
    image = read_one(write_ct(tmp_path / "a.dcm", body, **{keyword: value}))
    assert getattr(image.acquisition, name) is None
    assert image.warnings == (f"{keyword} is {value:g}, which no CT has: not used",)


@pytest.mark.parametrize("thickness", [0.1, 10, 50])
def test_a_thickness_of_ct_is_kept(tmp_path, write_ct, body, read_one, thickness):
    image = read_one(write_ct(tmp_path / "a.dcm", body, SliceThickness=thickness))
    assert (image.acquisition.slice_thickness_mm, image.warnings) == (thickness, ())


@pytest.mark.parametrize(
    ("stated", "mas", "basis"),
    [
        ({"ExposureTime": 1186}, 237.2, "tube current x exposure time"),
        ({"ExposureTime": 965, "RevolutionTime": 0.8}, 160, "tube current x rotation time"),
        (
            {"ExposureTime": 9000, "RevolutionTime": 0.5, "SpiralPitchFactor": 1},
            100,
            "tube current x rotation time",
        ),
    ],
)
def test_a_contradictory_exposure_is_computed(
    tmp_path, write_ct, body, read_one, stated, mas, basis
):
    image = read_one(write_ct(tmp_path / "a.dcm", body, Exposure=10268, **stated))
    assert image.acquisition.exposure_mas == pytest.approx(mas)
    assert image.acquisition.exposure_basis == basis
    assert image.warnings == (f"{CONTRADICTION}{basis}",)


def test_the_time_of_a_whole_scan_gives_no_exposure(tmp_path, write_ct, body, read_one):
    image = read_one(write_ct(tmp_path / "a.dcm", body, Exposure=100, ExposureTime=9000))
    assert (image.acquisition.exposure_mas, image.acquisition.exposure_basis) == (None, None)
    assert image.warnings == (f"{CONTRADICTION}left out",)


def test_an_exposure_that_agrees_stays(tmp_path, write_ct, body, read_one):
    image = read_one(write_ct(tmp_path / "a.dcm", body, Exposure=98, RevolutionTime=0.5))
    assert (image.acquisition.exposure_mas, image.acquisition.exposure_basis) == (98, None)
    assert image.warnings == ()


def phantom(code: str) -> list[Dataset]:
    item = Dataset()
    item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = code, "DCM", "a phantom"
    return [item]


@pytest.mark.parametrize(("code", "size_cm"), [("113690", 16), ("113691", 32), ("113692", None)])
def test_the_phantom_of_ctdivol(tmp_path, write_ct, body, read_one, code, size_cm):
    tags = {"CTDIPhantomTypeCodeSequence": phantom(code)}
    image = read_one(write_ct(tmp_path / "a.dcm", body, **tags))
    assert image.acquisition.ctdi_phantom_cm == size_cm


def test_facts_of_the_rotation_and_of_the_reconstruction(tmp_path, write_ct, body, read_one):
    stated = {
        "SpiralPitchFactor": 0.984,
        "RevolutionTime": 0.5,
        "ExposureModulationType": "XYZ_EC",
        "ReconstructionDiameter": 360,
    }
    facts = read_one(write_ct(tmp_path / "a.dcm", body, **stated)).acquisition
    assert (facts.pitch, facts.rotation_time_s) == (0.984, 0.5)
    assert (facts.modulation, facts.field_of_view_mm) == ("XYZ_EC", 360)


def test_facts_that_no_tag_states_are_unknown(tmp_path, write_ct, body, read_one):
    axial = write_ct(tmp_path / "a.dcm", body, SpiralPitchFactor=0, Manufacturer="GE")
    image = read_one(axial)
    facts = image.acquisition
    assert (facts.pitch, facts.rotation_time_s, facts.ctdi_phantom_cm) == (None, None, None)
    assert (facts.modulation, facts.field_of_view_mm) == (None, None)
    assert facts.reconstruction_method is None
    assert image.warnings == ()


def test_numbers_of_the_largest_scanners_are_kept(tmp_path, write_ct, body, read_one):
    stated = {
        "KVP": 450,
        "XRayTubeCurrent": 2600,
        "CTDIvol": 1500.0,
        "SpiralPitchFactor": 3.4,
        "RevolutionTime": 120.0,
        "ReconstructionDiameter": 900,
    }
    image = read_one(write_ct(tmp_path / "a.dcm", body, **stated))
    facts = image.acquisition
    assert image.warnings == ()
    assert (facts.kvp, facts.tube_current_ma, facts.ctdivol_mgy) == (450, 2600, 1500)
    assert (facts.pitch, facts.rotation_time_s, facts.field_of_view_mm) == (3.4, 120, 900)
