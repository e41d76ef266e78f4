"""``distiliqa fine-tune``: fit a shipped model to the ratings of one's own readers."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from distiliqa.cli.options import ReaderNames, Resume, ScaleOption, Standardize, scale_of
from distiliqa.terminal import say, screen

if TYPE_CHECKING:
    from rich.table import Table

    from distiliqa.lab.data.ratings import RatedImages
    from distiliqa.lab.fine_tune.reader_labels import ReaderLabels
    from distiliqa.lab.fine_tune.tuning_result import TuningResult
    from distiliqa.models.attributes import Attribute
    from distiliqa.models.config import ModelConfig


def fine_tune(
    model: Annotated[
        str, typer.Argument(metavar="MODEL", help="A shipped model or a model folder.")
    ],
    *,
    ratings: Annotated[
        Path, typer.Option(metavar="FILE", help="Ratings: CSV or JSON, one column a reader.")
    ],
    data: Annotated[Path, typer.Option(metavar="DIR", help="Folder of the rated images.")],
    out: Annotated[Path, typer.Option("--out", "-o", metavar="DIR", help="Output folder.")] = Path(
        "fine_tuned"
    ),
    name: Annotated[
        str | None, typer.Option(help="Name of the model; default: name of DIR.")
    ] = None,
    layers: Annotated[
        Literal["head", "transformer", "all"],
        typer.Option(help="What learns: the head alone, all behind the stem, or all."),
    ] = "head",
    readers: ReaderNames = None,
    attribute: Annotated[
        list[str] | None,
        typer.Option(
            metavar="COLUMN=LOW,HIGH[,BEST]",
            help="Column of an attribute, with its scale and best value, by default HIGH. Each has "
            "a head of its own. Repeatable.",
        ),
    ] = None,
    scale: ScaleOption = None,
    lower_is_better: Annotated[
        bool, typer.Option("--lower-is-better", help="The best images have the lowest rating.")
    ] = False,
    meaning: Annotated[
        str, typer.Option(help="What a rating means, for reports.")
    ] = "quality as the readers of this site rate it",
    standardize: Standardize = False,
    epochs: Annotated[
        int, typer.Option(min=1, help="Epochs; without effect on the head alone.")
    ] = 15,
    batch_size: Annotated[int, typer.Option(min=2, help="Images in one batch.")] = 8,
    learning_rate: Annotated[float, typer.Option(help="Learning rate of the head.")] = 1e-4,
    layer_decay: Annotated[
        float, typer.Option(help="Rate of a layer relative to the next one.")
    ] = 0.7,
    seed: Annotated[int, typer.Option(min=0, help="Seed of folds, order and bootstrap.")] = 0,
    resume: Resume = False,
) -> None:
    """Fit a model to ratings, and compare it with the model before on patients held out.

    Writes OUT/model, a model folder for score --model. It needs 50 images of 10 patients for the
    head, 200 for the transformer, 500 for all layers.
    """
    from distiliqa.lab.data.ratings import read_rated_images
    from distiliqa.lab.fine_tune.fine_tuning import FineTuning, Settings, begin
    from distiliqa.lab.fine_tune.tuning_files import write_model, write_predictions, write_result
    from distiliqa.lab.fine_tune.tuning_folds import train_final, train_folds
    from distiliqa.lab.fine_tune.tuning_result import held_out_result
    from distiliqa.models.folder import find_model, read_config

    if attribute and (readers or standardize or scale):
        raise typer.BadParameter("--attribute has its own columns and scales")
    if not (learning_rate > 0 and 0 < layer_decay <= 1):
        raise typer.BadParameter(
            "--learning-rate must be above 0, and --layer-decay above 0 up to 1"
        )
    attributes, limits = tuple(map(_attribute, attribute or ())), scale_of(scale)
    source = find_model(model)
    config = read_config(source)
    rated = read_rated_images(
        data,
        ratings,
        readers=[one.name for one in attributes] or readers or (),
        scale=limits,
        standardize=standardize,
        attributes=bool(attributes),
    )
    direction = not lower_is_better
    labels = _labels(rated, attributes, config, limits, meaning, higher_is_better=direction)
    settings = Settings(layers, epochs, batch_size, learning_rate, layer_decay, seed)
    tuning = FineTuning(out, source, ratings, rated.images, labels, rated.rows, settings)
    facts = begin(tuning, resume=resume)
    outputs = train_folds(tuning, resume=resume)
    result = held_out_result(tuning, outputs)
    write_predictions(tuning, result)
    network = train_final(tuning, resume=resume)
    folder, dropped = write_model(tuning, network, name or out.resolve().name, result)
    write_result(tuning, facts, result)
    screen().print(_table(result))
    for note in (*rated.mean.notes, *result.notes, *dropped):
        say(f"note: {note}", err=True)
    say(f"{folder}: try: distiliqa score --model {folder}")


def _attribute(text: str) -> Attribute:
    from distiliqa.errors import DistiliqaError
    from distiliqa.models.attributes import Attribute

    column, _, numbers = text.partition("=")
    try:
        found = [float(part) for part in numbers.split(",")]
        low, high, best = found if len(found) == 3 else (*found, found[-1])
        return Attribute(column.strip(), low, high, best)
    except (ValueError, DistiliqaError) as error:
        raise typer.BadParameter(
            f"--attribute {text}: give COLUMN=LOW,HIGH or COLUMN=LOW,HIGH,BEST such as noise=1,14,7"
        ) from error


def _labels(
    rated: RatedImages,
    attributes: Sequence[Attribute],
    config: ModelConfig,
    limits: tuple[float, float] | None,
    meaning: str,
    *,
    higher_is_better: bool,
) -> ReaderLabels:
    import numpy as np

    from distiliqa.lab.fine_tune.reader_labels import ReaderLabels, require_on_scales
    from distiliqa.models.attributes import scale_of as scale_of_attributes
    from distiliqa.readers.reader_scales import scale_of_readers

    if attributes:
        require_on_scales(rated.mean.table, attributes)
        return ReaderLabels(rated.readings, scale_of_attributes(attributes), tuple(attributes))
    scale = scale_of_readers(
        rated.mean, limits, config.scale, meaning, higher_is_better=higher_is_better
    )
    return ReaderLabels(np.array([[image.score] for image in rated.images]), scale)


def _table(result: TuningResult) -> Table:
    from rich.table import Table

    table = Table(title=f"{int(result.known.sum())} images, each by a network without its patient")
    table.add_column("on patients held out")
    for column in ("plcc", "srocc", "mae", "95 % interval"):
        table.add_column(column, justify="right")
    for name, found in result.figures.items():
        bounds = result.bounds[name].bounds["mae"]
        cells = map(_number, (found.signed_plcc, found.signed_srocc, found.mae))
        table.add_row(name, *cells, _range(bounds))
    changed = result.difference
    values = (changed[key].value for key in ("signed_plcc", "signed_srocc", "mae"))
    table.add_row("fine-tuned - before", *map(_signed, values), _range(changed["mae"].interval))
    for name, found in result.heads.items():
        table.add_row(name, *map(_number, (found.signed_plcc, found.signed_srocc, found.mae)), "")
    return table


def _number(value: float | None) -> str:
    from distiliqa.report.formatting import number_text

    return number_text(value, 3, none="-")


def _signed(value: float | None) -> str:
    return "-" if value is None else f"{value:+.3f}"


def _range(bounds: tuple[float, float] | None) -> str:
    from distiliqa.report.formatting import interval_text

    return interval_text(bounds, 3, none="-")
