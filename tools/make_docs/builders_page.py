"""Write the pages for those who build denoisers from the record of their figures.

    python -m tools.make_docs.builders_page [--measure tensors|leaderboard] [--data ../shared/data]

With ``--measure`` the figures of a page are computed anew with the shipped model: tensors takes a
few minutes on one core, leaderboard ten. Only figures are written, no image.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from distiliqa.files import write_json, write_text
from distiliqa.lab.data.simulation_recipe import load_simulation_recipe
from tools.entry import run
from tools.markdown_table import markdown_table

ROOT = Path(__file__).resolve().parents[2]
FOLDER = Path(__file__).parent
RECORD = FOLDER / "builders_record.json"
RECIPE = ROOT / "training" / "compact" / "simulation.yaml"
PAGES = {
    "tensors": ROOT / "docs" / "how-to" / "tensors.md",
    "leaderboard": ROOT / "docs" / "explanation" / "leaderboard.md",
}

Record = dict[str, Any]


def main() -> None:
    options = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    options.add_argument("--measure", choices=PAGES, action="append", default=[])
    options.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "data")
    chosen = options.parse_args()
    for name in chosen.measure:
        measured = _measured(name, chosen.data)
        found = read_record() if RECORD.is_file() else {}
        write_json(RECORD, found | {name: measured})
    for name in read_record():
        write_text(PAGES[name], page(name, read_record()))


def _measured(name: str, data: Path) -> Record:
    if name == "tensors":
        from tools.make_docs.tensor_figures import record as tensors

        return tensors(data)
    from tools.make_docs.leaderboard_figures import record as leaderboard

    return leaderboard(data)


def read_record() -> Record:
    """The figures of both pages, by their name."""
    found: Record = json.loads(RECORD.read_text(encoding="utf-8"))
    return found


def page(name: str, found: Record) -> str:
    """A page with these figures."""
    text = (FOLDER / f"{name}.md.in").read_text(encoding="utf-8")
    for mark, value in _MARKS[name](found[name]).items():
        text = text.replace(f"@{mark}@", value)
    return text


def _of_tensors(found: Record) -> dict[str, str]:
    patches, halves, ascent = found["patches"], found["half_precision"], found["ascent"]
    return {
        "MODEL": found["model"],
        "PATCHES": markdown_table(
            ("side, pixels", "normal dose", "noise of a quarter dose", "difference"),
            (
                (f"{row['side']}", *(f"{row[key]:.2f}" for key in ("normal", "noisy")),
                 f"{row['noisy'] - row['normal']:+.2f}")
                for row in patches
            ),
        ),
        "BFLOAT16": f"{halves['bfloat16']:.3f}",
        "HALF": f"{halves['float16']:.3f}",
        "ASCENT": markdown_table(
            ("image", "score", "credit", "difference, HU"),
            (
                (row["image"], f"{row['score']:.2f}", f"{row['credit']:.2f}",
                 f"{row['difference_hu']:.1f}")
                for row in ascent["rows"]
            ),
        ),
        "SLICES": str(ascent["slices"]),
        "LIFT": f"{ascent['lift']:.2f}",
        "GRANTED": f"{ascent['granted']:+.2f}",
        "MAX_GRANTED": f"{ascent['max_granted']:+.2f}",
    }  # fmt: skip


def _of_leaderboard(found: Record) -> dict[str, str]:
    made, rated = found["made"], found["rated"]
    return {
        "MODEL": found["model"],
        "PATIENTS": str(made["patients"]),
        "MADE": markdown_table(
            ("rank", "method", "held", "score", "VIF", "GMSD", "noise, HU", "NPS peak, 1/mm"),
            map(_made_row, made["methods"]),
        ),
        "ABOVE": str(before_full_dose(made["methods"])),
        "DENOISED": str(len(made["methods"]) - 2),
        "UNSEEN": " and ".join(f"`{kind}`" for kind in unseen_kinds()),
        "MADE_SENTENCES": "\n".join(f"- {text}" for text in made["sentences"]),
        "RATED": markdown_table(
            ("method", "rated noise", "contrast + structure", "score", "VIF", "GMSD", "noise, HU"),
            map(_rated_row, sorted(rated["methods"], key=lambda one: -one["rating"])),
        ),
        "RATED_AGREEMENT": markdown_table(
            ("measure", "SROCC of the means of methods", "within a slice, mean"),
            (
                (row["measure"], f"{row['of_means']:.2f}", f"{row['within']:.2f}")
                for row in rated["agreement"]
            ),
        ),
        "RATED_SLICES": str(rated["slices"]),
    }  # fmt: skip


def unseen_kinds() -> list[str]:
    """Kinds of filters on the leaderboard that are in no training image of the shipped model."""
    from tools.make_docs.leaderboard_figures import DENOISERS

    held_out = load_simulation_recipe(RECIPE).processing.held_out_kinds
    return [kind for kind in DENOISERS if kind in held_out]


def before_full_dose(methods: Iterable[Record]) -> int:
    """Number of methods whose rank by score is before that of the full dose."""
    ranks = {one["method"]: one["rank"] for one in methods}
    return sum(rank < ranks["full_dose"] for rank in ranks.values())


def _made_row(row: Record) -> tuple[str, ...]:
    measures = row["measures"]
    held = "" if row["held"] is None else f"{100 * row['held']:.0f} %"
    score = measures["score"]
    ends = "" if score["interval"] is None else " ({:.2f} to {:.2f})".format(*score["interval"])
    return (
        str(row["rank"]),
        row["method"],
        held,
        f"{score['mean']:.2f}{ends}",
        *(_mean(measures, name, digits) for name, digits in _SHOWN),
    )


_SHOWN = (("vif", 2), ("gmsd", 3), ("noise_hu", 1), ("nps_peak_per_mm", 2))


def _rated_row(row: Record) -> tuple[str, ...]:
    shown = (("vif", 2), ("gmsd", 3), ("noise_hu", 1))
    return (
        row["method"],
        f"{row['noise_rating']:.1f}",
        f"{row['rating']:.1f}",
        _mean(row["measures"], "score", 2),
        *(_mean(row["measures"], name, digits) for name, digits in shown),
    )


def _mean(measures: Record, name: str, digits: int) -> str:
    return f"{measures[name]['mean']:.{digits}f}" if name in measures else "no value"


_MARKS: dict[str, Callable[[Record], dict[str, str]]] = {
    "tensors": _of_tensors,
    "leaderboard": _of_leaderboard,
}


if __name__ == "__main__":
    run(main)
