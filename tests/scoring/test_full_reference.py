from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from tests.support.made import made_slice

from distiliqa import metrics
from distiliqa.ct import SOFT_TISSUE, CTSlice, Window, index_ct, read_ct
from distiliqa.errors import DistiliqaError
from distiliqa.scoring.full_reference import Reference
from distiliqa.scoring.slice_score import Comparison

Write = Callable[..., Path]


def at(position_mm: float | None, hu: np.ndarray | None = None, **facts: object) -> CTSlice:
    hu = np.zeros((64, 64)) if hu is None else hu
    return made_slice(hu.astype(np.float32), "a.dcm", position_mm=position_mm, **facts)


@pytest.fixture
def reference(tmp_path: Path, write_series: Write) -> Reference:
    """0.dcm at 9 mm, 1.dcm at 6 mm, 2.dcm at 3 mm, with ever more noise."""
    return Reference(write_series(tmp_path / "reference"))


def name_of(found: Comparison) -> str | None:
    return None if found.reference is None else Path(found.reference).name


def test_gives_the_metrics_of_the_two_slices_in_the_window(reference: Reference):
    (one, *_) = read_ct(Path(reference.path) / "1.dcm")
    worse = at(6, one.hu + np.random.default_rng(0).normal(0, 20, one.hu.shape))
    for window in (SOFT_TISSUE, Window(100, 40)):
        found, why_not = reference.compare(worse, window)
        assert why_not is None
        assert found == Comparison(
            reference=one.path,
            ssim=metrics.ssim(worse.hu, one.hu, window),
            psnr=metrics.psnr(worse.hu, one.hu, window),
            vif=metrics.vif(worse.hu, one.hu, window),
            gmsd=metrics.gmsd(worse.hu, one.hu, window),
        )
    assert list(reference.sha256) == [one.path]


def test_equal_slices_have_no_finite_psnr(reference: Reference):
    (one, *_) = read_ct(Path(reference.path) / "1.dcm")
    found, _ = reference.compare(one, SOFT_TISSUE)
    assert (found.ssim, found.psnr, found.gmsd) == (1, None, 0)


@pytest.mark.parametrize(
    ("position_mm", "name"),
    [
        (3, "2.dcm"),
        (4.4, "2.dcm"),
        (4.6, "1.dcm"),
        (10.4, "0.dcm"),
        (1.6, "2.dcm"),
        (10.6, None),
        (1.4, None),
    ],
)
def test_the_nearest_within_half_a_slice_spacing(
    reference: Reference, position_mm: float, name: str | None
):
    found, why_not = reference.compare(at(position_mm), SOFT_TISSUE)
    assert name_of(found) == name
    assert (why_not is None) == (name is not None)
    if why_not is not None:
        assert (found, why_not) == (
            Comparison(),
            "not compared: no reference slice at this position",
        )


def test_gaps_of_a_reference_are_not_bridged(tmp_path: Path, write_ct: Write):
    for n in range(2):
        hu = np.zeros((64, 64))
        write_ct(tmp_path / f"{n}.dcm", hu, ImagePositionPatient=[0, 0, 100 * n])
    reference = Reference(tmp_path)
    assert name_of(reference.compare(at(2), SOFT_TISSUE)[0]) == "0.dcm"
    assert name_of(reference.compare(at(3), SOFT_TISSUE)[0]) is None


def test_names_match_slices_without_positions(tmp_path: Path):
    for folder in ("one", "two"):
        (tmp_path / folder).mkdir()
        np.save(tmp_path / folder / f"{folder}.npy", np.zeros((64, 64)))
        np.save(tmp_path / folder / "same.npy", np.zeros((64, 64)))
    np.save(tmp_path / "one" / "volume.npy", np.zeros((3, 64, 64)))
    whole, part = Reference(tmp_path), Reference(tmp_path / "one")
    volume = made_slice(np.ones((64, 64), np.float32), "x/volume.npy", frame=2)
    assert name_of(part.compare(volume, SOFT_TISSUE)[0]) == "volume.npy"
    same = made_slice(volume.hu, "elsewhere/same.npy")
    assert name_of(part.compare(same, SOFT_TISSUE)[0]) == "same.npy"
    assert whole.compare(same, SOFT_TISSUE) == (  # two have that name
        Comparison(),
        "not compared: no reference slice of this name",
    )


def test_a_slice_without_position_is_found_by_its_name(reference: Reference):
    named = made_slice(np.zeros((64, 64), np.float32), "elsewhere/0.dcm")
    assert name_of(reference.compare(named, SOFT_TISSUE)[0]) == "0.dcm"


@pytest.mark.parametrize(
    ("image", "reason"),
    [
        (at(6, np.zeros((64, 70))), "the reference has 64 x 64 pixels, not 64 x 70"),
        (at(6, spacing_mm=(0.7, 0.8)), "the reference has pixels of 0.7 x 0.7 mm, not 0.7 x 0.8"),
    ],
)
def test_another_geometry_is_reported(reference: Reference, image: CTSlice, reason: str):
    assert reference.compare(image, SOFT_TISSUE) == (Comparison(), f"not compared: {reason}")


def test_what_is_wrong_with_a_slice_of_the_reference_is_reported(reference: Reference):
    path = Path(reference.path) / "1.dcm"
    path.write_bytes(path.read_bytes()[:-100])
    found, why_not = reference.compare(at(6), SOFT_TISSUE)
    assert found == Comparison()
    assert why_not is not None
    assert why_not.startswith("not compared: ")
    assert why_not.count("\n") == 0


def test_slices_too_small_for_a_metric_are_reported(tmp_path: Path, write_ct: Write):
    reference = Reference(write_ct(tmp_path / "a.dcm", np.zeros((36, 36))))
    _, why_not = reference.compare(at(0, np.zeros((36, 36))), SOFT_TISSUE)
    assert "VIF needs 41 x 41 pixels" in str(why_not)


def test_a_reference_is_one_series(tmp_path: Path, write_series: Write):
    write_series(tmp_path / "a")
    write_series(tmp_path / "b", SeriesInstanceUID="1.2.4")
    with pytest.raises(DistiliqaError, match="holds 2 series; give one"):
        Reference(tmp_path)


def test_a_reference_has_one_slice_at_a_position(tmp_path: Path, write_ct: Write):
    for n in range(2):
        write_ct(tmp_path / f"{n}.dcm", np.full((64, 64), n), AcquisitionNumber=n)
    with pytest.raises(DistiliqaError, match="several slices at one position"):
        Reference(tmp_path)


def test_the_reference_of_another_scan_is_refused(
    tmp_path: Path, reference: Reference, write_ct: Write
):
    far = write_ct(tmp_path / "0.dcm", np.zeros((64, 64)), ImagePositionPatient=[0, 0, 500])
    with pytest.raises(DistiliqaError, match="reference: no slice of it has the position"):
        reference.require_match(index_ct(far).slices)
    reference.require_match(index_ct(reference.path).slices)


def test_a_reference_of_another_patient_gives_no_metrics(tmp_path: Path, write_series: Write):
    reference = Reference(write_series(tmp_path / "anna", PatientID="ANNA"))
    found, why_not = reference.compare(at(6, patient_id="BERTA"), SOFT_TISSUE)
    assert (found, why_not) == (
        Comparison(),
        "not compared: the reference is another patient; if it is one scan under two pseudonyms, "
        "give both one Patient ID (0010,0020)",
    )
    for known in ("ANNA", None):
        assert reference.compare(at(6, patient_id=known), SOFT_TISSUE)[1] is None


def test_hashes_of_a_reference_are_in_reading_order(reference: Reference):
    for position_mm in (9, 3):
        reference.compare(at(position_mm), SOFT_TISSUE)
    assert [Path(path).name for path in reference.sha256] == ["2.dcm", "0.dcm"]
