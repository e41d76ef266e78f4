"""Measure a model against the bounds of a shipped one, on patients that its training never saw.

    python -m tools.model_check MODEL --data DIR --work DIR [--made DIR] [--only ITEM]

MODEL is a name or a folder; DATA holds ct-dev and ct-more; --made is the work folder of
`make model`. WORK gets bounds.md and bounds.json, and ladders.json for the model's card. What is
done is kept there: a run that was interrupted goes on. Each bound and what it is asked of is
defined in the module of its item, and the patients in training/compact/patients.yaml.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from distiliqa.errors import DistiliqaError
from distiliqa.files import make_folder, sha256, write_json, write_text
from distiliqa.report.json import model_facts, settings
from distiliqa.scoring.model import load_model
from distiliqa.version import __version__
from tools.entry import run
from tools.make_model.model_folder import RECORD, REPORT
from tools.make_model.patients import load_patients
from tools.make_model.settings import load_settings
from tools.model_check.acceptance import Section, beside_noise_level, table_of_bounds
from tools.model_check.items import items_of, measure
from tools.model_check.subject import Subject

ROOT = Path(__file__).resolve().parents[2]
SETTINGS = ROOT / "training" / "compact" / "model.yaml"


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("model", help="name or folder")
    parser.add_argument(
        "--data", type=Path, required=True, help="folder of ct-dev and ct-more, or of CT"
    )
    parser.add_argument("--work", type=Path, required=True, help="folder of all that is made")
    parser.add_argument("--made", type=Path, help="work folder of make model")
    parser.add_argument("--settings", type=Path, default=SETTINGS, help="of make model")
    parser.add_argument("--packages", type=Path, help="unpacked packages, see strangers.py")
    parser.add_argument("--only", action="append", metavar="ITEM", help="this item alone")
    parser.add_argument("--slices", type=int, help="for a trial: so many held-out slices")
    options = parser.parse_args()
    recipe = load_settings(options.settings)
    subject = Subject(
        load_model(options.model),
        options.data,
        make_folder(options.work),
        load_patients(recipe.patients),
        options.made,
        options.packages,
        options.slices,
    )
    items = items_of(subject, recipe)
    chosen = options.only or list(items)
    if unknown := set(chosen) - set(items):
        raise DistiliqaError(
            f"no item {', '.join(sorted(unknown))}", remedy=f"give one of {', '.join(items)}"
        )
    sections = measure(subject, {name: items[name] for name in items if name in chosen})
    sections.append(beside_noise_level(sections))
    text = report(subject, sections)
    print(text, end="")
    write_text(options.work / REPORT, text)
    write_json(options.work / RECORD, record(subject, sections, options.settings))


def report(subject: Subject, sections: Sequence[Section]) -> str:
    """The table of bounds, then each item with its figures."""
    facts = model_facts(subject.model.config)
    scale = facts["scale"]
    count = sum(len(section.missed) for section in sections)
    few = f" A trial on {subject.slices} held-out slices." if subject.slices else ""
    return "\n\n".join(
        (
            f"# {subject.model.title}, checked",
            f"Scale {scale['low']:g} to {scale['high']:g}, model.onnx {facts['sha256']}, "
            f"distiliqa {__version__}. GNL is the global noise level in place of the score, its "
            f"sign turned where it ranks.{few}",
            f"Bounds missed: {count}",
            table_of_bounds(sections),
            *(section.markdown() for section in sections),
            "",
        )
    )


def record(subject: Subject, sections: Sequence[Section], settings_file: Path) -> dict[str, Any]:
    """Content of the tables, with the model and the versions."""
    return {
        "distiliqa": __version__,
        "model": model_facts(subject.model.config),
        "settings": settings(subject.model.config),
        "model.yaml": sha256(settings_file),
        "scale": list(subject.scale.knots),
        "slices": [str(one.ct.sop_uid) for one in subject.held_out_slices],
        "bounds": [line for section in sections for line in section.lines],
        "sections": [section.as_json() for section in sections],
    }


if __name__ == "__main__":
    run(main)
