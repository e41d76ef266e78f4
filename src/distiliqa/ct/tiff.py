"""TIFF images of HU, or of the LDCTIQAC2023 challenge; every page is a slice."""

from __future__ import annotations

import logging
from pathlib import Path

import numpy as np
import tifffile
from numpy.typing import NDArray

from distiliqa.ct.hu import check_dtype, check_size, rescale
from distiliqa.ct.listing import CTIndex
from distiliqa.ct.source import Source
from distiliqa.ct.stack import index_stack
from distiliqa.errors import CTReadError, NotCTError

# tifffile logs what is odd in a file, and without a handler that would reach the screen.
logging.getLogger("tifffile").addHandler(logging.NullHandler())

# LDCTIQAC2023 (doi 10.5281/zenodo.7833096) stores float images in [0, 1]: HU = 1400 x - 1000.
CHALLENGE_SLOPE, CHALLENGE_INTERCEPT = 1400.0, -1000.0
_BEYOND = 0.1  # how far a denoised one may overshoot [0, 1]


def index_tiff(source: Source) -> CTIndex:
    """Find the slices of a TIFF.

    Raises `NotCTError` on color and 8-bit pictures, `CTReadError` on a damaged file and on one that
    is not stored page by page.
    """
    try:
        with source.open() as stream, tifffile.TiffFile(stream) as tiff:
            page, count = tiff.pages.first, len(tiff.pages)
            several = _holds_several(tiff, page)
    except Exception as error:  # tifffile raises many kinds on damaged files
        raise _damaged(source, error) from error
    if page.samplesperpixel != 1 or page.dtype is None:
        raise NotCTError(
            "a color or unusual TIFF holds no HU",
            path=source.name,
            remedy="save HU as a float32 TIFF",
        )
    check_dtype(page.dtype, path=source.name)
    if several:
        raise CTReadError(
            "a page of the TIFF holds several images", path=source.name, remedy="save one a page"
        )
    check_size(page.imagelength, page.imagewidth, path=source.name)
    return index_stack(source, count, _read_hu)


def _holds_several(tiff: tifffile.TiffFile, page: tifffile.TiffPage) -> bool:
    """Whether a page is a volume, or stands for images that have none, as ImageJ writes above 4 GB.

    Only these two kinds do; to look at the series of others may open the files beside them.
    """
    described = tiff.series if page.is_shaped or page.is_imagej else ()
    cut_off = (each.size > len(each.pages) * each.keyframe.size for each in described)
    return page.imagedepth > 1 or any(cut_off)


def read_tiff(path: Path) -> NDArray[np.generic]:
    """All values of a TIFF as they are stored, pages along the first axis.

    Raises `CTReadError` on a damaged file.
    """
    try:
        return tifffile.imread(path)
    except Exception as error:  # tifffile raises many kinds on damaged files
        raise _damaged(Source.on_disk(path), error) from error


def _read_hu(source: Source, frame: int) -> NDArray[np.floating]:
    try:
        with source.open() as stream, tifffile.TiffFile(stream) as tiff:
            values = tiff.pages[frame].asarray()
    except Exception as error:
        raise _damaged(source, error) from error
    if values.dtype.kind == "f" and values.size and _is_of_challenge(values):
        return rescale(values, CHALLENGE_SLOPE, CHALLENGE_INTERCEPT)
    return values


def _is_of_challenge(values: NDArray[np.floating]) -> bool:
    """A page of HU cannot span so little, so the range alone tells the two apart."""
    return bool(values.min() >= -_BEYOND and values.max() <= 1 + _BEYOND)


def _damaged(source: Source, error: Exception) -> CTReadError:
    missing_codec = "imagecodecs" in str(error)
    return CTReadError(
        f"the TIFF cannot be read ({error})",
        path=source.name,
        remedy="pip install imagecodecs" if missing_codec else "copy or export it again",
    )
