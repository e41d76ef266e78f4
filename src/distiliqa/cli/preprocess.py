"""``distiliqa preprocess``: dose pairs in, a rated data set out."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from distiliqa.cli.options import Jobs, numbers
from distiliqa.cli.problems import NOTHING_USABLE
from distiliqa.terminal import say

if TYPE_CHECKING:
    from distiliqa.lab.data.rated_folder import Summary


def preprocess(
    root: Annotated[
        Path | None,
        typer.Argument(help="Folder of the TCIA LDCT-and-Projection-data cases."),
    ] = None,
    pairs: Annotated[
        Path | None,
        typer.Option(help="CSV file of pairs in any layout: full, low, case, low_dose."),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out",
            "-o",
            help="Output folder; default: ROOT, or the folder 'distiliqa' beside the CSV file.",
        ),
    ] = None,
    doses: Annotated[str, typer.Option(help="Doses to mix, relative to full.")] = "0.5,0.75",
    low_dose: Annotated[
        float | None,
        typer.Option(
            help="Low dose of ROOT relative to full; default: 0.10 of chest, 0.25 of other cases."
        ),
    ] = None,
    dose_formula: Annotated[
        Literal["physical", "published"],
        typer.Option(help="published: divisor 3 at any low dose, HU truncated towards zero."),
    ] = "physical",
    img_extension: Annotated[str, typer.Option(help="File extension under ROOT.")] = ".dcm",
    train_cases: Annotated[
        list[str] | None, typer.Option(help="Cases of train.json, comma-separated or repeated.")
    ] = None,
    test_cases: Annotated[
        list[str] | None, typer.Option(help="Cases of test.json, comma-separated or repeated.")
    ] = None,
    jobs: Jobs = None,
) -> None:
    """Mix doses of CT pairs, and label images by their similarity to full dose."""
    from distiliqa.lab.data import tcia
    from distiliqa.lab.data.dose_mixing import DoseFormula
    from distiliqa.lab.data.pairs import read_pairs
    from distiliqa.lab.data.preprocess import Mixing
    from distiliqa.lab.data.preprocess import preprocess as run

    mixing = Mixing(numbers(doses, "--doses"), DoseFormula(dose_formula))
    train, test = _names(train_cases), _names(test_cases)
    if root and not pairs:
        pairing = tcia.find_pairs(root, low_dose=low_dose, extension=img_extension)
        folder = out or root
        if {pair.case for pair in pairing.pairs} & {*tcia.TRAIN_CASES, *tcia.TEST_CASES}:
            train, test = train or tcia.TRAIN_CASES, test or tcia.TEST_CASES
    elif pairs and not root and low_dose is None:
        pairing, folder = read_pairs(pairs), out or pairs.parent / "distiliqa"
        pairing.require((*(train or ()), *(test or ())))
    else:
        raise typer.BadParameter("give ROOT, or --pairs without ROOT and --low-dose")
    try:
        summary = run(
            pairing, folder, mixing=mixing, train_cases=train, test_cases=test or (), jobs=jobs
        )
    except KeyboardInterrupt:
        say("interrupted; run again to resume", err=True)
        raise typer.Exit(130) from None
    _report(summary)


def _names(values: list[str] | None) -> tuple[str, ...] | None:
    names = [name.strip() for value in values or () for name in value.split(",")]
    return tuple(name for name in names if name) or None


def _report(summary: Summary) -> None:
    """Report the result; exit 1 if some files were left out, 2 if all were."""
    say(str(summary))
    for problem in summary.problems:
        say(f"{problem.path}: {problem.reason}", err=True)
    if summary.problems:
        raise typer.Exit(1 if summary.images else NOTHING_USABLE)
