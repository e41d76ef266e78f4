from __future__ import annotations

from statistics import median

import pytest
from tools.make_docs.measures_page import (
    PAGE,
    Record,
    blur_error,
    diameter_error,
    page,
    read_record,
    within,
)


@pytest.fixture(scope="module")
def record() -> Record:
    return read_record()


def test_the_page_has_the_figures_of_the_record(record: Record):
    assert PAGE.read_text(encoding="utf-8") == page(record)
    assert "@" not in page(record)


def test_known_blurs_are_found_within_5_percent(record: Record):
    assert {row["f50"] for row in record["blurs"]} >= {0.2, 0.7}
    assert blur_error(record) < 0.05


def test_real_slices_that_are_blurred_further_are_within_10_percent(record: Record):
    ratios = record["real_blurs"]["ratios"]
    assert median(ratios) == pytest.approx(1, abs=0.03)
    assert within(ratios, 0.1) > 0.95


def test_detectability_and_diameter_have_their_closed_forms(record: Record):
    found = record["detectability"]
    assert found["found"] == pytest.approx(found["expected"], rel=0.02)
    assert diameter_error(record) < 0.005


def test_stronger_faults_have_higher_indices(record: Record):
    for kind, index in (("views", "streaks_air"), ("ring", "rings"), ("metal", "streaks_air")):
        values = [rung[index] for rung in record["ladders"][kind]]
        assert values == sorted(values), kind
    starved, normal = (record["starved"][name] for name in ("photon starvation", "normal dose"))
    assert starved["streaks_tissue"] > 3 * normal["streaks_tissue"]
    assert starved["streaks_air"] > 2 * normal["streaks_air"]


def test_the_sharp_kernel_is_sharper_and_finer_than_the_soft_one_beside_it(record: Record):
    for row in record["kernels"]:
        assert row["sharp"]["f50"] > row["soft"]["f50"]
        assert row["sharp"]["peak"] > row["soft"]["peak"]


def test_in_the_sharpest_skin_the_kernels_are_apart(record: Record):
    soft, sharp = (record["skin"][kernel] for kernel in ("B30f", "D45f"))
    assert min(sharp["sharpest"]) > max(soft["sharpest"])
    assert min(sharp["half"]) < max(soft["half"])  # which is why the page explains it


def test_oblique_skin_explains_the_lowest_sharpness(record: Record):
    for kernel, row in record["oblique"].items():
        assert row["found"] == pytest.approx(min(record["skin"][kernel]["half"]), abs=0.015)


def test_thin_rods_add_less_detail_than_the_noise_has(record: Record):
    shares = [row["detail"] for row in record["rods"]]
    assert shares == sorted(shares)
    assert shares[-2] < 0.3
