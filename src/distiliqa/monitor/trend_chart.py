"""A control chart of a measurement on the page of a monitor, and what it shows in words."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import partial
from statistics import fmean, stdev

from markupsafe import Markup

from distiliqa.monitor.trend import SCORE, Measure, Protocol
from distiliqa.report.formatting import digits_for, signed_text
from distiliqa.report.plots import control, svg
from distiliqa.statistics.control_chart import BASELINE

_DATES, _DAYS = "date of the scan", "days since the first scan"
_SCANS, _ARRIVALS = "series in the order of their scans", "series in the order of arrival"


def chart_plot(measure: Measure, protocol: Protocol, *, identify: bool) -> Markup:
    """Draw a measurement; dates of scans only with ``identify``."""
    chart, numbers = measure.chart, measure.charted
    names = {member.number: member.name for member in protocol.members}
    order = protocol.order
    days = order.days or range(1, len(order.rows) + 1)
    at = dict(enumerate(map(float, days), start=1))
    digits = 2 if measure.name == SCORE else measure.digits
    titles = [f"{n}: {names[n]}, {value:.{digits}f}" for n, value in measure.values]
    draw = partial(
        control,
        [(at[number], value) for number, value in measure.values],
        titles=titles,
        name=partial(_date, order.first) if identify and order.first else None,
        x_label=_axis(protocol, identify),
        y_label=measure.label,
    )
    if chart is None:
        return svg(draw())
    places = [at[number] for number in numbers]
    return svg(
        draw(
            list(zip(places, chart.average.tolist(), strict=True)),
            list(zip(places, chart.low.tolist(), chart.high.tolist(), strict=True)),
            chart.out.tolist(),
            center=chart.center,
        )
    )


def _date(first: datetime, days: float) -> str:
    return f"{first + timedelta(days=days):%Y-%m-%d}"


def axis_words(protocol: Protocol, *, identify: bool) -> str:
    """What the axis is, and which dates are missing."""
    order, count = protocol.order, len(protocol.members)
    if order.undated == count:
        return "No file states the date of its scan: series are in the order of arrival."
    axis = _axis(protocol, identify)
    if not order.undated:
        return f"Across: {axis}."
    return (
        f"Across: {axis}. {order.undated} of {count} series state no date: the time at which they "
        "were first scored stands for it."
    )


def _axis(protocol: Protocol, identify: bool) -> str:
    order = protocol.order
    if order.first is not None:
        return _DATES if identify else _DAYS
    return _ARRIVALS if order.undated == len(order.rows) else _SCANS


def explained(measure: Measure, higher_is_better: bool | None) -> str:
    """The chart in words, for those who do not read charts.

    Parameters
    ----------
    higher_is_better : direction of the score; None where it is not known, and not stated then.
    """
    parts = (_verdict(measure), _better_end(measure, higher_is_better), _sized(measure))
    return " ".join(filter(None, parts))


def _better_end(measure: Measure, higher_is_better: bool | None) -> str:
    if measure.name != SCORE:
        return "Neither end is better: less noise may be more dose, or a denoiser."
    if higher_is_better is None:
        return ""
    return f"{'Higher' if higher_is_better else 'Lower'} is better."


def _sized(measure: Measure) -> str:
    """What was done about size."""
    found = measure.adjustment
    if found is None:
        zero = "a noise level of 0 in the baseline, " if measure.logarithmic else ""
        return (
            "As measured: too few sizes, more series of unknown than of known size, "
            f"{zero}or sizes too alike, for a trend with size."
        )
    factor, digits, unit = (100, 1, " %") if measure.logarithmic else (1, 3, "")
    change = factor * found.per_cm
    slope = f"{signed_text(change, digits_for([change], digits))}{unit}"
    left_out = f" {found.left_out} series without a size are left out." if found.left_out else ""
    return (
        "After the trend with size of the baseline: "
        f"{slope} for each cm of water-equivalent diameter.{left_out}"
    )


def _verdict(measure: Measure) -> str:
    chart, count = measure.chart, len(measure.values)
    if chart is None and count < BASELINE:
        return f"{count} of {BASELINE} series for a baseline: no limits yet."
    if chart is None:
        return f"All {BASELINE} series of the baseline are equal: no limits."
    center = measure.text(chart.center)
    found = f"Baseline {center}, standard deviation {chart.deviation:.2g} between series."
    middle, spread = consistency(measure.latest)
    if len(chart.out) and middle is not None and spread is not None:
        count, mean = len(measure.latest), measure.text(middle)
        found += f" Latest {count}: mean {mean}, spread {spread:.2g}."
    ongoing = [episode for episode in measure.episodes() if episode.still]
    if ongoing:
        return f"{found} Out of control since series {ongoing[0].first}: {ongoing[0].side}."
    return f"{found} {'In control.' if len(chart.out) else 'No series after it yet.'}"


def consistency(values: list[float]) -> tuple[float | None, float | None]:
    """Mean and standard deviation, as far as there are any."""
    return fmean(values) if values else None, stdev(values) if len(values) > 1 else None
