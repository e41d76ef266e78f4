from __future__ import annotations

from distiliqa.ct import Acquisition
from distiliqa.scoring.acquisition_summary import Variation, summary, variations


def test_dose_facts_are_means_and_settings_are_those_of_all():
    made = [
        Acquisition(kvp=120, kernel="B30f", ctdivol_mgy=28.0, tube_current_ma=300),
        Acquisition(kvp=120, kernel="B30f", ctdivol_mgy=5.0),
        Acquisition(kvp=120),
    ]
    found = summary(made)
    assert (found.kvp, found.kernel, found.ctdivol_mgy) == (120, "B30f", 16.5)
    assert (found.tube_current_ma, found.exposure_mas, found.scanner) == (300, None, None)
    assert variations(made) == {"ctdivol_mgy": Variation(16.5, 5.0, 28.0)}


def test_mixed_settings_are_no_mean():
    made = [
        Acquisition(kvp=kvp, slice_thickness_mm=3, kernel=kernel)
        for kvp, kernel in ((80, "B30f"), (120, "B70f"), (120, "B45f"), (120, "H30s"))
    ]
    found = summary(made)
    assert (found.kvp, found.slice_thickness_mm) == (None, 3)
    assert found.kernel == "mixed: B30f, B70f, B45f and 1 more"
    assert variations(made)["kvp"] == Variation(110, 80, 120)


def test_nothing_known_is_nothing():
    assert summary([Acquisition(), Acquisition()]) == Acquisition()
    assert variations([Acquisition()]) == {}
