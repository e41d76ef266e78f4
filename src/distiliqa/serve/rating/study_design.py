"""The design of a study: its images, how they are rated, and the record that keeps both."""

from __future__ import annotations

import secrets
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

import numpy as np

from distiliqa.ct import SliceInfo, Window, index_ct
from distiliqa.errors import DistiliqaError, quoted
from distiliqa.files import json_text, write_durably
from distiliqa.foreign_json import from_json, read_json
from distiliqa.readers.slice_names import name_in
from distiliqa.serve.slice_pixels import digest_of
from distiliqa.statistics.next_pair import usual_comparisons
from distiliqa.version import __version__

Method = Literal["pairs", "scale"]
RECORD = "study.json"
MAX_PAIRED, MAX_RATED = 200, 5000  # images
_AGAIN = "give the same, or another --out"


@dataclass(frozen=True)
class StudyImage:
    """An image of a study.

    Attributes
    ----------
    image : str
        Its path in the data folder, as a table of ratings names it.
    slice : int or None
        Its index in the file; None for a file of one slice.
    sha256 : str
        Of the file.
    """

    image: str
    slice: int | None
    sha256: str


@dataclass(frozen=True)
class Design:
    """How a study is done. Indices of images in answers are those of ``images``.

    Attributes
    ----------
    method : {"pairs", "scale"}
        Readers compare two images, or rate one from 0 to 4.
    window : Window
        The window of all images, for all readers.
    comparisons : int
        How many a reader is asked for; the number of images where they are rated.
    seed : int
        Of all random orders.
    images : tuple[StudyImage, ...]
        In random order, so that an index says nothing.
    distiliqa : str
        Version that began the study; empty in studies of versions that did not record it.
    """

    method: Method
    window: Window
    comparisons: int
    seed: int
    images: tuple[StudyImage, ...]
    distiliqa: str = ""


@dataclass(frozen=True)
class Asked:
    """What the command line asks for; None for what it leaves open."""

    method: Method | None = None
    window: Window | None = None
    comparisons: int | None = None


def open_design(data: Path, out: Path, asked: Asked) -> tuple[Design, tuple[SliceInfo, ...]]:
    """The design of a study and its slices, in the same order; a new one is written to ``out``.

    Raises
    ------
    DistiliqaError
        There are too few or too many images, or the study in ``out`` is another one.
    """
    slices = index_ct(data).slices
    of_many = {info.path for info in slices if info.frame}
    images = [_image(info, data, is_alone=info.path not in of_many) for info in slices]
    _require_own_names(images, data)
    found = dict(zip(images, slices, strict=True))
    path = out / RECORD
    if path.is_file():
        design = _read(path)
        _check_same(design, asked, found, path)
    else:
        design = _new(tuple(found), asked, data)
        # Answers, which survive a power failure, are worth nothing without it.
        write_durably(path, json_text(asdict(design)).encode(errors="backslashreplace"))
    return design, tuple(found[image] for image in design.images)


def _image(info: SliceInfo, data: Path, *, is_alone: bool) -> StudyImage:
    name = name_in(info.path, data)
    return StudyImage(name, None if is_alone else info.frame, digest_of(info.path))


def _require_own_names(images: Sequence[StudyImage], data: Path) -> None:
    """Raise `DistiliqaError` where two images have one name: their ratings would be of no use."""
    counts = Counter((image.image, image.slice) for image in images)
    (name, _), count = max(counts.items(), key=lambda named: named[1])
    if count > 1:
        raise DistiliqaError(
            f"{quoted(name)} names {count} images", path=data, remedy="rename one of them"
        )


def _new(images: tuple[StudyImage, ...], asked: Asked, data: Path) -> Design:
    method = asked.method or "pairs"
    _check_count(len(images), method, data)
    usual = usual_comparisons(len(images)) if method == "pairs" else len(images)
    seed = secrets.randbits(32)
    order = np.random.default_rng(seed).permutation(len(images))
    shuffled = tuple(images[at] for at in order)
    window = asked.window or Window()
    return Design(method, window, asked.comparisons or usual, seed, shuffled, __version__)


def _check_count(count: int, method: Method, data: Path) -> None:
    least, most = (2, MAX_PAIRED) if method == "pairs" else (1, MAX_RATED)
    if not least <= count <= most:
        raise DistiliqaError(
            f"{count} slices, {least} to {most} can be {_DONE[method]}",
            path=data,
            remedy="give a folder with the slices that readers should see",
        )


_DONE = {"pairs": "compared", "scale": "rated"}


def _read(path: Path) -> Design:
    try:
        return from_json(Design, read_json(path), "study")
    except (TypeError, ValueError) as error:
        raise DistiliqaError(
            f"is no study ({error})", path=path, remedy="give another --out"
        ) from error


def _check_same(
    design: Design, asked: Asked, found: dict[StudyImage, SliceInfo], path: Path
) -> None:
    for name, value in asdict(asked).items():
        known = asdict(design)[name]
        if value is not None and value != known:
            raise DistiliqaError(
                f"the study began with another {name}, {_words(known)}", path=path, remedy=_AGAIN
            )
    if changed := set(found) ^ set(design.images):
        first = min(changed, key=lambda image: image.image)
        raise DistiliqaError(
            f"the images are not those of the study; {quoted(first.image)} differs",
            path=path,
            remedy=_AGAIN,
        )


def _words(value: object) -> str:
    if isinstance(value, dict):
        return ",".join(f"{part:g}" for part in value.values())
    return str(value)
