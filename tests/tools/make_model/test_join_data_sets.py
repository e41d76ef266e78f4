from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import tifffile

from distiliqa.lab.data.ratings import read_ratings

ROOT = Path(__file__).resolve().parents[3]


def data_set(folder: Path, score: float) -> None:
    folder.mkdir()
    tifffile.imwrite(folder / "a.tiff", np.zeros((64, 64), np.float32))
    (folder / "train.json").write_text(json.dumps({"a.tiff": score}))
    extra = ",views" if score > 2 else ""
    (folder / "manifest.csv").write_text(
        f"path,case,source,patient{extra}\na.tiff,P1,normal.dcm,0{',90' if extra else ''}\n"
    )


def test_images_of_several_data_sets_train_as_one(tmp_path: Path) -> None:
    data_set(tmp_path / "one", 1.5)
    data_set(tmp_path / "other", 3.0)
    program = [sys.executable, "-m", "tools.make_model.join_data_sets"]
    command = [*program, str(tmp_path), "one", "other"]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout == "2 images of 2 data sets\n"
    first, second = read_ratings(tmp_path, tmp_path / "train.json", scale=(0, 4))
    assert (first.name, first.score, second.name, second.score) == (
        "one/a.tiff", 1.5, "other/a.tiff", 3.0,
    )  # fmt: skip
    assert first.case == second.case == "P1"
    assert first.source == second.source
    assert first.facts["patient"] != second.facts["patient"]
    assert "views" not in first.facts
    assert second.facts["views"] == "90"
