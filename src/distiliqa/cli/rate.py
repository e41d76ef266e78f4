"""``distiliqa rate``: a page of this machine on which readers compare or rate images."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from distiliqa.cli.options import NoBrowser, PageHost, PagePort, numbers
from distiliqa.terminal import say

if TYPE_CHECKING:
    from distiliqa.ct import Window


def rate(
    data: Annotated[
        Path, typer.Argument(metavar="FOLDER", help="The CT slices that readers should see.")
    ],
    out: Annotated[
        Path,
        typer.Option(
            "--out",
            "-o",
            metavar="DIR",
            help="Folder for answers and ratings; a study in it is continued.",
        ),
    ],
    by: Annotated[
        Literal["pairs", "scale"] | None,
        typer.Option(help="Compare two images, or rate one from 0 to 4; default: pairs."),
    ] = None,
    window: Annotated[
        str | None,
        typer.Option(metavar="WIDTH,LEVEL", help="Window for all readers, HU; default: 350,40."),
    ] = None,
    comparisons: Annotated[
        int | None,
        typer.Option(
            min=1,
            max=20_000,
            help="Pairs that each reader compares; default: about 220 for 50 images.",
        ),
    ] = None,
    port: PagePort = None,
    host: PageHost = None,
    no_browser: NoBrowser = False,
) -> None:
    """Let readers compare pairs of images, or rate images, in a browser of this machine.

    Readers see no names and no scores, and all see the same window. Images come in random order;
    the pair whose answer adds most comes next. Each answer is kept at once: Ctrl-C ends the page,
    and the same command goes on.

    ratings.csv in --out is what readers, calibrate, fine-tune and train-teacher take.
    """
    from distiliqa.serve import check_extra

    check_extra()
    if by == "scale" and comparisons is not None:
        raise typer.BadParameter("--comparisons belongs to --by pairs: all images are rated")
    asked_window = None if window is None else _window(window)
    from distiliqa.files import private_if_new
    from distiliqa.serve.local_server import serve_folder
    from distiliqa.serve.rating.rate_app import opened_rate_app
    from distiliqa.serve.rating.rating_study import Study
    from distiliqa.serve.rating.study_design import Asked

    private_if_new(out)
    serve_folder(
        out,
        lambda hosts, token: opened_rate_app(
            Study(data, out, Asked(by, asked_window, comparisons)), hosts, token
        ),
        host=host,
        port=port,
        open_browser=not no_browser,
        say=say,
    )


def _window(text: str) -> Window:
    from distiliqa.ct import Window

    try:
        width, level = numbers(text, "--window")
        return Window(width, level)
    except ValueError:
        line = f"--window {text}: give WIDTH,LEVEL in HU, such as 350,40"
        raise typer.BadParameter(line) from None
