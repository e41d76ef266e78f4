"""Rated images: CT slices, and a JSON file or table of their ratings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pydicom
from numpy.typing import NDArray
from pydicom.errors import InvalidDicomError

from distiliqa.ct.slice_info import SliceInfo
from distiliqa.errors import CTReadError, DistiliqaError
from distiliqa.readers.rated_slices import (
    ARCHIVES,
    MANIFEST,
    RatedSlices,
    check_once,
    find_rated,
    no_image,
    read_manifest,
)
from distiliqa.readers.rating_rows import RatedName, Scale, no_name
from distiliqa.readers.rating_table import RatingTable, read_table
from distiliqa.readers.reader_scales import MeanRatings, all_equal, mean_ratings

# LDCTIQAC2023 (Zenodo 7833096) keeps its images in `image/`, and its names may lack the extension.
_SUBFOLDERS = ("", "image")
_EXTENSIONS = ("", ".tiff", ".tif")


@dataclass(frozen=True)
class RatedImage:
    """One rated slice.

    Attributes
    ----------
    name : its key in the JSON file, unique in a data set; with the index of the slice where the
        table gives one.
    path : the image file, which holds one slice.
    score : the rating, in the units of the data set.
    case : the patient; None where unknown.
    source : the slice that this image is a version of (another dose, another degradation).
    facts : its row of ``manifest.csv`` by column, without empty fields.
    slice : the slice in ``path``; None where it is the only one.
    """

    name: str
    path: Path
    score: float
    case: str | None = None
    source: str | None = None
    facts: Mapping[str, str] = field(default_factory=dict, repr=False)
    slice: SliceInfo | None = field(default=None, repr=False, compare=False)


@dataclass(frozen=True, eq=False)
class RatedImages:
    """Rated images, and the ratings of each reader.

    Attributes
    ----------
    images : n of them; the images of one row follow each other.
    mean : the rating of each row of the table, and what each reader gave.
    rows : (n,), the row of each image.
    """

    images: tuple[RatedImage, ...]
    mean: MeanRatings
    rows: tuple[int, ...]

    @property
    def readings(self) -> NDArray[np.float64]:
        """What each reader gave to each image, (n, readers), NaN where nothing."""
        return self.mean.table.ratings[list(self.rows)]

    def of(self, kept: NDArray[np.bool_]) -> RatedImages:
        """Some of the images, (n,)."""
        at = np.flatnonzero(kept).tolist()
        return replace(
            self,
            images=tuple(self.images[n] for n in at),
            rows=tuple(self.rows[n] for n in at),
        )


def read_ratings(
    folder: Path, ratings: Path, *, scale: Scale | None = None
) -> tuple[RatedImage, ...]:
    """Read ratings, and find their images; see `read_rated_images`.

    Returns
    -------
    The images in the order of the file. The score of an image is the mean of its readers.
    """
    return read_rated_images(folder, ratings, scale=scale).images


def read_rated_images(
    folder: Path,
    ratings: Path,
    *,
    readers: Sequence[str] = (),
    scale: Scale | None = None,
    standardize: bool = False,
    attributes: bool = False,
) -> RatedImages:
    """Read the ratings of one or several readers, and find their images.

    A name is a path relative to ``folder`` (or to ``folder/image``), with or without the extension
    of a TIFF; or one of the other names of `distiliqa.readers.rated_slices`. A ``manifest.csv``
    beside the ratings (columns path, case, source and any other) gives case and source; where it
    gives no case, the table does, or the Patient ID of a DICOM file.

    Parameters
    ----------
    folder : where the images are.
    ratings : a JSON file or a table, see `distiliqa.readers.rating_table`.
    readers : the columns of the readers; empty for all.
    scale : lowest and highest score that may occur; with ``standardize`` of the first reader.
    standardize : bring all readers to the scale of the first one.
    attributes : the columns are attributes on scales of their own, whose mean has no meaning.

    Raises
    ------
    RecipeError : no ratings, a missing image, a name that leaves the folder, two names of one
        image, a score that is not a number or lies outside the scale, readers on different scales,
        an unusable manifest.
    DistiliqaError : the file cannot be read or holds a name twice.
    """
    table = read_table(ratings, readers=readers, scale=scale, of_first=standardize)
    # One image or one rating is for its user to judge: some commands need no more.
    mean = (
        MeanRatings(np.nanmean(table.ratings, axis=1), table, table.notes)
        if attributes
        else mean_ratings(table, scale=scale, standardize=standardize, allow_equal=True)
    )
    direct = [None if row.frame is not None else _find(folder, row, ratings) for row in table.rows]
    others = _find_others(folder, table, direct)
    facts = read_manifest(ratings.with_name(MANIFEST))
    images = list[RatedImage]()
    rows_of = list[int]()
    for at, (row, path) in enumerate(zip(table.rows, direct, strict=True)):
        score, own = float(mean.values[at]), facts.get(row.name, {})
        if path is not None:
            found = [RatedImage(row.name, path, score, row.case, row.source, own)]
        else:
            found = _images_of(others[at], row, score, own)
        images += found
        rows_of += [at] * len(found)
    places = [
        (str(image.path), 0) if image.slice is None else (image.slice.path, image.slice.frame)
        for image in images
    ]
    check_once(
        ((table.rows[at], *place) for at, place in zip(rows_of, places, strict=True)),
        table.path,
    )
    with ThreadPoolExecutor() as pool:
        known = tuple(pool.map(_with_case, images))
    return RatedImages(known, mean, tuple(rows_of))


def _find(folder: Path, row: RatedName, ratings: Path) -> Path | None:
    # Names may climb out of the folder: preprocessing lists full doses where they lie.
    if Path(row.name).is_absolute():
        raise no_name(row.name, ratings)
    for subfolder in _SUBFOLDERS:
        for extension in _EXTENSIONS:
            path = folder / subfolder / f"{row.name}{extension}"
            if path.is_file() and path.suffix.lower() not in ARCHIVES:
                return path
    return None


def _find_others(
    folder: Path, table: RatingTable, direct: Sequence[Path | None]
) -> dict[int, RatedSlices]:
    """What the rows name that are no path of a file, by row."""
    at = [number for number, path in enumerate(direct) if path is None]
    if not at:
        return {}
    rest = replace(table, rows=tuple(table.rows[number] for number in at))
    try:
        return dict(zip(at, find_rated(rest, folder), strict=True))
    except CTReadError as error:
        if not folder.exists():
            raise
        raise no_image([row.name for row in rest.rows], folder, table.path) from error


def _images_of(
    rated: RatedSlices, row: RatedName, score: float, facts: Mapping[str, str]
) -> list[RatedImage]:
    """An image for each slice of a row."""
    single = len(rated.slices) == 1
    name = rated.name if row.frame is None else f"{rated.name} {row.frame}"
    return [
        RatedImage(
            name if single else f"{rated.name} {info.path} {info.frame}",
            info.file or Path(info.path),
            score,
            rated.case or (info.patient_id or "").strip() or None,
            rated.source,
            facts,
            info,
        )
        for info in rated.slices
    ]


def require_different(images: Sequence[RatedImage], ratings: Path) -> None:
    """Raise `RecipeError` where all images have one rating, of which nothing can be learned."""
    scores = np.array([image.score for image in images])
    if np.ptp(scores) == 0:
        raise all_equal(scores, ratings)


def read_scores(ratings: Path, scale: Scale | None) -> dict[str, float]:
    """Read the mean rating of each name, on ``scale`` if one is given; see `read_table`.

    Raises
    ------
    RecipeError : no ratings, a score that is not a number or lies outside the scale.
    DistiliqaError : the file cannot be read or holds a name twice.
    """
    table = read_table(ratings, scale=scale)
    mean = mean_ratings(table, scale=scale, allow_equal=True)
    return {row.name: float(value) for row, value in zip(table.rows, mean.values, strict=True)}


def _with_case(image: RatedImage) -> RatedImage:
    case = image.facts.get("case") or image.case
    if case is None and image.slice is None:
        case = _patient_id(image.path)
    return replace(image, case=case, source=image.facts.get("source") or image.source)


def _patient_id(path: Path) -> str | None:
    try:
        header = pydicom.dcmread(path, stop_before_pixels=True, specific_tags=["PatientID"])
        return str(header.get("PatientID", "")).strip() or None
    except (InvalidDicomError, EOFError):
        # Another format, or a broken file, which decoding will report.
        return None
    except OSError as error:
        raise DistiliqaError(f"cannot be read ({error.strerror})", path=path) from error
