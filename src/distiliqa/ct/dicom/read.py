"""Index of a DICOM file: its axial CT slices and frames, from its header alone."""

from __future__ import annotations

import warnings
from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from functools import partial
from typing import IO

from pydicom import dcmread
from pydicom.dataset import Dataset
from pydicom.uid import UID

from distiliqa.ct.dicom.dose_report import DOSE_REPORT_KEYWORDS, dose_report_of, is_dose_report
from distiliqa.ct.dicom.encoding import as_encoded, check_inflated_size, transfer_syntax
from distiliqa.ct.dicom.enhanced import (
    GROUP_KEYWORDS,
    check_groups,
    flat_frames,
    frame_count,
    is_enhanced,
)
from distiliqa.ct.dicom.frame import decode_frame
from distiliqa.ct.dicom.header import HEADER_KEYWORDS, identifier, read_header
from distiliqa.ct.dicom.identify import IMAGE_KEYWORDS, check_image, check_kind, unfit
from distiliqa.ct.dicom.image_pixel import PIXEL_KEYWORDS, check_end, check_image_pixel
from distiliqa.ct.dicom.pixels import NativePixels
from distiliqa.ct.listing import CTIndex, Problem, stacks_apart
from distiliqa.ct.slice_info import SliceInfo
from distiliqa.ct.source import Source
from distiliqa.errors import CTReadError, NotCTError

# Scanners write many values that break a rule without harm. Those that matter are checked here.
# A filter for a module is safe in threads, and catch_warnings is not.
warnings.filterwarnings("ignore", module=r"pydicom(\.|$)")

# Of a compressed frame. The header of RLE has as many; those of JPEG are longer.
_MIN_FRAME_BYTES = 64

_KEYWORDS: list = [
    *(*IMAGE_KEYWORDS, *HEADER_KEYWORDS, *GROUP_KEYWORDS),
    *(*PIXEL_KEYWORDS, *DOSE_REPORT_KEYWORDS),
]


def index_dicom(source: Source, *, require_ct: bool = True) -> CTIndex:
    """Find the axial CT slices of a DICOM file from its header.

    A radiation dose report is read whole. It is left out, as it has no image, and handed on.

    Raises
    ------
    NotCTError : it is no CT image, or none of its frames is an axial slice.
    CTReadError : it claims to be one and lacks what an image needs, or another file follows it.
    Exception : of many kinds, from pydicom, on damaged tags.
    """
    source = as_encoded(source)
    with source.open() as stream:
        dataset = _read_header(stream, source.name)
        check_end(stream, transfer_syntax(dataset), source.size_of(stream), path=source.name)
        return _index_dataset(dataset, stream, source, require_ct)


def why_left_out(start: Source) -> str | None:
    """Reason to leave a file out by its first bytes; None where all of it must be read.

    Parameters
    ----------
    start : the first 64 KiB of a file of DICOM, or less. A header that is longer does not decide.
    """
    try:
        with start.open() as stream:
            dataset = _read_header(stream, start.name)
            reaches_pixels = stream.read(1) != b""
    except Exception:  # pydicom raises many kinds on a header that is cut short
        return None
    if not reaches_pixels or is_dose_report(dataset) or is_enhanced(dataset):
        return None
    try:
        check_image(dataset, path=start.name)
        check_kind(dataset, path=start.name)
    except NotCTError as error:
        return error.reason
    except CTReadError:
        return None
    reason = unfit(dataset)
    return None if reason is None else _not_axial(reason, start).reason


def _not_axial(reason: str, source: Source) -> NotCTError:
    return NotCTError(reason, path=source.name, remedy="give the axial series")


def _read_header(stream: IO[bytes], path: str) -> Dataset:
    """The elements before the pixels; afterwards ``stream`` is at the pixels."""
    check_inflated_size(stream, path)
    return dcmread(stream, force=True, stop_before_pixels=True, specific_tags=_KEYWORDS)


def _index_dataset(
    dataset: Dataset, stream: IO[bytes], source: Source, require_ct: bool
) -> CTIndex:
    if is_dose_report(dataset):
        return _index_dose_report(source)
    check_image(dataset, path=source.name)
    if require_ct:
        check_kind(dataset, path=source.name)
    syntax, notes = check_image_pixel(dataset, stream, transfer_syntax(dataset), path=source.name)
    native = NativePixels.find(dataset, stream, syntax)
    slices: list[SliceInfo] = []
    stacks: list[str | None] = []
    reasons: Counter[str] = Counter()
    for index, frame in enumerate(_frames(dataset, source, syntax)):
        if (reason := unfit(frame)) is not None:
            reasons[reason] += 1
        else:
            slices.append(_slice_info(source, index, frame, notes, (syntax, native)))
            stacks.append(identifier(frame, "StackID"))
    if not slices:
        raise _not_axial(" and ".join(reasons), source)
    total = len(slices) + reasons.total()
    left_out = [f"{count} of {total} frames: {reason}" for reason, count in reasons.items()]
    return CTIndex(
        stacks_apart(slices, stacks),
        left_out=tuple(Problem(source.name, reason) for reason in left_out),
    )


def _index_dose_report(source: Source) -> CTIndex:
    """The report, left out as no image; so is one that cannot be read, which costs no slice."""
    try:
        report = dose_report_of(source)
    except CTReadError as error:
        reason = f"no image in it, and {error.problem}"
        raise NotCTError(reason, path=source.name, remedy=error.remedy) from error
    reason = "no image in it, a radiation dose report"
    return CTIndex(left_out=(Problem(source.name, reason),), dose_reports=(report,))


def _frames(dataset: Dataset, source: Source, syntax: UID) -> Iterable[Dataset]:
    """The frames as classic datasets. Without functional groups their positions are unknown."""
    count = frame_count(dataset, path=source.name)
    if is_enhanced(dataset):
        check_groups(dataset, path=source.name)
        return flat_frames(dataset)
    if count != 1:
        _check_frame_count(count, dataset, source, syntax)
    if count > 1 and "ImagePositionPatient" in dataset:
        del dataset.ImagePositionPatient
    return [dataset] * count


def _check_frame_count(count: int, dataset: Dataset, source: Source, syntax: UID) -> None:
    """Raise `CTReadError` where the file is too small for the declared frames."""
    compressed = syntax.is_encapsulated or syntax.is_deflated
    frame_bytes = _MIN_FRAME_BYTES if compressed else dataset.Rows * dataset.Columns
    with source.open() as stream:
        size = source.size_of(stream)
    if count * frame_bytes > size:
        raise CTReadError(
            f"{count} frames cannot be in a file of {size} bytes",
            path=source.name,
            remedy="the file is cut short or damaged: copy or export it again",
        )


def _slice_info(
    source: Source,
    index: int,
    frame: Dataset,
    notes: tuple[str, ...],
    pixels: tuple[UID, NativePixels | None],
) -> SliceInfo:
    header = read_header(frame, path=source.name)
    syntax, native = pixels
    return replace(
        header.info,
        frame=index,
        series=header.info.series_uid or source.folder,
        warnings=header.info.warnings + notes,
        source=source,
        decode=partial(decode_frame, frame=index, header=header, syntax=syntax, native=native),
    )
