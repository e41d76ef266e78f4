"""``distiliqa evaluate``: how well a model agrees with ratings."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from distiliqa.cli.options import ReaderNames, ScaleOption, Standardize, scale_of
from distiliqa.cli.readers import ceiling_lines
from distiliqa.terminal import say, screen

if TYPE_CHECKING:
    from rich.table import Table

    from distiliqa.lab.data.ratings import RatedImage
    from distiliqa.lab.evaluate.evaluation import Evaluation
    from distiliqa.lab.evaluate.predictions import Predictions
    from distiliqa.lab.evaluate.reader_ceiling import Ceiling


def evaluate(
    model: Annotated[
        Path | None,
        typer.Argument(
            metavar="MODEL_OR_RUN",
            help="Shipped model, run, teacher ensemble, one fold, student or model folder.",
        ),
    ] = None,
    *,
    data: Annotated[Path, typer.Option(metavar="FOLDER", help="Folder of the rated images.")],
    ratings: Annotated[
        Path, typer.Option(metavar="FILE", help="JSON of name -> rating, or a table of readers.")
    ],
    predictions: Annotated[
        Path | None,
        typer.Option(
            metavar="CSV", help="Predictions in place of a model; columns image,pred or path,score."
        ),
    ] = None,
    out: Annotated[Path, typer.Option("--out", "-o", metavar="DIR", help="Output folder.")] = Path(
        "evaluation"
    ),
    group: Annotated[
        Literal["case", "source", "image"],
        typer.Option(
            help="Unit that the bootstrap draws; where it is unknown, the next in the list."
        ),
    ] = "case",
    readers: ReaderNames = None,
    scale: ScaleOption = None,
    standardize: Standardize = False,
    grid: Annotated[
        str, typer.Option(help="Step to which predictions are rounded: auto, none, 0.2, 1/6.")
    ] = "auto",
    resamples: Annotated[int, typer.Option(min=1, help="Bootstrap resamples.")] = 2000,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the bootstrap.")] = 0,
    logistic: Annotated[
        bool, typer.Option("--logistic", help="Also after a logistic fit to the ratings, as VQEG.")
    ] = False,
    against: Annotated[
        Path | None,
        typer.Option(
            metavar="MODEL_OR_CSV", help="Second model, run or table, to subtract the figures of."
        ),
    ] = None,
) -> None:
    """Measure how well predictions agree with ratings, with 95 % intervals.

    Exit status. 0: done. 1: done, and some rated images could not be read. 2: nothing written.
    130: interrupted.
    """
    source = model or predictions
    if source is None or (model and predictions):
        raise typer.BadParameter("give either MODEL_OR_RUN or --predictions")
    step = _step(grid)
    import numpy as np

    from distiliqa.lab.data.ratings import read_rated_images
    from distiliqa.lab.evaluate.evaluation import evaluate as compare
    from distiliqa.lab.evaluate.evaluation_files import write_evaluation
    from distiliqa.lab.evaluate.reader_ceiling import ceiling_of
    from distiliqa.report import check_folder

    limits = scale_of(scale)
    rated = read_rated_images(
        data, ratings, readers=readers or (), scale=limits, standardize=standardize
    )
    check_folder(out)
    named = [(source, model is None)]
    if against is not None:
        named.append((against, against.suffix.lower() == ".csv"))
    found = _predictions(named, rated.images, out)
    known = np.all([np.isfinite(one.scores) for one in found], axis=0)
    rated = rated.of(known)
    predicted, *others = (one.of(known) for one in found)
    settings = {"group": group, "grid": grid, "resamples": resamples, "seed": seed}
    settings |= {"logistic": logistic, "against": against and str(against)}
    evaluation = compare(
        predicted,
        rated.images,
        grid=step,
        group=group,
        resamples=resamples,
        seed=seed,
        logistic=logistic,
        against=others[0].scores if others else None,
    )
    settings |= {"readers": readers, "scale": limits, "standardize": standardize}
    inputs = _hashes(data, ratings, [path for path, _ in named])
    ceiling = ceiling_of(rated, predicted.scores)
    facts = {"settings": settings, "inputs": inputs, "readers": ceiling and ceiling.as_dict()}
    write_evaluation(evaluation, out, provenance=facts)
    _show(evaluation, out)
    for line in _ceiling_lines(ceiling):
        say(line)
    for note in rated.mean.notes:
        say(f"note: {note}", err=True)
    if failed := dict.fromkeys(str(error) for one in found for error in one.failed):
        for line in failed:
            say(f"failed: {line}", err=True)
        raise typer.Exit(1)


def _step(grid: str) -> Any:
    """The ``grid`` argument of `distiliqa.lab.evaluate.evaluation.evaluate`."""
    from fractions import Fraction

    if grid in ("auto", "none"):
        return None if grid == "none" else "auto"
    try:
        step = float(Fraction(grid))
    except (ValueError, ZeroDivisionError):
        step = 0.0
    if step <= 0:
        raise typer.BadParameter(f"--grid {grid}: give auto, none or a step such as 0.2 or 1/6")
    return step


def _predictions(
    named: list[tuple[Path, bool]], images: tuple[RatedImage, ...], out: Path
) -> list[Predictions]:
    """Predictions of models, runs and tables, each with whether it is a table.

    Tables are read first: a fault in one costs no run of a network.
    """
    from distiliqa.lab.evaluate.predictions import read_predictions
    from distiliqa.lab.evaluate.predictor import predictions_of
    from distiliqa.scratch import scratch_folder

    tables = {path: read_predictions(path, images) for path, is_table in named if is_table}
    # In `out`: the temporary folder of the system may be too small for slices.
    with scratch_folder(out) as cache_folder:
        return [
            tables[path] if is_table else predictions_of(path, images, cache_folder=cache_folder)
            for path, is_table in named
        ]


def _hashes(data: Path, ratings: Path, sources: list[Path]) -> dict[str, Any]:
    """SHA-256 by path of the ratings and of the predictions or weights."""
    from distiliqa.files import sha256
    from distiliqa.models.folder import ONNX, shipped_models

    found = [ratings]
    for source in sources:
        folder = shipped_models().get(str(source), source)
        inside = sorted([*folder.rglob("*.safetensors"), *folder.glob(ONNX)])
        found += [folder] if folder.is_file() else inside
    return {"data": str(data)} | {str(path): sha256(path) for path in found}


def _show(evaluation: Evaluation, out: Path) -> None:
    screen().print(_table(evaluation))
    grid = "none" if evaluation.step is None else f"{evaluation.step:.4g}"
    say(
        f"label grid {grid}; intervals from {evaluation.intervals.groups} groups "
        f"by {evaluation.grouped_by}; files in {out}"
    )
    for line in _more(evaluation):
        say(line)
    for note in evaluation.notes:
        say(f"note: {note}", err=True)


def _table(evaluation: Evaluation) -> Table:
    from rich.table import Table

    from distiliqa.report.formatting import p_text

    table = Table(title=f"{evaluation.metrics.n} images")
    table.add_column("metric", no_wrap=True)
    level = f"{100 * evaluation.intervals.level:.0f} %"
    for column in ("value", f"{level} interval", "rounded to grid"):
        table.add_column(column, justify="right")
    if evaluation.difference:
        for column in ("difference", "its interval", "p"):
            table.add_column(column, justify="right")
    rounded = evaluation.rounded.figures() if evaluation.rounded else {}
    for name, value in evaluation.metrics.figures().items():
        cells = [_number(value), _range(evaluation.intervals.bounds[name])]
        cells.append(_number(rounded.get(name)))
        if evaluation.difference:
            found = evaluation.difference[name]
            p = "-" if found.p is None else p_text(found.p)
            cells += [_number(found.value), _range(found.interval), p]
        table.add_row(name, *cells)
    return table


def _ceiling_lines(ceiling: Ceiling | None) -> Iterator[str]:
    if ceiling is not None:
        yield from ceiling_lines(ceiling.readers)
        model = ceiling.model
        yield f"the predictions against the same: plcc {_number(model.plcc)}, mae {model.mae:.4f}"


def _number(value: float | None) -> str:
    from distiliqa.report.formatting import number_text

    return number_text(value, 4, none="-")


def _range(bounds: tuple[float, float] | None) -> str:
    from distiliqa.report.formatting import interval_text

    return interval_text(bounds, 4, none="-")


def _more(evaluation: Evaluation) -> Iterator[str]:
    """Lines for what not every evaluation has."""
    for by, within in evaluation.within.items():
        if within.srocc is not None:
            yield f"mean srocc within a {by}: {within.srocc:.4f} over {within.groups}"
    if fit := evaluation.logistic:
        yield f"after a logistic fit: plcc {_number(fit.plcc)}, rmse {fit.rmse:.4f}"
    if covered := evaluation.coverage:
        stated = "" if covered.stated is None else f", stated {100 * covered.stated:.0f} %"
        yield (
            f"intervals hold {100 * covered.share:.1f} % of {covered.images} labels "
            f"({_range(covered.bounds)}{stated}); mean width {covered.width:.4f}"
        )
    for side, metrics in evaluation.domain.items():
        if metrics is not None:
            yield (
                f"{side} of the domain ({metrics.n} images): "
                f"srocc {_number(metrics.signed_srocc)}, mae {metrics.mae:.4f}"
            )
