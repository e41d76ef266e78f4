"""Images and labels that rows of the ablation have in the place of those of the model."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from distiliqa.ct import read_ct
from distiliqa.errors import DistiliqaError
from distiliqa.files import make_folder, write_json
from distiliqa.lab.data.composites import versions_of
from distiliqa.lab.data.rated_folder import MANIFEST, TRAIN
from distiliqa.lab.data.ratings import RatedImage, read_ratings
from distiliqa.metrics import ssim
from distiliqa.terminal import track
from tools.make_model.images import simulate_images
from tools.make_model.settings import ImageSettings


def challenge_images(settings: ImageSettings, work: Path) -> Path:
    """Scans of the challenge for the training patients; made once."""
    out = work / "ablation" / "challenge"
    if not (out / "images" / TRAIN).is_file():
        simulate_images(
            {"images": settings}, work / "sources", work / "scale", work / "denoisers", out
        )
    return out / "images"


def similarity_ratings(images: Path, out: Path) -> Path:
    """Ratings by structural similarity with the untouched scan of the same slice and patient.

    It is the label of the published method. The images get the model's ratings in the order of
    their similarity, so that both kinds of labels have one distribution.

    Returns
    -------
    A file of ratings, with the manifest beside it.
    """
    folder = make_folder(out / "similarity")
    if not (folder / TRAIN).is_file():
        rated = read_ratings(images, images / TRAIN)
        order = np.argsort(_similarities(rated), kind="stable")
        ratings = np.empty(len(rated))
        ratings[order] = np.sort([image.score for image in rated])
        shutil.copyfile(images / MANIFEST, folder / MANIFEST)
        names = [image.name for image in rated]
        write_json(folder / TRAIN, dict(zip(names, ratings.tolist(), strict=True)))
    return folder / TRAIN


def _similarities(rated: Sequence[RatedImage]) -> NDArray[np.float64]:
    """Similarity of each image with its untouched scan, (n,)."""
    found = np.full(len(rated), np.nan)
    for at in track(versions_of(rated, range(len(rated))), "Similarity"):
        untouched = [n for n in at if _is_untouched(rated[n])]
        if len(untouched) != 1:
            raise DistiliqaError(
                f"has {len(untouched)} untouched scans",
                path=rated[at[0]].path.parent,
                remedy="give a data set of `make model`",
            )
        reference = _hu(rated[untouched[0]])
        for n in at:
            found[n] = ssim(_hu(rated[n]), reference)
    return found


def _is_untouched(image: RatedImage) -> bool:
    """True for the first scan of a slice, at full dose, without processing."""
    return image.facts.get("scan") == "0" and "process" not in image.facts


def _hu(image: RatedImage) -> NDArray[np.float32]:
    (ct_slice,) = read_ct(image.path)
    return ct_slice.hu
