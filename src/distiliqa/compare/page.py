"""``compare.html``: the differences of two inputs on one page."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from distiliqa.compare.comparison_plots import differences_plot, scores_plot
from distiliqa.compare.difference_text import digits_of, interval, p_value
from distiliqa.compare.findings import compared, findings
from distiliqa.compare.quantities import quantities
from distiliqa.compare.result import PairedRun, ScorePair, SeriesPair
from distiliqa.compare.verdict import DIGITS, explained, verdict
from distiliqa.report.columns import FACTS, slice_columns
from distiliqa.report.formatting import (
    digits_for,
    fact_text,
    protocol,
    signed_text,
    slice_count,
)
from distiliqa.report.json import environment, model_facts, settings
from distiliqa.report.page_blocks import Heading, Row, filled, write_page
from distiliqa.report.pictures import draw_slices
from distiliqa.report.plots import svg
from distiliqa.scoring.acquisition_summary import summary
from distiliqa.scoring.hold_back import LOST_DETAIL
from distiliqa.statistics.paired_difference import Difference

MAX_PLOTS = 20
SCORE, NOISE, POSITION, PROCESSED = slice_columns("score", "noise_hu", "position_mm", "processed")
HEADINGS = (
    Heading("Pair", "Number of the pair in this table.", numeric=True),
    Heading("Slice of A", "Its number in its series.", numeric=True),
    Heading("Slice of B", "Its number in its series.", numeric=True),
    Heading(POSITION.head, "Along the slice normal, of A.", numeric=True),
    Heading("Score A", numeric=True),
    Heading("Score B", numeric=True),
    Heading("B minus A", numeric=True),
    Heading("Noise level A, HU", NOISE.meaning, numeric=True),
    Heading("Noise level B, HU", NOISE.meaning, numeric=True),
    Heading("B minus A, HU", numeric=True),
    Heading("Processed A", PROCESSED.meaning, numeric=True),
    Heading("Processed B", PROCESSED.meaning, numeric=True),
    Heading("Warnings"),
)
FILES = (Heading("File of A"), Heading("File of B"))


def write_html(path: Path, run: PairedRun, *, identify: bool = False) -> None:
    """Write the page; without ``identify`` it names no series, file or date."""
    heads = (*HEADINGS, *FILES) if identify else HEADINGS
    rows = [_row(pair, n, identify=identify) for n, pair in enumerate(run.slices, 1)]
    columns, rows = filled(heads, rows)
    measured = quantities(run)
    shown = sorted(run.series, key=_size, reverse=True)[:MAX_PLOTS]
    write_page(
        path,
        "compare.html.j2",
        run.first.model,
        run=run,
        scale=run.first.model.scale,
        verdict=verdict(run),
        explained=list(explained(run)),
        score=_statistics(run.score, digits_of(run.score, DIGITS)),
        differences=[(name, _statistics(one, n)) for name, one, n in compared(run, measured)],
        findings=list(findings(run, measured)),
        means=[_mean(run, side) for side in ("first", "second")],
        share=_share(run),
        facts=list(_facts(run)),
        pictures=list(_pictures(run)),
        plots=[_plots(pair, n, run, identify=identify) for n, pair in enumerate(shown, 1)],
        not_plotted=len(run.series) - len(shown),
        columns=columns,
        rows=rows,
        unmatched=list(map(slice_count, map(len, run.unmatched))) if any(run.unmatched) else None,
        failed=[len(side.failed) for side in (run.first, run.second)],
        inputs=[side.inputs[0] for side in (run.first, run.second)] if identify else None,
        provenance=_provenance(run),
    )


def _size(pair: SeriesPair) -> float:
    return abs(sum(both.difference for both in pair.slices)) / len(pair.slices)


def _statistics(found: Difference, digits: int) -> dict[str, str]:
    return {
        "n": str(found.n),
        "mean": signed_text(found.mean, digits),
        "interval": interval(found, digits),
        "median": signed_text(found.median, digits),
        "effect": "undefined" if found.effect is None else f"{found.effect:+.2f}",
        "p": p_value(found),
        "units": str(found.units),
    }


def _share(run: PairedRun) -> str:
    """The mean difference in percent of the scale."""
    scale = run.first.model.scale
    share = 100 * abs(run.score.mean) / (scale.high - scale.low)
    return f"{share:.{digits_for([share], 0)}f}"


def _mean(run: PairedRun, side: str) -> str:
    scores = [getattr(pair, side).score for pairs in run.counted for pair in pairs]
    return f"{sum(scores) / len(scores):.2f}"


def _facts(run: PairedRun) -> Iterator[tuple[str, str, str]]:
    """Each acquisition fact as it is in A and in B, of the matched slices that count."""
    counted = [pair for pairs in run.counted for pair in pairs]
    sides = [[getattr(pair, side) for pair in counted] for side in ("first", "second")]
    for column in FACTS:
        a, b = (fact_text(slices, column) for slices in sides)
        if a or b:
            yield column.title, a, b


def _plots(pair: SeriesPair, number: int, run: PairedRun, *, identify: bool) -> dict[str, object]:
    """Scores and differences along the series; where positions are unknown, by number."""
    scale = run.first.model.scale
    acquired = summary(both.first.acquisition for both in pair.slices)
    made = protocol(acquired) or slice_count(len(pair.slices))
    title = f"Series {number}, {made}" if len(run.series) > 1 else "Along the series"
    if identify:
        title += f": {pair.first} and {pair.second}"
    scores, differences = scores_plot(pair, scale), differences_plot(pair, run)
    return {"title": title, "scores": svg(scores), "differences": svg(differences)}


def _pictures(run: PairedRun) -> Iterator[tuple[str, list[tuple[str, str]]]]:
    """The largest and the median difference of those that count, a picture of A and one of B."""
    counted = {id(pair) for pairs in run.counted for pair in pairs}
    numbered = [(n, pair) for n, pair in enumerate(run.slices, start=1) if id(pair) in counted]
    ranked = sorted(numbered, key=lambda item: item[1].difference)
    largest = max(numbered, key=lambda item: abs(item[1].difference))
    chosen = {"Largest difference": largest, "Median difference": ranked[(len(ranked) - 1) // 2]}
    shown = [slice_ for _, pair in chosen.values() for slice_ in (pair.first, pair.second)]
    drawn = draw_slices(shown, run.first.model)
    for name, (number, pair) in chosen.items():
        sides = (("A", pair.first), ("B", pair.second))
        captioned = [(drawn[x.path, x.frame].image, f"{side}: {x.score:.2f}") for side, x in sides]
        yield (
            f"{name}: {signed_text(pair.difference, DIGITS)}, pair {number} of the table",
            captioned,
        )


def _row(pair: ScorePair, number: int, *, identify: bool) -> Row:
    first, second = pair.first, pair.second
    cells = [
        str(number),
        str(first.number),
        str(second.number),
        POSITION.text(first),
        SCORE.text(first),
        SCORE.text(second),
        signed_text(pair.difference, DIGITS),
        NOISE.text(first),
        NOISE.text(second),
        "" if pair.noise_difference is None else signed_text(pair.noise_difference, 1),
        PROCESSED.text(first),
        PROCESSED.text(second),
        "; ".join(_warnings(pair)),
    ]
    if identify:
        cells += [first.path, second.path]
    return Row(cells, mark="out-of-domain" if pair.out_of_domain else "")


def _warnings(pair: ScorePair) -> Iterator[str]:
    """Each warning once, with the letters of the slices that have it.

    The page warns of processed slices once, above.
    """
    found = dict.fromkeys((*pair.first.warnings, *pair.second.warnings))
    found.pop(LOST_DETAIL, None)
    for warning in found:
        sides = {"A": pair.first, "B": pair.second}
        having = [letter for letter, slice_ in sides.items() if warning in slice_.warnings]
        yield f"{' and '.join(having)}: {warning}"


def _provenance(run: PairedRun) -> dict[str, object]:
    model, shown = model_facts(run.first.model), settings(run.first.model)
    hashes = sorted({*run.first.all_sha256.values(), *run.second.all_sha256.values()})
    return {
        "model": f"{model['name']} {model['version']}",
        "model_sha256": model["sha256"],
        "window": shown["window"],
        "image_size": shown["image_size"],
        "environment": environment(),
        "match": run.match or "position, by name where it is unknown",
        "hashes": hashes,
    }
