"""Join data sets that lie in one folder, for a training on all: `train.json` and `manifest.csv`.

The names are paths relative to the folder. A patient of one data set is none of another, although
both are versions of one slice.
"""

from __future__ import annotations

import argparse
import csv
from pathlib import Path
from typing import Any

from distiliqa.data.ratings import MANIFEST, read_manifest
from distiliqa.files import atomic_path, read_json, write_json

RATINGS = "train.json"


def joined(folder: Path, names: list[str]) -> tuple[dict[str, float], list[dict[str, str]]]:
    """Ratings by path, and rows of a manifest, of the data sets of these names."""
    ratings: dict[str, float] = {}
    rows = []
    for name in names:
        facts = read_manifest(folder / name / MANIFEST)
        for path, score in read_json(folder / name / RATINGS).items():
            ratings[f"{name}/{path}"] = score
            row = facts[path]
            own = {"path": f"{name}/{path}", "patient": f"{name} {row.get('patient', '')}"}
            rows.append(row | own)
    return ratings, rows


def write_rows(path: Path, rows: list[dict[str, str]]) -> None:
    columns = list(dict.fromkeys(column for row in rows for column in row))
    with atomic_path(path) as partial, partial.open("w", newline="", encoding="utf-8") as file:
        writer: Any = csv.DictWriter(file, columns, restval="")
        writer.writeheader()
        writer.writerows(rows)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, help="where the data sets are, and the result goes")
    parser.add_argument("names", nargs="+", help="of the folders that simulate-dataset wrote")
    options = parser.parse_args()
    ratings, rows = joined(options.folder, options.names)
    write_rows(options.folder / MANIFEST, rows)
    write_json(options.folder / RATINGS, ratings)
    print(f"{len(ratings)} images of {len(options.names)} data sets")


if __name__ == "__main__":
    main()
