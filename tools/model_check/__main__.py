"""Measure a model against what a shipped one must reach, beside the global noise level (GNL).

    python -m tools.model_check --simulated DATASET [--data ../shared/data/ct-dev]
        [--model compact] [--cases ID --cases ID] [--out FILE.md]

DATASET is what `distiliqa simulate-dataset` makes. The patients of its test.json are held out, and
their slices are taken from DATA/normal_dose. FILE.md gets the tables, FILE.json every figure.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from distiliqa.errors import DistiliqaError
from distiliqa.files import sha256, write_json, write_text
from distiliqa.lab.data.ratings import MANIFEST
from distiliqa.report.json import model_facts, settings
from distiliqa.scoring.model import load_model
from distiliqa.version import __version__
from tools.model_check.acceptance import Section
from tools.model_check.content import chest, no_patient
from tools.model_check.domain import domain
from tools.model_check.heatmaps import heatmaps
from tools.model_check.intervals import intervals
from tools.model_check.ladders import ladders
from tools.model_check.ratings import held_out_patients, rated_images, real_pairs
from tools.model_check.stability import stability
from tools.model_check.subject import Subject

ROOT = Path(__file__).resolve().parents[2]
SECTIONS = (
    held_out_patients,
    ladders,
    real_pairs,
    rated_images,
    stability,
    chest,
    no_patient,
    intervals,
    domain,
    heatmaps,
)


def main() -> None:
    parser = argparse.ArgumentParser(description="measure a model against what it must reach")
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "data" / "ct-dev")
    parser.add_argument("--simulated", type=Path, required=True, help="a simulated dataset")
    parser.add_argument("--model", default="compact", help="name or folder")
    parser.add_argument("--cases", action="append", default=[], help="only this held-out patient")
    parser.add_argument("--out", type=Path, help="Markdown file; the JSON goes beside it")
    options = parser.parse_args()
    if options.out and options.out.suffix != ".md":
        raise DistiliqaError("not a Markdown file", path=options.out, remedy="end it with .md")
    model = load_model(options.model)
    subject = Subject(model, options.data, options.simulated, tuple(options.cases))
    sections = [measure(subject) for measure in SECTIONS]
    text = report(subject, sections)
    print(text, end="")
    if options.out:
        write_text(options.out, text)
        write_json(options.out.with_suffix(".json"), record(subject, sections))


def report(subject: Subject, sections: Sequence[Section]) -> str:
    facts = model_facts(subject.model.config)
    scale = facts["scale"]
    missed = [f"- {section.title}: {name}" for section in sections for name in section.missed]
    return "\n\n".join(
        (
            f"# {subject.model.title}, checked",
            f"Scale {scale['low']:g} to {scale['high']:g}, model.onnx {facts['sha256']}, "
            f"distiliqa {__version__}. The bounds are those of a scale of 0 to 4. GNL is the "
            "global noise level on the same images, its sign turned where it ranks them.",
            "\n".join((f"Bounds missed: {len(missed)}", *([""] if missed else []), *missed)),
            *(section.markdown() for section in sections),
            "",
        )
    )


def record(subject: Subject, sections: Sequence[Section]) -> dict[str, Any]:
    """Content of the tables, with the inputs and the versions."""
    return {
        "distiliqa": __version__,
        "model": model_facts(subject.model.config),
        "settings": settings(subject.model.config),
        "cases": sorted({str(image.case) for image in subject.rated}),
        "sections": [
            {
                "title": section.title,
                "about": section.about,
                "missed": section.missed,
                "tables": section.tables,
            }
            for section in sections
        ],
        "sha256": {name: sha256(path) for name, path in inputs(subject)},
    }


def inputs(subject: Subject) -> Iterator[tuple[str, Path]]:
    """Files that were read, and their names without the path of the data."""
    manifest = subject.simulated / MANIFEST
    for path in (subject.simulated / "test.json", *([manifest] if manifest.is_file() else [])):
        yield f"simulated/{path.name}", path
    for image in subject.rated:
        yield f"simulated/{image.name}", image.path
    normal = [Path(ct.path) for ct in subject.normal_dose]
    pairs = [path for pair in subject.pairs for path in pair.values()]
    for path in (*normal, *pairs, *subject.ratings):
        yield path.relative_to(subject.data).as_posix(), path


if __name__ == "__main__":
    try:
        main()
    except DistiliqaError as error:
        sys.exit(f"error: {error}")
    except KeyboardInterrupt:
        sys.exit(130)
