from __future__ import annotations

import math
from dataclasses import replace

import pytest
from tests.support.sized import sized_entry

from distiliqa.report.series_entry import SeriesEntry
from distiliqa.report.size_trends import (
    NOT_STATED,
    Deviation,
    ProtocolTrends,
    Sized,
    beside_trends,
    lacking,
    protocol_trends,
)

SIZES = (250, 300, 350, 400)


def law(*factors: tuple[float, float], slope: float = 0.005) -> list[SeriesEntry]:
    """Series whose noise and SSDE are powers of their size, times factors of noise and of dose."""
    return [
        sized_entry(
            n,
            dw_mm=size,
            noise_hu=noise * math.exp(1 + slope * size),
            ssde_mgy=dose * math.exp(2 + 0.002 * size),
            score=4 - size / 200,
        )
        for n, (size, (noise, dose)) in enumerate(zip(SIZES, factors, strict=True))
    ]


def trends(entries: list[SeriesEntry]) -> ProtocolTrends:
    (found,) = protocol_trends(entries)
    return found


def test_a_law_of_size_is_recovered_and_leaves_nothing():
    found = trends(law(*[(1, 1)] * 4))
    assert (found.noise.slope, found.noise.start) == pytest.approx((0.005, 1))
    assert (found.dose.slope, found.score.slope) == pytest.approx((0.002, -1 / 200))
    assert found.noise.series == 4
    assert found.noise_spread == pytest.approx(0, abs=1e-9)
    assert all(found.noise_deviation(one) == pytest.approx(0, abs=1e-9) for one in found.members)


def test_residuals_are_those_of_least_squares():
    # By hand: the factors are +-d in ln, symmetric around the middle, so that the slope stays.
    up, down = math.exp(0.2), math.exp(-0.2)
    found = trends(law((up, 1), (down, 1), (down, 1), (up, 1)))
    assert found.noise.slope == pytest.approx(0.005)
    shares = [found.noise_deviation(one) for one in found.members]
    assert shares == pytest.approx([up - 1, down - 1, down - 1, up - 1])
    assert found.noise_spread == pytest.approx(math.exp(0.2 * math.sqrt(4 / 2)) - 1)


def test_below_three_series_there_is_no_trend():
    two = law(*[(1, 1)] * 4)[:2]
    found = trends(two)
    assert (found.noise, found.dose, found.score, found.noise_spread) == (None,) * 4
    assert beside_trends([found]) == []
    unknown = replace(Sized.of(two[0]), dw_mm=None)
    assert ProtocolTrends.of("a", [*found.members, unknown]).noise is None


def test_sizes_that_are_alike_have_a_mean_and_no_slope():
    entries = [sized_entry(n, dw_mm=300 + n, noise_hu=hu) for n, hu in enumerate((10, 20, 40))]
    found = trends(entries)
    assert (found.noise.slope, found.noise.per_cm) == (0, None)
    assert found.noise_deviation(found.members[0]) == pytest.approx(-0.5)


@pytest.mark.parametrize(
    ("noise", "dose", "quarter"),
    [
        (-0.2, 0.2, "quiet and high dose"),
        (0.2, -0.2, "noisy and low dose"),
        (0.2, 0.2, "noisy and high dose"),
        (-0.2, -0.2, "quiet and low dose"),
        (0.04, 0.9, "near the trend"),
        (0.9, -0.04, "near the trend"),
    ],
)
def test_quarters(noise: float, dose: float, quarter: str):
    assert Deviation(noise, dose, 0).quarter == quarter


def test_those_to_optimize_come_first():
    entries = law((1.5, 1 / 1.5), (1 / 1.5, 1.5), (1 / 1.5, 1.5), (1.5, 1 / 1.5))
    group = trends(entries)
    found = [(one.entry.number, g.deviation(one).quarter) for g, one in beside_trends([group])]
    assert [number for number, _ in found[:2]] in ([1, 2], [2, 1])
    assert [quarter for _, quarter in found] == [
        *["quiet and high dose"] * 2,
        *["noisy and low dose"] * 2,
    ]


def test_a_protocol_is_a_standard_name_or_what_the_header_states():
    entries = [
        sized_entry(1, standard_name="chest", kernel="B30f"),
        sized_entry(2, standard_name="chest", kernel="D45f"),
        sized_entry(3, kernel="B30f", body_part="HEAD"),
        sized_entry(4),
    ]
    found = {group.name: len(group.members) for group in protocol_trends(entries)}
    assert found == {"chest": 2, "B30f, HEAD": 1, NOT_STATED: 1}


def test_series_without_a_dose_are_counted_by_reason():
    entries = [
        sized_entry(1, ssde_mgy=None, reason="no CTDIvol above 0"),
        sized_entry(2, ssde_mgy=None, reason="a phantom"),
        sized_entry(3, ssde_mgy=None, reason="a phantom"),
        sized_entry(4),
    ]
    members = [one for group in protocol_trends(entries) for one in group.members]
    assert lacking(members, "ssde_mgy") == {"a phantom": 2, "no CTDIvol above 0": 1}
    assert not lacking(members, "dw_mm")
