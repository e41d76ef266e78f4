from __future__ import annotations

import pytest

from distiliqa.monitor.scan_order import scan_order


def row(number: int, date: str | None = None, time: str | None = None) -> dict:
    scored = f"2026-03-{number:02}T12:00:00+00:00"
    return {"id": number, "scan_date": date, "scan_time": time, "first_scored": scored}


def numbers(order) -> list[int]:
    return [row["id"] for row in order.rows]


def test_the_date_of_the_scan_is_the_order_and_not_arrival():
    rows = [row(1, "2026-01-11"), row(2, "2026-01-01", "12:00:00"), row(3, "2026-01-01")]
    order = scan_order(rows)
    assert numbers(order) == [3, 2, 1]
    assert order.days == (0, 0.5, 10)
    assert (f"{order.first:%Y-%m-%d}", order.undated) == ("2026-01-01", 0)


def test_a_series_without_a_date_is_placed_when_it_was_scored():
    order = scan_order([row(9, "2026-03-01"), row(2), row(3, "2026-03-05")])
    assert numbers(order) == [9, 2, 3]
    assert order.days == (0, 1.5, 4)
    assert order.undated == 1


def test_without_any_date_the_order_is_that_of_arrival():
    order = scan_order([row(2), row(1)])
    assert numbers(order) == [2, 1]
    assert (order.days, order.first, order.undated) == ((), None, 2)


def test_scans_of_one_day_have_no_axis_of_days():
    order = scan_order([row(1, "2026-01-01", "12:00:00"), row(2, "2026-01-01", "08:00:00")])
    assert numbers(order) == [2, 1]
    assert (order.days, order.first, order.undated) == ((), None, 0)


@pytest.mark.parametrize("placeholder", ["1-01-01", "0001-01-01", "1900-01-01"])
def test_a_placeholder_that_an_earlier_version_recorded_is_no_date(placeholder: str):
    order = scan_order([row(1, "2026-03-05"), row(2, placeholder, "00:00:00")])
    assert numbers(order) == [2, 1]
    assert (order.days, order.undated) == ((0, 2.5), 1)
