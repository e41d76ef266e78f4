"""Series whose size, noise and dose a test chooses."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from tests.support.made import made_score, made_slice
from tools.phantom.blurred_body import body

from distiliqa.ct import Acquisition
from distiliqa.metrics import measure_slice
from distiliqa.metrics.ssde import Ssde
from distiliqa.report.series_entry import SeriesEntry
from distiliqa.scoring.result import ScoringRun
from distiliqa.scoring.series_score import SeriesScore

HU = body(0.35, pixel_mm=0.7, size=320, noise_hu=12)
MEASURED = measure_slice(made_slice(HU, spacing_mm=(0.7, 0.7))).numbers


def sized_series(
    number: int,
    *,
    dw_mm: float = 300.0,
    noise_hu: float = 10.0,
    ssde_mgy: float | None = 10.0,
    score: float = 3.0,
    reason: str | None = None,
    standard_name: str | None = None,
    **facts: object,
) -> SeriesScore:
    """A series of one slice; ``facts`` are of its acquisition, ``reason`` is why it has no SSDE."""
    measures = replace(
        MEASURED,
        size=replace(MEASURED.size, diameter_mm=dw_mm),
        ssde=Ssde(ssde_mgy, reason=reason),
    )
    slice_ = made_score(
        score,
        series=f"1.2.{number}",
        noise_hu=noise_hu,
        measures=measures,
        acquisition=Acquisition(**facts),
        number=1,
    )
    return SeriesScore(f"1.2.{number}", (slice_,), standard_name=standard_name)


def sized_entry(number: int, **given: object) -> SeriesEntry:
    """The entry of a series, see `sized_series`."""
    series = sized_series(number, **given)
    return SeriesEntry(number, f"series {number}", series, list(series.slices), True, False)


def sized_run(run: ScoringRun, many: Iterable[SeriesScore]) -> ScoringRun:
    """A run with these series in the place of its own."""
    return replace(run, slices=tuple(slice_ for series in many for slice_ in series.slices))
