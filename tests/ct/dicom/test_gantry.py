from __future__ import annotations

import pytest

from distiliqa.ct import Gantry


def test_axis_and_tilt_of_the_gantry(tmp_path, write_ct, body, read_one):
    stated = {"DataCollectionCenterPatient": [1.5, -152.0, 30.0], "GantryDetectorTilt": -12.5}
    gantry = read_one(write_ct(tmp_path / "a.dcm", body, **stated)).info.gantry
    assert gantry == Gantry((1.5, -152.0), -12.5)


@pytest.mark.parametrize("place", [None, [1.0, 2.0], [1e9, 0.0, 0.0], [float("nan"), 0.0, 0.0]])
def test_an_axis_that_is_none_is_unknown(tmp_path, write_ct, body, read_one, place):
    image = read_one(write_ct(tmp_path / "a.dcm", body, DataCollectionCenterPatient=place))
    assert image.info.gantry == Gantry()


@pytest.mark.parametrize("tilt", [125.0, -1e12])
def test_a_tilt_that_no_gantry_has_is_not_used(tmp_path, write_ct, body, read_one, tilt):
    image = read_one(write_ct(tmp_path / "a.dcm", body, GantryDetectorTilt=tilt))
    assert image.info.gantry == Gantry()
    assert image.warnings == (f"GantryDetectorTilt is {tilt:g}, which no CT has: not used",)
