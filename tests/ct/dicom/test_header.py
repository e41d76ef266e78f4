from __future__ import annotations

import pytest


@pytest.mark.parametrize("unit", ["HU", "hu", "Hounsfield", "HOUNSFIELD UNITS", "US", "us", None])
def test_the_hounsfield_unit_in_any_spelling_is_no_warning(
    tmp_path, write_ct, body, read_one, unit
):
    assert read_one(write_ct(tmp_path / "a.dcm", body, RescaleType=unit)).warnings == ()


@pytest.mark.parametrize("unit", ["OD", "MGH"])
def test_another_unit_is_a_warning(tmp_path, write_ct, body, read_one, unit):
    image = read_one(write_ct(tmp_path / "a.dcm", body, RescaleType=unit))
    assert image.warnings == (f"the file states values in {unit}, not HU",)
