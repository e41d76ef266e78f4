"""Cases of TCIA LDCT-and-Projection-data (doi 10.7937/9NPB-2637), as TCIA delivers them.

Cases C are chests with a low dose of a tenth. L are abdomens and N heads, with a quarter.

ROOT / C002 / <study> / 1.000000-Full Dose Images-72232 / 1-001.dcm
                      / 1.000000-Low Dose Images-39882  / 1-001.dcm
"""

from __future__ import annotations

import re
from collections import defaultdict
from pathlib import Path

from distiliqa.ct.listing import Problem
from distiliqa.errors import DistiliqaError
from distiliqa.lab.data.pairs import DosePair, Pairing

LOW_DOSES = {"C": 0.10, "L": 0.25, "N": 0.25}
TRAIN_CASES = ("C002", "C004", "C016", "C021", "C030", "C050", "C052", "C067", "C081")
TEST_CASES = ("C012", "C077")

_CASE = re.compile(r"[CLN]\d{3}")
_SERIES = re.compile(r"\b(full|low) dose images\b", re.IGNORECASE)


def find_pairs(root: Path, *, low_dose: float | None = None, extension: str = ".dcm") -> Pairing:
    """Pair the full-dose and low-dose images under ``root`` by case and file name.

    Parameters
    ----------
    low_dose : relative to the full dose; None for that of the collection for the body part.

    Raises
    ------
    DistiliqaError : no such folder, or no full-dose and low-dose images in it.
    """
    if not root.is_dir():
        raise DistiliqaError("no such folder", path=root, remedy="check the path")
    pairs: list[DosePair] = []
    problems: list[Problem] = []
    for case in sorted(folder for folder in root.iterdir() if _CASE.fullmatch(folder.name)):
        dose = LOW_DOSES[case.name[0]] if low_dose is None else low_dose
        doses = _images_by_dose(case, f".{extension.lstrip('.')}".lower())
        for name in sorted(doses["full"].keys() | doses["low"].keys()):
            full, low = doses["full"].get(name, []), doses["low"].get(name, [])
            if len(full) == len(low) == 1:
                place = full[0].parent.parent.relative_to(root)
                pairs.append(DosePair(full[0], low[0], case.name, dose, place))
            else:
                problems += _unpaired(full, low)
    if not pairs and not problems:
        raise DistiliqaError(
            f"holds no C000/<study>/<... Full Dose Images ...>/*{extension}",
            path=root,
            remedy="give the folder of the TCIA cases, or name the pairs with --pairs",
        )
    return Pairing(tuple(pairs), tuple(problems))


def _images_by_dose(case: Path, extension: str) -> dict[str, dict[str, list[Path]]]:
    """Paths of a case by dose ("full", "low") and file name."""
    doses: dict[str, dict[str, list[Path]]] = {
        "full": defaultdict(list),
        "low": defaultdict(list),
    }
    for series in sorted(case.glob("*/*")):
        dose = _SERIES.search(series.name)
        if dose and series.is_dir():
            for path in series.iterdir():
                if path.suffix.lower() == extension:
                    doses[dose[1].lower()][path.name].append(path)
    return doses


def _unpaired(full: list[Path], low: list[Path]) -> list[Problem]:
    if not full or not low:
        other = "low-dose" if full else "full-dose"
        reason = f"its case has no {other} image of this name"
    else:
        reason = "its case has several full-dose or low-dose images of this name"
    return [Problem(str(path), reason) for path in (*full, *low)]
