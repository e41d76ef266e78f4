from __future__ import annotations

import pytest

from distiliqa.ct.dicom.acquisition_facts import contradicts


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
    ],
)
def test_impossible_values_give_a_warning_and_no_value(
    tmp_path, write_ct, body, read_one, keyword, name, value
):
    image = read_one(write_ct(tmp_path / "a.dcm", body, **{keyword: value}))
    assert getattr(image.acquisition, name) is None
    assert image.warnings == (f"{keyword} is {value}, which no CT has: not used",)


@pytest.mark.parametrize("thickness", [0.1, 10, 50])
def test_a_thickness_of_ct_is_kept(tmp_path, write_ct, body, read_one, thickness):
    image = read_one(write_ct(tmp_path / "a.dcm", body, SliceThickness=thickness))
    assert (image.acquisition.slice_thickness_mm, image.warnings) == (thickness, ())
