"""Join data sets that lie in one folder, for a training on all: `train.json` and `manifest.csv`.

The names are paths relative to the folder. A patient of one data set is none of another, although
both are versions of one slice.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from distiliqa.errors import DistiliqaError
from distiliqa.files import write_json
from distiliqa.lab.data.rated_folder import write_manifest
from distiliqa.lab.data.ratings import MANIFEST, read_manifest, read_scores

RATINGS = "train.json"


def joined(folder: Path, names: list[str]) -> tuple[dict[str, float], list[dict[str, str]]]:
    """Ratings by path, and rows of a manifest, of the data sets of these names."""
    ratings: dict[str, float] = {}
    rows = []
    for name in names:
        facts = read_manifest(folder / name / MANIFEST)
        for path, score in read_scores(folder / name / RATINGS, None).items():
            row = facts.get(path, {})
            own = {"path": f"{name}/{path}", "patient": f"{name} {row.get('patient', '')}"}
            ratings[own["path"]] = score
            rows.append(row | own)
    return ratings, rows


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("folder", type=Path, help="where the data sets are, and the result goes")
    parser.add_argument("names", nargs="+", help="of the folders that simulate-dataset wrote")
    options = parser.parse_args()
    ratings, rows = joined(options.folder, options.names)
    columns = list(dict.fromkeys(column for row in rows for column in row))
    cells = [[row.get(column) for column in columns] for row in rows]
    write_manifest(options.folder / MANIFEST, columns, cells)
    write_json(options.folder / RATINGS, ratings)
    print(f"{len(ratings)} images of {len(options.names)} data sets")


if __name__ == "__main__":
    try:
        main()
    except DistiliqaError as error:
        sys.exit(f"error: {error}")
