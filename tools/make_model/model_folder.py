"""Steps `export`, `check` and `figures`: the model folder, what it reaches, and its pictures."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from distiliqa.errors import DistiliqaError
from distiliqa.files import sha256, write_text
from distiliqa.foreign_json import from_json, read_json
from distiliqa.foreign_text import read_text
from distiliqa.lab.train.export_student import export_run
from distiliqa.lab.train.model_card import ladder_lines
from distiliqa.lab.train.training_run import TrainingRun
from distiliqa.models.config import ModelConfig
from distiliqa.models.folder import CARD, CONFIG, ONNX, read_config, write_config
from distiliqa.models.seen_faults import Ladder
from tools.make_model.picture import PICTURE, SCORES, draw_faults, find_slice
from tools.make_model.settings import DomainSettings, FigureSettings
from tools.make_model.step import Outcome

REPORT, RECORD, LADDERS = "bounds.md", "bounds.json", "ladders.json"  # of tools.model_check


def export(
    name: str,
    version: str,
    run: TrainingRun,
    domain: DomainSettings,
    notes: Sequence[Path],
    sites: Mapping[str, str],
    out: Path,
) -> Outcome:
    """Write the model folder: intervals by the teachers, domain on sites that others lack."""
    folder = out / name
    difference = export_run(run, folder, name=name, version=version, sites=sites, notes=notes)
    write_config(folder, with_header_limits(read_config(folder), domain))
    files = [folder / file for file in (ONNX, CONFIG, CARD)]
    return Outcome(files, {"model.onnx": sha256(files[0])[:12], "ONNX within": difference})


def with_header_limits(config: ModelConfig, limits: DomainSettings) -> ModelConfig:
    """The config with the limits that concern what headers say."""
    assert config.domain is not None  # every student that is trained here has one
    smallest, largest = limits.pixel_mm
    domain = replace(config.domain, min_pixel_mm=smallest, max_pixel_mm=largest)
    return replace(config, domain=domain, regions=limits.regions)


def check(model: Path, work: Path, settings: Path, data: Path | None, out: Path) -> Outcome:
    """Measure the model against what a shipped one must reach, in a process of its own.

    Parameters
    ----------
    work : folder of all steps. settings : model.yaml.
    data : rated images and pairs of doses; None to leave them out.
    """
    command = [str(model), "--data", str(data or work / "sources"), "--work", str(out)]
    command += ["--made", str(work), "--settings", str(settings)]
    ended = subprocess.run([sys.executable, "-m", "tools.model_check", *command], check=False)
    if ended.returncode:
        raise DistiliqaError("the check of the model failed", remedy="see its message above")
    missed = read_text(out / REPORT).partition("Bounds missed: ")[2].partition("\n")[0]
    results = [out / REPORT, out / RECORD, out / LADDERS]
    return Outcome(results, {"bounds missed": missed})


def finish(model: Path, checked: Path, sources: Path, figure: FigureSettings, out: Path) -> Outcome:
    """Copy the model folder, with what its check has found, and draw the picture.

    The card gets the tables, and ``config.json`` the ladders that outputs show.
    """
    finished = out / model.name
    shutil.copytree(model, finished, dirs_exist_ok=True)
    ladders = read_ladders(checked / LADDERS)
    write_config(finished, replace(read_config(finished), ladders=ladders))
    card = finished / CARD
    seen = "\n".join(["", *ladder_lines(ladders), "", ""])
    write_text(card, read_text(model / CARD) + seen + read_text(checked / REPORT))
    scores = draw_faults(find_slice(figure.sop_uid, [sources]), finished, out, figure.seed)
    results = [*(finished / file for file in (ONNX, CONFIG, CARD)), out / PICTURE, out / SCORES]
    return Outcome(results, scores)


@dataclass(frozen=True)
class MeasuredLadders:
    """Content of `LADDERS`."""

    ladders: tuple[Ladder, ...]


def read_ladders(path: Path) -> tuple[Ladder, ...]:
    """Read the ladders that the check has measured for the card."""
    return from_json(MeasuredLadders, read_json(path)).ladders
