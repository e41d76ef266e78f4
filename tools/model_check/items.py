"""Items of the check, each measured once: its section is kept in the work folder.

::

    WORK/items/NAME.json

A kept section counts while model, data, patients, images and version are the same.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from pathlib import Path

from distiliqa.files import make_folder, write_json
from distiliqa.foreign_json import read_json
from distiliqa.models.folder import ONNX
from distiliqa.report.json import settings as model_settings
from distiliqa.terminal import say
from distiliqa.version import __version__
from tools.make_model.settings import ModelSettings
from tools.model_check.acceptance import Section
from tools.model_check.cost import cost
from tools.model_check.denoised import denoised
from tools.model_check.domain import domain
from tools.model_check.heatmaps import heatmaps
from tools.model_check.intervals import intervals
from tools.model_check.ladders import ladders
from tools.model_check.named_faults import named_faults
from tools.model_check.no_patient import no_patient
from tools.model_check.normal_dose import normal_dose
from tools.model_check.processed import processed
from tools.model_check.ratings import rated_images, real_pairs
from tools.model_check.simulated import simulated
from tools.model_check.stability import stability
from tools.model_check.subject import Subject

FOLDER = "items"
Item = Callable[[], Section]


def items_of(subject: Subject, settings: ModelSettings) -> dict[str, Item]:
    """All items by name, in the order of the table.

    Parameters
    ----------
    settings : of ``make model``, with the recipes of the simulated images.
    """
    return {
        "simulated": lambda: simulated(subject, settings),
        "ladders": lambda: ladders(subject),
        "named_faults": lambda: named_faults(subject),
        "denoised": lambda: denoised(subject),
        "processed": lambda: processed(subject, settings),
        "real_pairs": lambda: real_pairs(subject),
        "rated_images": lambda: rated_images(subject),
        "normal_dose": lambda: normal_dose(subject),
        "stability": lambda: stability(subject),
        "intervals": lambda: intervals(subject, settings),
        "domain": lambda: domain(subject, settings),
        "no_patient": lambda: no_patient(subject),
        "heatmaps": lambda: heatmaps(subject),
        "cost": lambda: cost(subject),
    }


def measure(subject: Subject, items: Mapping[str, Item]) -> list[Section]:
    """Measure items, or take what an earlier run has kept."""
    key = key_of(subject)
    folder = make_folder(subject.work / FOLDER)
    sections = []
    for name, item in items.items():
        path = folder / f"{name}.json"
        section = _kept(path, key)
        if section is None:
            say(f"measuring {name}", err=True)
            section = item()
            write_json(path, {"key": key, "section": section.as_json()})
        sections.append(section)
    return sections


def key_of(subject: Subject) -> str:
    """SHA-256 of what all items depend on; the ladders in a card change no score."""
    config = subject.model.config
    content = [
        __version__,
        config.files.get(ONNX),
        {name: value for name, value in model_settings(config).items() if name != "ladders"},
        str(subject.data.resolve()),
        str(subject.made and subject.made.resolve()),
        str(subject.packages and subject.packages.resolve()),
        subject.patients.model_dump(mode="json"),
        subject.scale.knots,
        subject.slices,
    ]
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def _kept(path: Path, key: str) -> Section | None:
    content = read_json(path) if path.is_file() else {}
    return Section(**content["section"]) if content.get("key") == key else None
