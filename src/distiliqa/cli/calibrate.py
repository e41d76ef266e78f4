"""``distiliqa calibrate``: map the score of a model to the ratings of a site's readers."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from distiliqa.cli.options import ReaderNames, ScaleOption, Standardize, scale_of
from distiliqa.terminal import say


def calibrate(
    model: Annotated[
        str, typer.Argument(metavar="MODEL", help="A shipped model or a model folder.")
    ],
    *,
    ratings: Annotated[
        Path, typer.Option(metavar="FILE", help="Ratings: CSV or JSON, one column a reader.")
    ],
    data: Annotated[
        Path | None,
        typer.Option(metavar="PATH", help="Folder, zip or .npz of the images; default: of FILE."),
    ] = None,
    out: Annotated[
        Path, typer.Option("--out", "-o", metavar="DIR", help="Model folder to write.")
    ] = Path("calibrated"),
    name: Annotated[
        str | None, typer.Option(help="Name of the model; default: name of DIR.")
    ] = None,
    readers: ReaderNames = None,
    scale: ScaleOption = None,
    lower_is_better: Annotated[
        bool, typer.Option("--lower-is-better", help="The best images have the lowest rating.")
    ] = False,
    meaning: Annotated[
        str, typer.Option(help="What a rating means, for reports.")
    ] = "quality as the readers of this site rate it",
    standardize: Standardize = False,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the bootstrap.")] = 0,
) -> None:
    """Fit a monotone map of the score to the ratings of a site's readers.

    Writes a model folder for score --model, and prints the error on patients that were left out of
    the fit, beside no map and beside the median rating alone. It needs 30 images of 10 patients.

    Exit status. 0: done. 1: done, and some rated images could not be read. 2: nothing written.
    130: interrupted.
    """
    from distiliqa.calibrate.files import require_other_folder, write_calibrated
    from distiliqa.calibrate.run import calibrate_model
    from distiliqa.calibrate.screen import print_calibration
    from distiliqa.readers.rating_table import read_table
    from distiliqa.readers.reader_scales import mean_ratings, scale_of_readers
    from distiliqa.report import check_folder
    from distiliqa.scoring.model import load_model
    from distiliqa.terminal import progress_bar

    limits = scale_of(scale)
    table = read_table(ratings, readers=readers or (), scale=limits, of_first=standardize)
    mean = mean_ratings(table, scale=limits, standardize=standardize)
    loaded = load_model(model)
    require_other_folder(out, loaded)
    of_readers = scale_of_readers(
        mean, limits, loaded.config.scale, meaning, higher_is_better=not lower_is_better
    )
    check_folder(out)
    with progress_bar("reading headers", "scoring") as show:
        found = calibrate_model(
            loaded, mean, data or ratings.parent, of_readers, seed=seed, progress=show
        )
    settings = {"model": loaded.title, "readers": readers, "scale": limits, "seed": seed}
    settings |= {"standardize": standardize, "lower_is_better": lower_is_better}
    write_calibrated(out, name or out.resolve().name, loaded, found, settings)
    print_calibration(found)
    for problem in found.failed:
        say(f"failed: {problem.path}: {problem.reason}", err=True)
    say(f"{out}: try: distiliqa score --model {out}")
    if found.failed:
        raise typer.Exit(1)
