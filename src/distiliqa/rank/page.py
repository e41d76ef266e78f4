"""``rank.html``: the leaderboard on one page."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from distiliqa.rank.result import SCORE, RankedRun
from distiliqa.rank.standings import Figure, Standing, known_measures, sentences, standings
from distiliqa.report.column import Column
from distiliqa.report.json import environment, model_facts
from distiliqa.report.page_blocks import Heading, Row, write_page
from distiliqa.report.pictures import draw_slices
from distiliqa.report.plots import svg
from distiliqa.report.plots.scene import Scene
from distiliqa.report.plots.strips import Dot, strips

MAX_PICTURES = 8
HEADINGS = (
    Heading("Rank", "By the mean score; equal means share the better rank.", numeric=True),
    Heading("Method"),
    Heading("Held", "Share of draws in which it has this rank.", numeric=True),
    Heading("First", "Share of draws in which it has rank 1.", numeric=True),
    Heading("Minus first", "Mean score minus that of the first, 95 % interval.", numeric=True),
)


def write_html(path: Path, run: RankedRun, *, identify: bool = False) -> None:
    """Write the page; without ``identify`` it names methods, and no patient or file."""
    columns, places = known_measures(run), standings(run)
    config = run.methods[0].run.model
    failed = [(m.name, len(m.run.failed)) for m in run.given if m.run.failed]
    write_page(
        path,
        "rank.html.j2",
        config,
        scale=config.scale,
        window=config.window,
        verdict=list(sentences(run)),
        notes=run.notes,
        failed=failed,
        columns=[*HEADINGS, *map(_heading, columns)],
        rows=[Row(list(_cells(place, columns))) for place in places],
        plot=svg(score_strips(run)),
        pictures=list(_pictures(run, places)),
        shown=_middle(run, places[0]) + 1,
        inputs=[(m.name, m.run.inputs[0]) for m in run.given] if identify else [],
        reference=run.reference,
        provenance={
            "model": model_facts(config),
            "environment": environment(),
            "hashes": _hashes(run),
        },
    )


def _hashes(run: RankedRun) -> list[str]:
    """SHA-256 of the inputs of all methods and of the reference."""
    files = [run.sha256, *(method.run.all_sha256 for method in run.given)]
    return sorted({digest for hashes in files for digest in hashes.values()})


def _heading(column: Column) -> Heading:
    return Heading(column.head, column.meaning, numeric=True)


def _cells(place: Standing, columns: list[Column]) -> Iterator[str]:
    yield str(place.rank)
    yield place.method.name
    for share in (place.held, place.first):
        yield "" if share is None else f"{100 * share:.0f} %"
    yield f"{place.behind:+.2f}{_ends(place.behind_interval, 2)}" if place.behind else ""
    for column in columns:
        figure = place.figures.get(column.name)
        yield "" if figure is None else _text(figure, column)


def _text(figure: Figure, column: Column) -> str:
    digits = column.digits or 0
    rank = "" if figure.rank is None or column.name == SCORE else f" #{figure.rank}"
    return f"{figure.mean:.{digits}f}{_ends(figure.interval, digits)}{rank}"


def _ends(interval: tuple[float, float] | None, digits: int) -> str:
    return "" if interval is None else f" ({interval[0]:.{digits}f} to {interval[1]:.{digits}f})"


def score_strips(run: RankedRun) -> Scene:
    """Scores of the slices that count, one strip a method."""
    scale = run.methods[0].run.model.scale
    groups = {
        place.method.name: [
            Dot(place.method.slices[at].score, "", f"slice {at + 1}") for at in run.counted
        ]
        for place in standings(run)
    }
    return strips(groups, x_label="Score", limits=(scale.low, scale.high))


def _middle(run: RankedRun, first: Standing) -> int:
    """The slice whose score in the first method is the median."""
    ranked = sorted(run.counted, key=lambda at: first.method.slices[at].score)
    return ranked[(len(ranked) - 1) // 2]


def _pictures(run: RankedRun, places: list[Standing]) -> Iterator[tuple[str, str]]:
    """The same slice of the first methods: picture and caption."""
    at = _middle(run, places[0])
    shown = places[:MAX_PICTURES]
    for place in shown:  # one at a time: slices of arrays may share a path and frame
        slice_ = place.method.slices[at]
        drawn = draw_slices([slice_], run.methods[0].run.model)
        yield drawn[slice_.path, slice_.frame].image, f"{place.method.name}: {slice_.score:.2f}"
