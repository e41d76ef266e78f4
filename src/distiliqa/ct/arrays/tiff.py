"""TIFF images in HU or in the values of the LDCTIQAC2023 challenge; each page is a slice."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import tifffile
from numpy.typing import NDArray

from distiliqa.ct.arrays.npy import index_stack
from distiliqa.ct.arrays.tiff_page import page_offsets, page_values
from distiliqa.ct.hu import check_count, check_dtype, check_size, rescale
from distiliqa.ct.listing import CTIndex
from distiliqa.ct.source import Source
from distiliqa.ct.volumes.coding import MAX_DECODED_BYTES
from distiliqa.errors import CTReadError, NotCTError

# tifffile logs oddities of a file. Without a handler they would reach the screen.
logging.getLogger("tifffile").addHandler(logging.NullHandler())

# LDCTIQAC2023 (doi 10.5281/zenodo.7833096) stores float images in [0, 1]: HU = 1400 x - 1000.
CHALLENGE_SLOPE, CHALLENGE_INTERCEPT = 1400.0, -1000.0
_OVERSHOOT = 0.1  # beyond [0, 1], in denoised images


def index_tiff(source: Source) -> CTIndex:
    """Find the slices of a TIFF.

    Raises
    ------
    NotCTError : it is a color or 8-bit image.
    CTReadError : it is damaged, a page holds several images, or it has more than 20,000 pages.
    """
    with _opened(source) as tiff:
        pages = page_offsets(tiff)
        _check_count(tiff, pages, source.name)
        first = tiff.pages.first
        _check_page(first, source.name)
        shape = first.imagelength, first.imagewidth
    return index_stack(source, pages, _read_hu, shape)


def read_tiff(path: Path) -> NDArray[np.generic]:
    """Read all values of a TIFF as stored, (pages, rows, columns), or (rows, columns) of one page.

    Raises `CTReadError` as `index_tiff`.
    """
    source = Source.on_disk(path)
    with _opened(source) as tiff:
        offsets = page_offsets(tiff)
        _check_count(tiff, offsets, source.name)
        size = len(offsets) * tiff.pages.first.nbytes
        if size > MAX_DECODED_BYTES:
            raise ValueError(f"{size / 1e9:.3g} GB of pages")
        pages = [page_values(_page_at(tiff, offset)) for offset in offsets]
        return pages[0] if len(pages) == 1 else np.stack(pages)


@contextmanager
def _opened(source: Source) -> Iterator[tifffile.TiffFile]:
    """Open a TIFF, and report all faults in one line."""
    try:
        with source.open() as stream, tifffile.TiffFile(stream) as tiff:
            yield tiff
    except CTReadError:
        raise
    except Exception as error:  # tifffile raises many kinds on damaged files
        missing_codec = "imagecodecs" in str(error)
        raise CTReadError(
            f"the TIFF cannot be read ({error})",
            path=source.name,
            remedy="pip install imagecodecs" if missing_codec else "copy or export it again",
        ) from error


def _page_at(tiff: tifffile.TiffFile, offset: int) -> tifffile.TiffPage:
    first = tiff.pages.first
    if offset == first.offset:
        return first
    tiff.filehandle.seek(offset)
    return tifffile.TiffPage(tiff, index=1)  # any number but that of the first


def _check_count(tiff: tifffile.TiffFile, pages: Sequence[int], path: str) -> None:
    """Raise `CTReadError` on too many pages, and where a page holds several images."""
    check_count(len(pages), path=path)
    if _holds_several(tiff, tiff.pages.first):
        raise CTReadError(
            "a page of the TIFF holds several images", path=path, remedy="save one a page"
        )


def _holds_several(tiff: tifffile.TiffFile, page: tifffile.TiffPage) -> bool:
    """Whether a page is a volume, or the only page of a stack, as ImageJ writes above 4 GB.

    The series of other kinds are not looked at: that may open the files beside them.
    """
    described = tiff.series if page.is_shaped or page.is_imagej else ()
    cut_off = (series.size > len(series.pages) * series.keyframe.size for series in described)
    return page.imagedepth > 1 or any(cut_off)


def _check_page(page: tifffile.TiffPage, path: str) -> None:
    """Raise `NotCTError` or `CTReadError` on a page that is no slice."""
    if page.samplesperpixel != 1 or page.dtype is None:
        raise NotCTError(
            "a color or unusual TIFF holds no HU",
            path=path,
            remedy="save HU as float32, one gray value a pixel (photometric minisblack)",
        )
    check_dtype(page.dtype, path=path)
    check_size(page.imagelength, page.imagewidth, path=path)


def _read_hu(source: Source, offset: int) -> NDArray[np.floating]:
    """The HU of the page that begins at ``offset``."""
    with _opened(source) as tiff:
        page = _page_at(tiff, offset)
        _check_page(page, source.name)
        values = page_values(page)
    if values.dtype.kind == "f" and values.size and _is_of_challenge(values):
        return rescale(values, CHALLENGE_SLOPE, CHALLENGE_INTERCEPT)
    return values


def _is_of_challenge(values: NDArray[np.floating]) -> bool:
    """Whether values are in [0, 1], as in the challenge: HU of a page span more."""
    return bool(values.min() >= -_OVERSHOOT and values.max() <= 1 + _OVERSHOOT)
