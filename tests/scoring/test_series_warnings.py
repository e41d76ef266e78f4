from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from distiliqa.ct import Acquisition
from distiliqa.scoring.model import Model
from distiliqa.scoring.run import score_inputs
from distiliqa.scoring.series_warnings import series_warnings

Write = Callable[..., Path]


@pytest.fixture
def warnings_of(tmp_path: Path, model: Model, write_ct: Write) -> Callable[..., tuple[str, ...]]:
    """The warnings of one series, of slices ``(position, tags)`` each."""

    def score(*slices: tuple[float, dict[str, object]]) -> tuple[str, ...]:
        rng = np.random.default_rng(0)
        for n, (z, tags) in enumerate(slices):
            hu = rng.normal(40, 20, (64, 64))
            write_ct(tmp_path / f"{n}.dcm", hu, ImagePositionPatient=[0, 0, z], **tags)
        (series,) = score_inputs([tmp_path], model).series
        return series.warnings

    return score


def test_a_whole_series_has_none(warnings_of: Callable[..., tuple[str, ...]]):
    assert warnings_of(*((3 * n, {}) for n in range(5))) == ()


def test_two_patients_are_a_warning_that_names_none(tmp_path: Path, model: Model, write_ct: Write):
    hu = np.random.default_rng(0).normal(40, 20, (64, 64))
    for z, patient in ((0, "DOE^JANE"), (3, "ROE^RICHARD"), (6, "DOE^JANE"), (9, None)):
        write_ct(tmp_path / f"{z}.dcm", hu, PatientID=patient, ImagePositionPatient=[0, 0, z])
    run = score_inputs([tmp_path], model)
    (series,) = run.series
    assert series.warnings == ("slices of 2 patients in one series: check which belong to it",)
    assert not {"DOE", "ROE"} & set(repr(run).replace("^", "'").split("'"))


def test_one_slice_has_no_profile(warnings_of: Callable[..., tuple[str, ...]]):
    assert warnings_of((0, {})) == ("one slice only: no profile, no tenth percentile",)


def test_missing_slices_are_counted_and_placed(warnings_of: Callable[..., tuple[str, ...]]):
    assert warnings_of(*((z, {}) for z in (0, 3, 6, 15, 18, 21, 27))) == (
        "3 slices missing: between 6.0 and 15.0 mm; between 21.0 and 27.0 mm",
    )


def test_many_gaps_are_summed_up():
    positions = [z for start in range(0, 100, 20) for z in range(start, start + 10)]
    (warning,) = series_warnings(positions, [Acquisition()] * len(positions))
    assert warning.startswith("40 slices missing: between 9.0 and 20.0 mm; ")
    assert warning.endswith("; 1 more gaps")


def test_a_repeated_position_is_a_warning(warnings_of: Callable[..., tuple[str, ...]]):
    assert warnings_of(*((z, {}) for z in (0, 3, 3, 6, 6, 9))) == (
        "2 slices at the position of another, the first at 3.0 mm",
    )


def test_mixed_kernels_and_voltages_are_named(warnings_of: Callable[..., tuple[str, ...]]):
    assert warnings_of((0, {}), (3, {"ConvolutionKernel": "B70f"}), (6, {"KVP": 80})) == (
        "kernels mixed in one series: B30f, B70f",
        "tube voltages mixed in one series: 120, 80 kV",
    )


def test_mixed_slice_thicknesses_are_named(warnings_of: Callable[..., tuple[str, ...]]):
    assert warnings_of((0, {}), (4, {"SliceThickness": 5})) == (
        "slice thicknesses mixed in one series: 3, 5 mm",
    )


def test_what_is_not_known_is_no_difference():
    facts = [Acquisition(kvp=120, kernel="B30f"), Acquisition()]
    assert series_warnings([None, 3.0], facts) == ()
    assert series_warnings([None, None, None], [Acquisition()] * 3) == ()


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("thickness", [1.7e308, -1.0, 0.0])
def test_a_thickness_of_no_slice_is_not_known(thickness: float):
    acquisitions = [Acquisition(slice_thickness_mm=thickness)] * 4
    (warning,) = series_warnings([0, 3, 6, 12], acquisitions)
    assert warning == "1 slice missing: between 6.0 and 12.0 mm"


def test_many_mixed_values_are_named_in_part():
    facts = [Acquisition(slice_thickness_mm=1 + n // 2) for n in range(14)]
    (warning,) = series_warnings([None] * 14, facts)
    assert warning == "slice thicknesses mixed in one series: 1, 2, 3, 4, 5 and 2 more mm"
