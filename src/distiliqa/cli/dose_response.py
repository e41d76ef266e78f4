"""``distiliqa dose-response``: how image quality depends on the dose."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from distiliqa.cli.options import ModelOption, numbers
from distiliqa.cli.problems import printed, report_files


def dose_response(
    series: Annotated[str, typer.Argument(help="A normal-dose CT series in DICOM.")],
    out: Annotated[
        Path,
        typer.Option(
            "--out", "-o", metavar="DIR", help="Folder for dose-response.html, .csv and .json."
        ),
    ],
    model: ModelOption = "compact",
    at_least: Annotated[
        float | None,
        typer.Option(help="Score to reach; default: three quarters of the scale, 3 of 0 to 4."),
    ] = None,
    doses: Annotated[
        str, typer.Option(help="Relative doses, comma-separated; 1 is always one of them.")
    ] = "1,0.75,0.5,0.35,0.25,0.15,0.1,0.05",
    slices: Annotated[
        int, typer.Option(min=1, help="Maximum number of slices to simulate, evenly spread.")
    ] = 12,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the noise.")] = 0,
    max_noise: Annotated[
        float | None, typer.Option(metavar="HU", help="A noise level not to exceed as well, HU.")
    ] = None,
    min_dprime: Annotated[
        float | None,
        typer.Option(help="A detectability index d' to reach as well, of a disc of 10 mm, 20 HU."),
    ] = None,
) -> None:
    """Simulate lower doses of a series, score them, and report the lowest dose that suffices.

    Exit status. 0: all slices simulated. 1: some slices or outputs failed. 2: nothing simulated,
    or invalid options. 130: interrupted.
    """
    from distiliqa.dose_response.files import write_response
    from distiliqa.dose_response.run import dose_response as simulate
    from distiliqa.dose_response.screen import response_blocks
    from distiliqa.report import check_folder
    from distiliqa.report.notebook import print_blocks
    from distiliqa.terminal import progress_bar

    wanted = numbers(doses, "--doses")
    check_folder(out)
    with progress_bar("reading headers", "simulating") as show:
        found = simulate(
            series,
            model,
            at_least=at_least,
            doses=wanted,
            slices=slices,
            seed=seed,
            progress=show,
            max_noise_hu=max_noise,
            min_dprime=min_dprime,
        )
    try:
        unwritten = write_response(found, out)
    finally:
        unprinted = printed(partial(print_blocks, response_blocks(found)))
    unwritten += unprinted
    report_files(found.failed, unwritten)
    if not found.complete:
        raise KeyboardInterrupt
    if unwritten or found.failed:
        raise typer.Exit(1)
