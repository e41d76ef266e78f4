"""Steps `export`, `check` and `figures`: the model folder, what it reaches, and its pictures."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from distiliqa.ct import index_ct
from distiliqa.errors import DistiliqaError
from distiliqa.files import sha256, write_text
from distiliqa.foreign_text import read_text
from distiliqa.lab.train.export_student import export_run
from distiliqa.lab.train.training_run import TrainingRun
from distiliqa.models.folder import CARD, CONFIG, ONNX
from tools.make_model.picture import PICTURE, SCORES, draw_faults
from tools.make_model.settings import FigureSettings
from tools.make_model.step import Outcome

TABLES = "figures.md"


def export(name: str, run: TrainingRun, notes: Sequence[Path], out: Path) -> Outcome:
    """Write the model folder: intervals by the teachers, domain on patients the student lacked."""
    difference = export_run(run, out / name, name=name, notes=notes)
    files = [out / name / file for file in (ONNX, CONFIG, CARD)]
    return Outcome(files, {"model.onnx": sha256(files[0])[:12], "ONNX within": difference})


def check(model: Path, images: Path, data: Path | None, out: Path) -> Outcome:
    """Measure the model against what a shipped one must reach, in a process of its own."""
    tables = out / TABLES
    command = ["--model", str(model), "--simulated", str(images), "--out", str(tables)]
    if data is not None:
        command += ["--data", str(data)]
    ended = subprocess.run([sys.executable, "-m", "tools.model_check", *command], check=False)
    if ended.returncode:
        raise DistiliqaError("the check of the model failed", remedy="see its message above")
    missed = read_text(tables).partition("Bounds missed: ")[2].partition("\n")[0]
    return Outcome([tables], {"bounds missed": missed or "unknown"})


def finish(model: Path, tables: Path, sources: Path, figure: FigureSettings, out: Path) -> Outcome:
    """Copy the model folder, with the tables of its check in its card, and draw the picture."""
    finished = out / model.name
    shutil.copytree(model, finished, dirs_exist_ok=True)
    card = finished / CARD
    write_text(card, read_text(model / CARD) + "\n" + read_text(tables / TABLES))
    scores = draw_faults(_slice(figure.sop_uid, sources), finished, out, figure.seed)
    results = [*(finished / file for file in (ONNX, CONFIG, CARD)), out / PICTURE, out / SCORES]
    return Outcome(results, scores)


def _slice(sop_uid: str, sources: Path) -> Path:
    for info in index_ct(sources).slices:
        if info.sop_uid == sop_uid:
            return Path(info.path)
    raise DistiliqaError(f"no slice {sop_uid} among the sources", remedy="name one in figure")
