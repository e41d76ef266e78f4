from __future__ import annotations

import numpy as np

from distiliqa.monitor.trend import NOISE, SCORE, Measure, protocols
from distiliqa.report.names import short_hash
from distiliqa.statistics.control_chart import BASELINE


def row(series: str, score: float, noise: float | None = None, **facts: object) -> dict:
    """A row of ``series_means``."""
    return {
        "id": 1,
        "first_scored": "2026-01-01T00:00:00+00:00",
        "scan_date": None,
        "scan_time": None,
        "station": None,
        "mtf50_per_mm": None,
        "dw_mm": None,
        "ctdivol_mgy": None,
        "ssde_mgy": None,
        "series": series,
        "manufacturer": "ACME",
        "scanner": "Force",
        "kvp": 120.0,
        "kernel": "B30f",
        "slice_thickness_mm": 3.0,
        "body_part": "CHEST",
        "score": score,
        "noise_hu": noise,
        "slices": 3,
        "outside": 0,
        "processed_slices": None,
        "warnings": "[]",
    } | facts


def history(later: list[float], **facts: object) -> list[dict]:
    """A baseline of mean 3 and then ``later``."""
    baseline = [3 + 0.1 * (-1) ** n for n in range(BASELINE)]
    return [row(f"{facts}{n}", score, **facts) for n, score in enumerate(baseline + later)]


def test_series_are_grouped_by_protocol_and_numbered_in_it():
    first, second, bare = protocols(
        [
            row("a", 1),
            row("b", 2, kvp=80.0),
            row("c", 3, warnings='["gap"]'),
            row("d", 4, scanner=None, manufacturer=None, kvp=None, kernel=None)
            | {"slice_thickness_mm": None, "body_part": None},
        ]
    )
    assert first.name == "Force, 120 kV, B30f, 3 mm, CHEST"
    assert [(member.series, member.number) for member in first.members] == [("a", 1), ("c", 2)]
    assert first.members[0].name == short_hash("a")
    assert first.members[1].warnings == ("gap",)
    assert second.name == "Force, 80 kV, B30f, 3 mm, CHEST"
    assert bare.name == "protocol not stated in the files"


def test_what_is_out_now_comes_first():
    calm = history([3.0] * 5, kernel="CALM")
    former = history([1.0] * 3 + [3.0] * 40, kernel="FORMER")
    now = history([3.0] * 5 + [1.0] * 5, kernel="NOW")
    found = protocols([*calm, *former, *now])
    assert [protocol.facts[1].split(", ")[1] for protocol in found] == ["NOW", "FORMER", "CALM"]
    assert [protocol.is_out for protocol in found] == [True, False, False]
    assert [len(protocol.episodes) for protocol in found] == [1, 1, 0]
    (episode,) = found[0].episodes
    assert (episode.measure.name, episode.side, episode.still) == (SCORE, "lower", True)
    assert episode.last == BASELINE + 10
    (episode,) = found[1].episodes
    assert (episode.first, episode.still) == (BASELINE + 1, False)


def test_series_without_a_noise_level_are_passed_over():
    rows = history([3.0] * 4)
    for n, row in enumerate(rows):
        row["noise_hu"] = None if n in (3, 22) else 10.0 + n % 2 + 20 * (n == 23)
    (protocol,) = protocols(rows)
    score, noise = protocol.measures
    assert (score.label, noise.label) == (SCORE, "noise level, HU")
    assert len(noise.values) == len(rows) - 2
    assert noise.charted == [22, 24]
    (episode,) = noise.episodes()
    assert (episode.measure.name, episode.side, episode.first) == (NOISE, "higher", 24)


def test_a_change_of_side_is_another_stretch():
    rng = np.random.default_rng(0)
    values = [*rng.normal(0, 1, BASELINE), *[9.0] * 3, *[-30.0] * 3]
    measure = Measure(SCORE, tuple(enumerate(map(float, values), start=1)))
    found = [(episode.side, episode.first, episode.last) for episode in measure.episodes()]
    assert found == [("higher", 21, 23), ("lower", 24, 26)]


def test_limits_allow_for_the_error_of_the_slope_in_other_sizes():
    rng = np.random.default_rng(0)
    sizes = {n: 300.0 + rng.normal(0, 15) for n in range(1, BASELINE + 1)}
    sizes |= {BASELINE + n: size for n, size in ((1, 300.0), (2, 300.0), (3, 400.0))}
    values = tuple((n, 12 * np.exp(0.008 * (sizes[n] - 300) + rng.normal(0, 0.05))) for n in sizes)
    chart = Measure(NOISE, values, sizes=sizes, logarithmic=True).chart
    assert chart is not None
    width = chart.high - chart.low
    assert width[2] > 1.2 * width[1] > 1.2 * width[0]


def test_the_state_is_in_control_only_where_a_series_was_judged():
    def state_of(rows: list[dict]) -> tuple[str, bool]:
        (found,) = protocols(rows)
        return found.state, found.is_judged

    assert state_of(history([])[:-1]) == ("no limits yet", False)
    assert state_of(history([])) == ("no series after the baseline yet", False)
    assert state_of(history([3.0])) == ("in control", True)
    assert state_of(history([1.0] * 4)) == ("out of control, score lower", True)
    back = state_of(history([1.0] * 3 + [3.0] * 40))
    assert back == ("in control, was out before", True)
