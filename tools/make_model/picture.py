"""Picture of one slice under eight faults, with its scores.

    python -m tools.make_model.picture MODEL --data DIR --out docs/images

draws the slice that training/compact/model.yaml names.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from distiliqa.ct import SOFT_TISSUE, index_ct
from distiliqa.ct.dicom.derive import read_stored
from distiliqa.ct.slice_info import CTSlice
from distiliqa.ct.spacing import square_side
from distiliqa.errors import DistiliqaError
from distiliqa.files import atomic_path, make_folder, write_json
from distiliqa.models.folder import find_model
from distiliqa.scoring.model import load_model
from distiliqa.simulate.acquisition import acquisition_of
from distiliqa.simulate.degradation import Settings
from distiliqa.simulate.processing.processing import Processing
from distiliqa.simulate.simulator import degraded
from tools.entry import run
from tools.make_model.settings import FILE, load_settings

SETTINGS = Path(__file__).resolve().parents[2] / "training" / "compact" / FILE
PICTURE, SCORES = "faults.png", "faults.json"
_COLUMNS = 3
FAULTS: dict[str, Settings] = {
    "untouched": Settings(),
    "a tenth of the dose": Settings(dose=0.1),
    "120 views": Settings(views=120, keep_dose=True),
    "blur of 4 mm": Settings(process=(Processing("gaussian_blur", 4),)),
    "non-local means": Settings(process=(Processing("non_local_means", 2.5),)),
    "8 mm of motion": Settings(motion=8),
    "detector of 250 mm": Settings(truncation=250),
    "rings": Settings(ring=0.05),
    "JPEG, quality 12": Settings(process=(Processing("jpeg", 12),)),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("model", help="name or folder")
    parser.add_argument("--data", type=Path, nargs="+", required=True, help="CT folders")
    parser.add_argument("--out", type=Path, required=True, help="folder of the picture")
    chosen = parser.parse_args()
    figure = load_settings(SETTINGS).figure
    file = find_slice(figure.sop_uid, chosen.data)
    draw_faults(file, find_model(chosen.model), make_folder(chosen.out), figure.seed)


def find_slice(sop_uid: str, folders: Sequence[Path]) -> Path:
    """Find the file of a slice. Raises `DistiliqaError` where no folder holds it."""
    for folder in folders:
        for info in index_ct(folder).slices:
            if info.sop_uid == sop_uid:
                return Path(info.path)
    raise DistiliqaError(f"no slice {sop_uid} in the folders", remedy="name one in figure")


def draw_faults(file: Path, model: Path, out: Path, seed: int) -> dict[str, float]:
    """Draw a slice under each of `FAULTS`, and write the picture and the scores.

    Parameters
    ----------
    file : DICOM file of the slice. model : a model folder.
    """
    (info,) = index_ct(file).slices
    _, hu = read_stored(file)
    spacing = square_side(info.spacing_mm, path=file)
    made = acquisition_of(hu, spacing, info.acquisition)
    scorer, scores = load_model(model), {}
    figure = Figure(figsize=(9, 9.6), layout="constrained", facecolor="white")
    panels = figure.subplots(-(-len(FAULTS) // _COLUMNS), _COLUMNS).ravel()
    for panel, (name, settings) in zip(panels, FAULTS.items(), strict=True):
        worse = settings.degradation(hu, spacing, np.random.default_rng(seed))
        image = degraded(hu, spacing, made, worse, seed, settings.process).astype(np.float32)
        (found,) = scorer.score_slices([CTSlice(image, info)])
        scores[name] = round(found.score, 2)
        panel.imshow(SOFT_TISSUE.apply(image), cmap="gray", vmin=0, vmax=1)
        panel.set_title(f"{name}: {found.score:.2f}", fontsize=11)
        panel.axis("off")
    with atomic_path(out / PICTURE) as partial:
        figure.savefig(partial, dpi=80, format="png", metadata={"Software": None})
    write_json(out / SCORES, scores)
    return scores


if __name__ == "__main__":
    run(main)
