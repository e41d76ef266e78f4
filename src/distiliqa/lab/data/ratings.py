"""Rated images: a folder of CT slices and a JSON file that maps each name to its score."""

from __future__ import annotations

import math
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pydicom
from pydicom.errors import InvalidDicomError

from distiliqa.errors import DistiliqaError, RecipeError, quoted
from distiliqa.foreign_json import MAX_JSON_BYTES, parse_json
from distiliqa.foreign_text import read_csv, read_text

MANIFEST = "manifest.csv"
_ACCEPTED = 'ratings are a JSON file: write an object {"name": score, ...}, as UTF-8'

# LDCTIQAC2023 (Zenodo 7833096) keeps its images in `image/`, and its names may lack the extension.
_SUBFOLDERS = ("", "image")
_EXTENSIONS = ("", ".tiff", ".tif")


@dataclass(frozen=True)
class RatedImage:
    """One rated slice.

    Attributes
    ----------
    name : its key in the JSON file, unique in a data set.
    path : the image file, which holds one slice.
    score : the rating, in the units of the data set.
    case : the patient; None where unknown.
    source : the slice that this image is a version of (another dose, another degradation).
    facts : its row of ``manifest.csv`` by column, without empty fields.
    """

    name: str
    path: Path
    score: float
    case: str | None = None
    source: str | None = None
    facts: Mapping[str, str] = field(default_factory=dict, repr=False)


def read_ratings(
    folder: Path, ratings: Path, *, scale: tuple[float, float] | None = None
) -> tuple[RatedImage, ...]:
    """Read a ``name -> score`` JSON file and find its images.

    A name is a path relative to ``folder`` (or to ``folder/image``), with or without the extension
    of a TIFF. A ``manifest.csv`` beside the JSON file (columns path, case, source and any other)
    gives case and source; where it gives no case, the Patient ID of a DICOM file is the case.

    Parameters
    ----------
    folder : where the images are.
    ratings : the JSON file.
    scale : lowest and highest score that may occur.

    Returns
    -------
    The images in the order of the JSON file.

    Raises
    ------
    RecipeError : no ratings, a missing image, a name that leaves the folder, two names of one
        image, a score that is not a number or lies outside the scale, an unusable manifest.
    DistiliqaError : the JSON file cannot be read or holds a name twice.
    """
    scores = read_scores(ratings, scale)
    paths = _find_images(folder, list(scores), ratings)
    rows = read_manifest(ratings.with_name(MANIFEST))
    facts = [rows.get(name, {}) for name in scores]
    with ThreadPoolExecutor() as pool:
        cases = list(pool.map(_case, facts, paths))
    return tuple(
        RatedImage(name, path, score, case, row.get("source"), row)
        for (name, score), path, case, row in zip(scores.items(), paths, cases, facts, strict=True)
    )


def read_manifest(path: Path) -> dict[str, dict[str, str]]:
    """Read the rows of a ``manifest.csv`` by their ``path``; empty fields are left out.

    A missing file is an empty manifest.

    Raises
    ------
    RecipeError : no column ``path``, or a path that stands twice.
    DistiliqaError : the file cannot be read, see `read_csv`.
    """
    if not path.is_file():
        return {}
    rows: dict[str, dict[str, str]] = {}
    for _, row in read_csv(path)[1]:
        name = row.get("path")
        if not name:
            raise RecipeError("has a row without `path`", path=path, remedy="fill it in")
        if name in rows:
            raise RecipeError(
                f"the path {quoted(name)} stands twice", path=path, remedy="keep one of the two"
            )
        rows[name] = {column: value for column, value in row.items() if column and value}
    return rows


def read_scores(ratings: Path, scale: tuple[float, float] | None) -> dict[str, float]:
    """Read the scores of a ``name -> score`` JSON file, on ``scale`` if one is given.

    Raises
    ------
    RecipeError : no ratings, a score that is not a number or lies outside the scale.
    DistiliqaError : the file cannot be read or holds a name twice.
    """
    content = parse_json(read_text(ratings, MAX_JSON_BYTES), ratings, _ACCEPTED)
    if not isinstance(content, dict) or not content:
        raise RecipeError("holds no ratings", path=ratings, remedy=_ACCEPTED)
    for name, score in content.items():
        _check_score(name, score, scale, ratings)
    return {name: float(score) for name, score in content.items()}


def _check_score(name: str, score: Any, scale: tuple[float, float] | None, ratings: Path) -> None:
    # A bool is an int in Python, and JSON's true is no rating.
    if isinstance(score, bool) or not isinstance(score, int | float) or not math.isfinite(score):
        raise RecipeError(
            f"the score of {quoted(name)} is {quoted(score)}, not a number",
            path=ratings,
            remedy="give every image a finite number",
        )
    if scale is not None and not scale[0] <= score <= scale[1]:
        raise RecipeError(
            f"the score of {quoted(name)} is {quoted(score)}, "
            f"outside the scale {scale[0]} to {scale[1]}",
            path=ratings,
            remedy="correct the score or set the scale of the data set",
        )


def _find_images(folder: Path, names: list[str], ratings: Path) -> list[Path]:
    found = [_find_image(folder, name, ratings) for name in names]
    missing = [name for name, path in zip(names, found, strict=True) if path is None]
    if missing:
        others = f" and {len(missing) - 1} more" if len(missing) > 1 else ""
        raise RecipeError(
            f"no image for {quoted(missing[0])}{others} in {folder}",
            path=ratings,
            remedy="check the data folder, or take the names out",
        )
    paths = [path for path in found if path is not None]
    first: dict[Path, str] = {}
    for name, path in zip(names, paths, strict=True):
        if first.setdefault(path, name) != name:
            raise RecipeError(
                f"{quoted(first[path])} and {quoted(name)} name the same image {path}",
                path=ratings,
                remedy="keep one of the two",
            )
    return paths


def _find_image(folder: Path, name: str, ratings: Path) -> Path | None:
    # Names may climb out of the folder: preprocessing lists full doses where they lie.
    if not name or Path(name).is_absolute():
        raise RecipeError(
            f"{quoted(name)} is no name of an image",
            path=ratings,
            remedy="name images by their path relative to the data folder",
        )
    for subfolder in _SUBFOLDERS:
        for extension in _EXTENSIONS:
            path = folder / subfolder / f"{name}{extension}"
            if path.is_file():
                return path
    return None


def _case(facts: Mapping[str, str], path: Path) -> str | None:
    return facts.get("case") or _patient_id(path)


def _patient_id(path: Path) -> str | None:
    try:
        header = pydicom.dcmread(path, stop_before_pixels=True, specific_tags=["PatientID"])
        return str(header.get("PatientID", "")).strip() or None
    except (InvalidDicomError, EOFError):
        # Another format, or a broken file, which decoding will report.
        return None
    except OSError as error:
        raise DistiliqaError(f"cannot be read ({error.strerror})", path=path) from error
