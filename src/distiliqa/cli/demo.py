"""``distiliqa demo``: the example series scored, or the whole pipeline at toy size."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from distiliqa.examples import EXAMPLE_SERIES, FULL_DOSE, LOW_DOSE, LOW_DOSE_LEVEL
from distiliqa.terminal import say

EPOCHS = 40  # enough for a toy to rank the doses of the example


def demo(
    train: Annotated[
        bool, typer.Option("--train", help="Run the whole pipeline at toy size (minutes).")
    ] = False,
    out: Annotated[Path, typer.Option("--out", "-o", help="Output folder.")] = Path(
        "distiliqa-demo"
    ),
) -> None:
    """Score the example series: a body phantom at 100, 25 and 10 % dose."""
    if train:
        model = _train(out)
        say(f"{model} is a toy trained on this one phantom; do not use it.")
        return
    from distiliqa.cli.score import score
    from distiliqa.report import REPORT

    score([str(EXAMPLE_SERIES)], out=out, identify=True)  # a phantom has no name to protect
    say("  The example is a computed trunk, no patient: its header says phantom, hence the note.")
    say("  What to see: with less dose comes more noise, lower detectability, and a lower score.")
    say(f"  The report, for a browser: {out / REPORT}")
    say("  Your own scans: distiliqa score FOLDER --out RESULTS")


def _train(out: Path) -> Path:
    """Preprocess, train, distil, evaluate, export and score with recipe ``smoke``."""
    from distiliqa.cli.evaluate import evaluate
    from distiliqa.cli.export import export
    from distiliqa.cli.preprocess import preprocess
    from distiliqa.cli.score import score
    from distiliqa.cli.train_student import train_student
    from distiliqa.cli.train_teacher import train_teacher

    data, run, model = out / "data", out / "run", out / "model"
    cases = _write_pairs(out / "pairs.csv")
    preprocess(pairs=out / "pairs.csv", out=data, test_cases=cases[-1:])
    ratings = data / "train.json"
    train_teacher("smoke", data=data, ratings=ratings, out=run, epochs=EPOCHS, resume=True)
    train_student(run, epochs=EPOCHS, resume=True)
    evaluate(run, data=data, ratings=data / "test.json", out=out / "evaluation")
    export(run, model)
    score([str(EXAMPLE_SERIES)], model=str(model), out=out / "scores")
    return model


def _write_pairs(path: Path) -> list[str]:
    """Pair the doses of the example slice by slice, with one case for each slice."""
    from distiliqa.files import write_csv

    slices = sorted(full.name for full in (EXAMPLE_SERIES / FULL_DOSE).iterdir())
    rows = [
        [EXAMPLE_SERIES / FULL_DOSE / name, EXAMPLE_SERIES / LOW_DOSE / name, Path(name).stem]
        for name in slices
    ]
    columns = ("full", "low", "case", "low_dose")
    write_csv(path, columns, [[*row, LOW_DOSE_LEVEL] for row in rows])
    return [Path(name).stem for name in slices]
