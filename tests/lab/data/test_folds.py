"""No group on both sides of a fold, every image validated once.

Versions of a slice are found among others, on made and on real anatomy.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pydicom
import pytest
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

from distiliqa.ct.window import SOFT_TISSUE
from distiliqa.errors import RecipeError
from distiliqa.lab.data.cache import SliceCache
from distiliqa.lab.data.folds import Fold, anatomy_groups, make_folds
from distiliqa.lab.data.ratings import RatedImage


def image(i: int, case: str | None = None, source: str | None = None, **facts: str) -> RatedImage:
    return RatedImage(f"{i}.dcm", Path(f"{i}.dcm"), 0.5, case, source, facts)


def check_partition(folds: tuple[Fold, ...], n: int) -> None:
    assert sorted(i for fold in folds for i in fold.validation) == list(range(n))
    for fold in folds:
        assert sorted(fold.train + fold.validation) == list(range(n))
        assert fold.validation
        assert list(fold.train) == sorted(fold.train)


@pytest.mark.parametrize("seed", range(30))
def test_no_group_on_both_sides_of_random_groupings(seed: int) -> None:
    rng = np.random.default_rng(seed)
    n, count = int(rng.integers(30, 200)), int(rng.integers(2, 6))
    cases = rng.choice([f"C{k}" for k in range(int(rng.integers(count, 15)))], n)
    count = min(count, len(set(cases)))
    images = [image(i, case=case) for i, case in enumerate(cases)]
    folds = make_folds(images, count=count, seed=seed)
    check_partition(folds, n)
    for fold in folds:
        assert not {cases[i] for i in fold.train} & {cases[i] for i in fold.validation}
    sizes = [len(fold.validation) for fold in folds]
    largest_group = max(np.unique(cases, return_counts=True)[1])
    assert max(sizes) - min(sizes) <= largest_group


def test_equal_groups_are_balanced_and_dealt_by_seed() -> None:
    images = [image(i, case=f"C{i // 4}") for i in range(40)]
    folds = make_folds(images, seed=1)
    assert [len(fold.validation) for fold in folds] == [8] * 5
    assert folds == make_folds(images, seed=1)
    assert folds != make_folds(images, seed=2)


def test_groups_by_source_and_by_manifest_column() -> None:
    images = [image(i, "C", source=f"S{i % 3}", scanner=f"X{i % 2}") for i in range(12)]
    by_source = make_folds(images, count=3, by="source")
    assert {fold.validation for fold in by_source} == {
        (0, 3, 6, 9),
        (1, 4, 7, 10),
        (2, 5, 8, 11),
    }
    by_scanner = make_folds(images, count=2, by="scanner")
    assert {fold.validation for fold in by_scanner} == {(0, 2, 4, 6, 8, 10), (1, 3, 5, 7, 9, 11)}


@pytest.fixture
def cache(tmp_path: Path) -> SliceCache:
    """Six slices, of which 0, 1, 2 and 4 show one anatomy, 3 and 5 another."""
    rng = np.random.default_rng(0)
    anatomies = np.kron(rng.integers(0, 65535, (2, 8, 8)), np.ones((1, 8, 8)))
    np.save(tmp_path / "cache.npy", anatomies[[0, 0, 0, 1, 0, 1]].astype(np.uint16))
    return SliceCache(tmp_path / "cache.npy")


def test_unknown_sources_are_found_by_anatomy(cache: SliceCache) -> None:
    folds = make_folds([image(i) for i in range(6)], count=2, by="source", cache=cache)
    assert {fold.validation for fold in folds} == {(0, 1, 2, 4), (3, 5)}


def test_unknown_cases_are_grouped_by_anatomy_with_a_warning(cache: SliceCache) -> None:
    with pytest.warns(UserWarning, match="6 of 6 images have no known case"):
        folds = make_folds([image(i) for i in range(6)], count=2, cache=cache)
    assert {fold.validation for fold in folds} == {(0, 1, 2, 4), (3, 5)}


def test_an_image_without_a_case_stays_with_its_source_and_anatomy(cache: SliceCache) -> None:
    # Published mixed doses name no patient, the full doses beside them do.
    known = [image(0, "C1", "S"), image(1, source="S"), image(2, "C2")]
    with pytest.warns(UserWarning, match="1 of 3"):
        folds = make_folds(known, count=2)
    assert {fold.validation for fold in folds} == {(0, 1), (2,)}
    unknown = [image(0, "C1"), image(1), image(2), image(3, "C2"), image(4), image(5)]
    with pytest.warns(UserWarning, match="4 of 6"):
        folds = make_folds(unknown, count=2, cache=cache)
    assert {fold.validation for fold in folds} == {(0, 1, 2, 4), (3, 5)}


@pytest.mark.parametrize("by", ["case", "contiguous"])
def test_cases_that_always_train_are_in_no_validation(by: str) -> None:
    images = [image(i, f"case{i // 3}", f"slice{i // 2}") for i in range(24)]
    kept = {at for at, one in enumerate(images) if one.case in ("case1", "case6")}
    folds = make_folds(images, count=3, by=by, always_train=("case1", "case6"))
    for fold in folds:
        assert kept <= set(fold.train)
        assert not kept & set(fold.validation)
        assert set(fold.train) | set(fold.validation) == set(range(24))
        assert not set(fold.train) & set(fold.validation)
    validated = [at for fold in folds for at in fold.validation]
    assert sorted(validated) == sorted(set(range(24)) - kept)
    with pytest.raises(RecipeError, match="no image of the case 'case9'"):
        make_folds(images, count=3, by=by, always_train=("case9",))


def test_contiguous_as_published() -> None:
    # 11 - int(0.75 * 11) = 3, so the last block is short.
    folds = make_folds([image(i) for i in range(11)], count=4, by="contiguous")
    assert [fold.validation for fold in folds] == [(0, 1, 2), (3, 4, 5), (6, 7, 8), (9, 10)]
    check_partition(folds, 11)


def test_contiguous_1000_as_published() -> None:
    folds = make_folds([image(i) for i in range(1000)], by="contiguous")
    assert [fold.validation for fold in folds] == [
        tuple(range(k * 200, (k + 1) * 200)) for k in range(5)
    ]
    check_partition(folds, 1000)


def test_an_empty_contiguous_fold_is_an_error() -> None:
    with pytest.raises(RecipeError, match="leave a fold empty"):
        make_folds([image(i) for i in range(6)], by="contiguous")


def test_errors_name_the_remedy() -> None:
    images = [image(i, case=f"C{i % 3}") for i in range(9)]
    with pytest.raises(RecipeError, match=r"has 3; rate .* set at most 3 folds, or fold contig"):
        make_folds(images)
    with pytest.raises(RecipeError, match=r"has 1; rate images of more patients, or fold cont"):
        make_folds(images[::3])
    with pytest.raises(RecipeError, match="no value in the manifest column 'scanner'"):
        make_folds(images, by="scanner")
    with pytest.raises(RecipeError, match="set 2 or more"):
        make_folds(images, count=1)
    with pytest.raises(RecipeError, match=r"neither case nor source of '0\.dcm' is known"):
        make_folds([image(i) for i in range(9)], by="source")


def to_levels(hu: NDArray[np.float64]) -> NDArray[np.uint16]:
    return np.rint(SOFT_TISSUE.apply(hu) * 65535).astype(np.uint16)


def with_noise(hu: NDArray[np.float64], seed: int, sigma: float) -> NDArray[np.float64]:
    noise = gaussian_filter(np.random.default_rng(seed).normal(size=hu.shape), 1)
    return hu + sigma * noise / noise.std()


def test_versions_group_and_labels_count_from_the_first() -> None:
    rng = np.random.default_rng(0)
    anatomies = [gaussian_filter(rng.normal(size=(128, 128)), 8) * 3000 for _ in range(3)]
    order = [2, 0, 2, 1, 0, 2]
    images = np.stack([to_levels(with_noise(anatomies[k], i, 40)) for i, k in enumerate(order)])
    assert anatomy_groups(images).tolist() == [0, 1, 0, 2, 1, 0]


def test_constant_images_are_alone() -> None:
    assert anatomy_groups(np.zeros((3, 64, 64), np.uint16)).tolist() == [0, 1, 2]


def test_real_slices_with_noise(shared_data: Path) -> None:
    folder = shared_data / "ct-dev" / "normal_dose"
    patients = {}
    for path in sorted(folder.rglob("*.dcm")):
        patient = pydicom.dcmread(path, specific_tags=["PatientID"]).PatientID
        patients.setdefault(patient, path)
    paths = list(patients.values())[:8]
    slices = []
    for path in paths:
        dataset = pydicom.dcmread(path)
        hu = dataset.pixel_array * float(dataset.RescaleSlope) + float(dataset.RescaleIntercept)
        slices.append(hu[:512, :512])
    assert len(slices) >= 5
    noisy = [with_noise(hu, i, 50) for i, hu in enumerate(slices)]
    groups = anatomy_groups(np.stack([to_levels(hu) for hu in slices + noisy]))
    assert groups.tolist() == [*range(len(slices))] * 2
