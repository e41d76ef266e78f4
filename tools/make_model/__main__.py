"""Make a model from CT folders: images, trainings, model folder, card and figures.

    python -m tools.make_model training/compact/model.yaml --data DIR DIR --work DIR
        [--check-data DIR] [--until STEP] [--from STEP]

The steps are sources, scale, denoisers, simulate, pretrain, teachers, student, export, check
and figures, each in a folder of its name in WORK. A run that was interrupted goes on where it
stopped. A step whose settings have changed is done again, and so are those behind it. WORK/log.txt
says what was done; after the last step it is copied beside model.yaml.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from distiliqa.files import write_text
from distiliqa.foreign_text import read_text
from tools.entry import run
from tools.make_model.log import FILE as LOG
from tools.make_model.log import Log, versions
from tools.make_model.settings import load_settings
from tools.make_model.sources import check_folders
from tools.make_model.step import run_steps
from tools.make_model.steps import Inputs, steps_of


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("settings", type=Path, help="model.yaml")
    parser.add_argument("--data", type=Path, nargs="+", required=True, help="CT folders")
    parser.add_argument("--work", type=Path, required=True, help="folder of all that is made")
    parser.add_argument(
        "--check-data", type=Path, help="rated images and pairs of doses, for `check`"
    )
    parser.add_argument("--until", metavar="STEP", help="stop behind this step")
    parser.add_argument("--from", dest="redo_from", metavar="STEP", help="do again from this step")
    chosen = parser.parse_args()
    settings = load_settings(chosen.settings)
    check_folders(chosen.data, settings.refused)
    inputs = Inputs(settings, chosen.settings.parent, chosen.data, chosen.work, chosen.check_data)
    log = Log(chosen.work / LOG)
    log.add("run", versions())
    run_steps(steps_of(inputs), chosen.work, log, until=chosen.until, redo_from=chosen.redo_from)
    if chosen.until is None:
        write_text(inputs.home / LOG, read_text(log.path))
    print(f"done; see {log.path}")


if __name__ == "__main__":
    run(main)
