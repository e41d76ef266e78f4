"""``compare.html``: what two series differ in, on one page."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from distiliqa.compare.run import PairedRun, ScorePair, SeriesPair
from distiliqa.compare.words import explained, interval, p_value, verdict
from distiliqa.report.environment import environment
from distiliqa.report.example_pictures import draw_slices
from distiliqa.report.facts import FACTS, protocol, told
from distiliqa.report.formatting import number_told, slices_told
from distiliqa.report.json import model_facts, settings
from distiliqa.report.page_blocks import Column, Row, write_page
from distiliqa.report.plots import Curve, Line, curves, profile
from distiliqa.scoring.result import SliceScore
from distiliqa.scoring.summary import summary
from distiliqa.statistics.paired_difference import Difference

MOST_PLOTS = 20
COLUMNS = (
    Column("Slice", numeric=True),
    Column("Position, mm", "Along the slice normal, of A", numeric=True),
    Column("Score A", numeric=True),
    Column("Score B", numeric=True),
    Column("B minus A", numeric=True),
    Column("Noise A, HU", "Global noise level", numeric=True),
    Column("Noise B, HU", "Global noise level", numeric=True),
    Column("B minus A, HU", numeric=True),
    Column("Warnings"),
)
NAMED = (Column("File of A"), Column("File of B"))


def write_html(path: Path, run: PairedRun, *, identify: bool = False) -> None:
    """Write the page; without ``identify`` it names no series, file or date."""
    shown = sorted(run.series, key=_size, reverse=True)[:MOST_PLOTS]
    write_page(
        path,
        "compare.html.j2",
        run=run,
        scale=run.first.model.scale,
        verdict=verdict(run),
        explained=list(explained(run)),
        score=_statistics(run.score, 2),
        noise=None if run.noise is None else _statistics(run.noise, 1),
        means=[_mean(run, side) for side in ("first", "second")],
        share=abs(run.score.mean) / (run.first.model.scale.high - run.first.model.scale.low),
        facts=list(_facts(run)),
        pictures=list(_pictures(run)),
        plots=[_plots(pair, n, run, identify=identify) for n, pair in enumerate(shown, 1)],
        not_plotted=len(run.series) - len(shown),
        columns=(*COLUMNS, *NAMED) if identify else COLUMNS,
        rows=[_row(pair, n, identify=identify) for n, pair in enumerate(run.slices, 1)],
        unmatched=[slices_told(len(each)) for each in run.unmatched]
        if any(run.unmatched)
        else None,
        failed=[len(each.failed) for each in (run.first, run.second)],
        inputs=[each.inputs[0] for each in (run.first, run.second)] if identify else None,
        provenance=_provenance(run),
    )


def _size(pair: SeriesPair) -> float:
    return abs(sum(each.difference for each in pair.slices)) / len(pair.slices)


def _statistics(found: Difference, digits: int) -> dict[str, str]:
    return {
        "n": str(found.n),
        "mean": f"{found.mean:+.{digits}f}",
        "interval": interval(found, digits),
        "median": f"{found.median:+.{digits}f}",
        "effect": "undefined" if found.effect is None else f"{found.effect:+.2f}",
        "p": p_value(found),
        "units": str(found.units),
    }


def _mean(run: PairedRun, side: str) -> str:
    scores = [getattr(pair, side).score for pairs in run.counted for pair in pairs]
    return f"{sum(scores) / len(scores):.2f}"


def _facts(run: PairedRun) -> Iterator[tuple[str, str, str]]:
    """Each acquisition fact as it is in A and in B, of the matched slices that count."""
    counted = [pair for pairs in run.counted for pair in pairs]
    made = [[getattr(pair, side).acquisition for pair in counted] for side in ("first", "second")]
    for field, (name, unit) in FACTS.items():
        a, b = (told(each, field) for each in made)
        if a or b:
            yield f"{name}, {unit}" if unit else name, a, b


def _plots(pair: SeriesPair, number: int, run: PairedRun, *, identify: bool) -> dict[str, object]:
    """Scores and differences along the series; where positions are unknown, by number."""
    scale = run.first.model.scale
    at, label = _places(pair.slices)
    acquired = summary(slices.first.acquisition for slices in pair.slices)
    made = protocol(acquired) or slices_told(len(pair.slices))
    title = f"Pair {number}, {made}" if len(run.series) > 1 else "Along the series"
    if identify:
        title += f": {pair.first} and {pair.second}"
    return {
        "title": title,
        "scores": curves(
            [_curve("A", at, pair, "first"), _curve("B", at, pair, "second")],
            x_label=label,
            y_label="score",
            y_limits=(scale.low, scale.high),
        ),
        "differences": profile(
            at,
            [each.difference for each in pair.slices],
            x_label=label,
            y_label="score, B minus A",
            marks=[each.outside for each in pair.slices],
            lines=[Line(0, "", dashed=False), Line(run.score.mean, "mean of counted pairs")],
        ),
    }


def _pictures(run: PairedRun) -> Iterator[tuple[str, list[tuple[str, str]]]]:
    """The largest and the median difference of those that count, a picture of A and one of B."""
    counted = {id(pair) for pairs in run.counted for pair in pairs}
    numbered = [(n, pair) for n, pair in enumerate(run.slices, start=1) if id(pair) in counted]
    ranked = sorted(numbered, key=lambda each: each[1].difference)
    largest = max(numbered, key=lambda each: abs(each[1].difference))
    chosen = {"Largest difference": largest, "Median difference": ranked[(len(ranked) - 1) // 2]}
    shown = [one for _, pair in chosen.values() for one in (pair.first, pair.second)]
    drawn = draw_slices(shown, run.first.model)
    for name, (number, pair) in chosen.items():
        sides = (("A", pair.first), ("B", pair.second))
        told = [(drawn[x.path, x.frame].image, f"{side}: {x.score:.2f}") for side, x in sides]
        yield f"{name}: {pair.difference:+.2f}, slice {number} of the table", told


def _places(pairs: Sequence[ScorePair]) -> tuple[list[float], str]:
    positions = [pair.first.position_mm for pair in pairs]
    known = [position for position in positions if position is not None]
    if len(known) == len(positions) and known == sorted(known):
        return known, "position along the slice normal, mm"
    return [float(n) for n in range(1, len(pairs) + 1)], "slice"


def _curve(name: str, at: Sequence[float], pair: SeriesPair, side: str) -> Curve:
    scores: list[SliceScore] = [getattr(each, side) for each in pair.slices]
    ends = [each.interval or (None, None) for each in scores]
    low, high = zip(*ends, strict=True)
    return Curve(name, at, [each.score for each in scores], low, high)


def _row(pair: ScorePair, number: int, *, identify: bool) -> Row:
    first, second = pair.first, pair.second
    cells = [
        str(number),
        number_told(first.position_mm, 1),
        number_told(first.score, 2),
        number_told(second.score, 2),
        f"{pair.difference:+.2f}",
        number_told(first.noise_hu, 1),
        number_told(second.noise_hu, 1),
        "" if pair.noise_difference is None else f"{pair.noise_difference:+.1f}",
        "; ".join(_warnings(pair)),
    ]
    if identify:
        cells += [first.path, second.path]
    return Row(cells, mark="outside" if pair.outside else "")


def _warnings(pair: ScorePair) -> Iterator[str]:
    """Each warning once, with the letters of the slices that have it."""
    for warning in dict.fromkeys((*pair.first.warnings, *pair.second.warnings)):
        sides = {"A": pair.first, "B": pair.second}
        having = [letter for letter, slice_ in sides.items() if warning in slice_.warnings]
        yield f"{' and '.join(having)}: {warning}"


def _provenance(run: PairedRun) -> dict[str, object]:
    model, shown = model_facts(run.first.model), settings(run.first.model)
    hashes = sorted({*run.first.sha256.values(), *run.second.sha256.values()})
    return {
        "model": f"{model['name']} {model['version']}",
        "model_sha256": model["sha256"],
        "window": shown["window"],
        "image_size": shown["image_size"],
        "environment": environment(),
        "hashes": hashes,
    }
