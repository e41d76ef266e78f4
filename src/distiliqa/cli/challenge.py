"""``distiliqa challenge``: the entry point of the container of LDCTIQAC2023."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from distiliqa.cli.options import ModelOption
from distiliqa.terminal import say


def challenge(
    input_: Annotated[
        Path, typer.Option("--input", help="Folder with images/synthetic-ct/ in it.")
    ] = Path("/input"),
    output: Annotated[Path, typer.Option(help="Folder for image-quality-scores.json.")] = Path(
        "/output"
    ),
    model: ModelOption = "compact",
) -> None:
    """Score the .mha or .tiff stack of the challenge; write a list of scores in slice order."""
    from distiliqa.ct import CTSlice, SliceInfo
    from distiliqa.files import write_json
    from distiliqa.report import check_folder
    from distiliqa.report.json import DIGITS
    from distiliqa.scoring.challenge import SCORES_FILE, STACK_FOLDER, find_stack, read_stack
    from distiliqa.scoring.model import load_model

    check_folder(output)
    stack = find_stack(input_ / STACK_FOLDER)
    slices = [CTSlice(hu, SliceInfo(str(stack), n)) for n, hu in enumerate(read_stack(stack))]
    scores = load_model(model).score_slices(slices)
    write_json(output / SCORES_FILE, [round(score.score, DIGITS) for score in scores])
    say(f"{len(slices)} scores in {output / SCORES_FILE}")
