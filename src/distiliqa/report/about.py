"""The content of ``distiliqa info``: installed software, and the facts of models."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

from pydicom.uid import (
    UID,
    HTJ2KLossless,
    JPEG2000Lossless,
    JPEGBaseline8Bit,
    JPEGLosslessSV1,
    JPEGLSLossless,
    RLELossless,
)
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from distiliqa.ct.dicom.decoders import DECODER_DEPENDENCIES, is_available
from distiliqa.errors import MAX_PROBLEM, shortened
from distiliqa.extras import package_versions
from distiliqa.models.folder import read_config
from distiliqa.models.score_map import ScoreMap
from distiliqa.models.score_scale import ScoreScale
from distiliqa.models.seen_faults import Ladder
from distiliqa.report.formatting import map_text
from distiliqa.report.json import environment
from distiliqa.terminal import screen

EXTRAS = ("reportlab", "highdicom", "ray", "torch", "lightning")
COMPRESSIONS = {
    "JPEG": JPEGBaseline8Bit,
    "JPEG lossless": JPEGLosslessSV1,
    "JPEG-LS": JPEGLSLossless,
    "JPEG 2000": JPEG2000Lossless,
    "HTJ2K": HTJ2KLossless,
    "RLE": RLELossless,
}


def about(models: list[Path]) -> dict[str, Any]:
    """Versions, decoders of compressed DICOM by plug-in, and the models in these folders."""
    return {
        **environment(),
        "extras": package_versions(EXTRAS),
        "decoders": {name: _decoder(uid) for name, uid in COMPRESSIONS.items()},
        "models": [asdict(read_config(folder)) for folder in models],
    }


def _decoder(syntax: UID) -> str | None:
    """The software that decodes a transfer syntax; None where it is not installed."""
    if syntax not in DECODER_DEPENDENCIES:
        return "pydicom"
    return " with ".join(DECODER_DEPENDENCIES[syntax]) if is_available(syntax) else None


def print_about(facts: dict[str, Any]) -> None:
    """Print the result of `about`, for people to read."""
    console = screen()
    software = {"python": facts["python"], **_installed(facts["engines"] | facts["extras"])}
    _print_facts(console, f"distiliqa {facts['distiliqa']}", software | {"on": facts["platform"]})
    _print_facts(console, "decoders of compressed DICOM", _installed(facts["decoders"]))
    for model in facts["models"]:
        _print_facts(console, f"model {model['name']} {model['version']}", _model_facts(model))
        if model["ladders"]:
            _print_ladders(console, model["ladders"])
    if not facts["models"]:
        console.print("\n  no model is shipped; export one, or give a model folder")


def _installed(names: dict[str, str | None]) -> dict[str, str]:
    return {name: found or "not installed" for name, found in names.items()}


def _model_facts(model: dict[str, Any]) -> dict[str, Any]:
    scale, window = model["scale"], model["window"]
    direction = "higher" if scale["higher_is_better"] else "lower"
    return {
        "score": f"{scale['low']:g} to {scale['high']:g}, {direction} is better",
        "meaning": scale["meaning"],
        "window": f"width {window['width']:g}, level {window['level']:g} HU",
        "image": f"{model['image_size']} x {model['image_size']} pixels",
        "outputs": model["outputs"],
        **_map(model["score_map"]),
        "interval": _interval(model["interval_calibration"]),
        "distance": _domain(model["domain"]),
        "processed": _processed(model["processed_calibration"]),
        "heatmap": "{} x {} parts".format(*model["heatmap"]) if model["heatmap"] else None,
        **{name: fact for name, fact in model["training"].items() if _is_short(fact)},
    }


def _map(score_map: dict[str, Any] | None) -> dict[str, str]:
    if score_map is None:
        return {}
    return {"map": map_text(ScoreMap(**score_map | {"of": ScoreScale(**score_map["of"])}))}


def _interval(calibration: dict[str, Any] | None) -> str | None:
    if calibration is None:
        return None
    of = f"{calibration['images']} images of other patients"
    return f"{100 * calibration['coverage']:.0f} %, calibrated on {of}"


def _domain(domain: dict[str, Any] | None) -> str | None:
    if domain is None:
        return None
    of = f"{domain['checked']} images of unknown patients"
    smallest = domain["smallest_mm"]
    size = f"; bodies from {smallest:.0f} mm water-equivalent diameter" if smallest else ""
    return f"{100 * domain['false_alarms']:.0f} % of {of} are out of domain{size}"


def _processed(calibration: dict[str, Any] | None) -> str | None:
    if calibration is None:
        return None
    by = f"scores held back by up to {calibration['held_back']:g}"
    return f"above a probability of {calibration['threshold']:g}, {by}"


def _print_ladders(console: Console, ladders: list[dict[str, Any]]) -> None:
    """What the model sees and does not see, a row for each ladder."""
    table = Table(box=SIMPLE_HEAD)
    table.add_column("fault, unit of its strength", no_wrap=True)
    for name in ("strength", "label", "score"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("in order", justify="right", no_wrap=True)
    table.add_column("", no_wrap=True)
    for facts in ladders:
        ladder = Ladder(**facts)
        steps = "\n".join(f"{rung:g}" for rung in ladder.rungs)
        means = ("\n".join(f"{mean:.2f}" for mean in row) for row in (ladder.label, ladder.score))
        ordered = "" if ladder.ordered is None else f"{ladder.ordered:.2f}"
        table.add_row(Text(f"{ladder.name}\n{ladder.unit}"), steps, *means, ordered, ladder.verdict)
    console.print(Text("\n  what it sees: mean label and score at each strength", "bold"))
    console.print(table)


def _is_short(fact: Any) -> bool:
    """Whether a fact fits in a line; whole recipes and evaluations are for the JSON."""
    return not (isinstance(fact, dict) and any(isinstance(part, dict) for part in fact.values()))


def _print_facts(console: Console, title: str, facts: dict[str, Any]) -> None:
    table = Table.grid(padding=(0, 2))
    for name, value in facts.items():
        table.add_row("", Text(name, "dim"), Text(_text(value)))
    console.print(Text(f"\n  {title}", "bold"))
    console.print(table)


def _text(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name} {_text(part)}" for name, part in value.items())
    if isinstance(value, list | tuple):
        return ", ".join(map(_text, value)) or "none"
    if isinstance(value, float):
        return f"{value:.4g}"
    return "none" if value is None else shortened(str(value), MAX_PROBLEM)
