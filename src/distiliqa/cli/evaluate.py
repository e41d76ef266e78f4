"""``distiliqa evaluate``: how well a model agrees with ratings."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from distiliqa.terminal import say, screen

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from distiliqa.lab.data.ratings import RatedImage
    from distiliqa.lab.evaluate.evaluation import Evaluation


def evaluate(
    model: Annotated[
        Path | None,
        typer.Argument(
            metavar="MODEL_OR_RUN",
            help="Run, teacher ensemble, one fold, student or model folder.",
        ),
    ] = None,
    *,
    data: Annotated[Path, typer.Option(metavar="FOLDER", help="Folder of the rated images.")],
    ratings: Annotated[Path, typer.Option(metavar="JSON", help="Ratings: name -> score.")],
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
        typer.Option(help="Unit that the bootstrap draws; where unknown, the next one."),
    ] = "case",
    grid: Annotated[
        str, typer.Option(help="Step to which predictions are rounded: auto, none, 0.2, 1/6.")
    ] = "auto",
    resamples: Annotated[int, typer.Option(min=1, help="Bootstrap resamples.")] = 2000,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the bootstrap.")] = 0,
) -> None:
    """Measure how well predictions agree with ratings, with 95 % intervals."""
    if (model is None) == (predictions is None):
        raise typer.BadParameter("give either MODEL_OR_RUN or --predictions")
    step = _step(grid)
    from distiliqa.lab.data.ratings import read_ratings
    from distiliqa.lab.evaluate.evaluation import evaluate as compare
    from distiliqa.lab.evaluate.evaluation_files import write_evaluation
    from distiliqa.report import check_folder

    images = read_ratings(data, ratings)
    check_folder(out)
    predicted = _predicted(model, predictions, images, out)
    evaluation = compare(predicted, images, grid=step, group=group, resamples=resamples, seed=seed)
    settings = {"group": group, "grid": grid, "resamples": resamples, "seed": seed}
    inputs = _hashes(data, ratings, model or predictions)
    write_evaluation(evaluation, out, provenance={"settings": settings, "inputs": inputs})
    _show(evaluation, out)


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


def _predicted(
    model: Path | None, predictions: Path | None, images: tuple[RatedImage, ...], out: Path
) -> NDArray[np.float64]:
    from distiliqa.lab.evaluate.predictions import predict, read_predictions
    from distiliqa.scratch import scratch_folder

    if predictions is not None:
        return read_predictions(predictions, images)
    assert model is not None
    from distiliqa.lab.evaluate.predictions import load_predictor

    predictor = load_predictor(model)
    # In `out`: the temporary folder of the system may be too small for slices.
    with scratch_folder(out) as cache_folder:
        return predict(predictor, images, cache_folder=cache_folder)


def _hashes(data: Path, ratings: Path, predicted: Path | None) -> dict[str, Any]:
    """SHA-256 by path of the ratings and of the predictions or weights."""
    from distiliqa.files import sha256

    assert predicted is not None
    found = [predicted] if predicted.is_file() else sorted(predicted.rglob("*.safetensors"))
    return {"data": str(data)} | {str(path): sha256(path) for path in (ratings, *found)}


def _show(evaluation: Evaluation, out: Path) -> None:
    from rich.table import Table

    table = Table(title=f"{evaluation.metrics.n} images")
    table.add_column("metric")
    for column in ("value", f"{evaluation.intervals.level:.0%} interval", "rounded to grid"):
        table.add_column(column, justify="right")
    rounded = evaluation.rounded.as_dict() if evaluation.rounded else {}
    for name, value in evaluation.metrics.as_dict().items():
        bounds = evaluation.intervals.bounds[name]
        interval = "-" if bounds is None else f"{bounds[0]:.4f} to {bounds[1]:.4f}"
        on_grid = f"{rounded[name]:.4f}" if rounded else "-"
        table.add_row(name, f"{value:.4f}", interval, on_grid)
    screen().print(table)
    grid = "none" if evaluation.step is None else f"{evaluation.step:.4g}"
    say(
        f"label grid {grid}; intervals from {evaluation.intervals.groups} groups "
        f"by {evaluation.grouped_by}; files in {out}"
    )
    for note in evaluation.notes:
        say(f"note: {note}", err=True)
