from __future__ import annotations

from tests.support.sized import sized_entry

from distiliqa.report.size_trends import QUARTERS, protocol_trends
from distiliqa.report.trend_words import missing_sentences, percent, quarter_counts


def test_what_lacks_a_dose_is_counted_and_said():
    entries = [
        sized_entry(1, ssde_mgy=None, reason="a phantom"),
        sized_entry(2, ssde_mgy=None, reason="a phantom"),
        sized_entry(3, ssde_mgy=None, reason="no CTDIvol above 0"),
        sized_entry(4),
    ]
    assert list(missing_sentences(protocol_trends(entries))) == [
        "3 of 4 series have no SSDE: a phantom (2); no CTDIvol above 0 (1)."
    ]
    assert list(missing_sentences(protocol_trends(entries[3:]))) == [
        "1 of 1 protocols have fewer than 3 series with a noise level and a diameter, and so no "
        "trend."
    ]


def test_quarters_are_counted_once_there_is_one():
    entries = [
        sized_entry(1, dw_mm=300, noise_hu=5, ssde_mgy=20),
        sized_entry(2, dw_mm=301, noise_hu=20, ssde_mgy=5),
        sized_entry(3, dw_mm=302, noise_hu=10, ssde_mgy=10),
    ]
    found = quarter_counts(protocol_trends(entries))
    assert [name for name, _, _ in found] == list(QUARTERS)
    assert {name: count for name, _, count in found if count} == {
        "quiet and high dose": 1,
        "noisy and low dose": 1,
        "near the trend": 1,
    }
    assert "optimize first" in found[0][1]
    assert quarter_counts(protocol_trends(entries[:2])) == []


def test_shares_are_signed_percents():
    assert (percent(0.123), percent(-0.5), percent(None)) == ("+12", "-50", "")
    assert percent(-0.001) == percent(0.001) == "0"
