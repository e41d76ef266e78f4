"""Derived CT images, such as a slice at another dose, as DICOM of the same patient and position.

A derived image follows DICOM PS3.3, C.7.6.1.1.2 (image type), C.7.6.1.1.3 (derivation
description) and C.7.6.1.1.4 (source image sequence). Its UIDs (C.7.3.1, C.12.1) are computed from
those of its source, so that the same derivation always gives the same file.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from io import BytesIO
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pydicom import Dataset, dcmread
from pydicom.dataset import FileMetaDataset
from pydicom.uid import UID, ExplicitVRLittleEndian, generate_uid

from distiliqa.ct.containers.packed import without_gzip
from distiliqa.ct.dicom.character_sets import restate_as_utf8
from distiliqa.ct.dicom.derived_tags import kept_tags
from distiliqa.ct.dicom.encoding import as_encoded, check_inflated_size, transfer_syntax
from distiliqa.ct.dicom.header import LOSSY, read_header
from distiliqa.ct.dicom.identify import is_dicom
from distiliqa.ct.dicom.image_pixel import check_end, check_image_pixel
from distiliqa.ct.dicom.pixels import decode
from distiliqa.ct.dicom.tags import number, text
from distiliqa.ct.hu import check_size, rescale
from distiliqa.ct.source import Source
from distiliqa.errors import CTReadError, NotCTError, one_line
from distiliqa.files import atomic_path

LOG = logging.getLogger(__name__)

_REQUIRED = ("SOPClassUID", "SOPInstanceUID", "SeriesInstanceUID")


def read_stored(path: Path) -> tuple[Dataset, NDArray[np.float32]]:
    """Read a single-frame CT image in HU as stored: not turned, padding not replaced.

    Returns
    -------
    The data set without its pixels, and the slice, float32, (rows, columns), HU.

    Raises
    ------
    CTReadError : the file is missing or not DICOM, or its pixels are missing, too few, or cannot be
        decoded.
    NotCTError : it is readable and not a gray-scale CT slice.
    """
    file = without_gzip(Source.on_disk(path))
    if not is_dicom(file.start):
        raise CTReadError("not a DICOM file", path=path, remedy="check the path")
    try:
        file = as_encoded(file)
        source, syntax, unread = _read_tags(file, path)
        header = read_header(source, path=str(path))
    except CTReadError:
        raise
    except Exception as error:  # pydicom raises many kinds on damaged tags
        raise CTReadError(
            f"the header cannot be read ({str(error) or type(error).__name__})",
            path=path,
            remedy="get the file again",
        ) from error
    stored, notes = decode(file, 0, syntax)
    check_size(*stored.shape, path=str(path))
    for keyword in unread:
        problem = "is left empty: its character set is not what is stated"
        LOG.warning("%s: %s %s", one_line(str(path)), keyword, problem)
    if LOSSY in notes:
        source.LossyImageCompression = "01"
    return source, rescale(stored, header.slope, header.intercept)


def _read_tags(file: Source, path: Path) -> tuple[Dataset, UID, list[str]]:
    """Read all tags before the pixels, and the transfer syntax of the pixels.

    The third value is the keywords of unreadable texts, from `restate_as_utf8`.
    """
    with file.open() as stream:
        check_inflated_size(stream, file.name)
        source = dcmread(stream, force=True, stop_before_pixels=True)
        syntax = transfer_syntax(source)
        check_end(stream, syntax, file.size_of(stream), path=file.name)
        unread = restate_as_utf8(source)
        _require_ct(source, path)
        syntax, _ = check_image_pixel(source, stream, syntax, path=str(path))
    list(source)  # reads every tag: a broken one is found now, and not when it is copied
    return source, syntax, unread


def _require_ct(source: Dataset, path: Path) -> None:
    # Mixed doses of the published program are Secondary Capture with modality OT.
    if (modality := text(source, "Modality")) not in (None, "CT", "OT"):
        raise NotCTError(f"modality {modality}, not CT", path=path)
    missing = [keyword for keyword in _REQUIRED if text(source, keyword) is None]
    if missing:
        raise CTReadError(f"lacks {missing[0]}", path=path, remedy="get the file again")
    samples, frames = number(source, "SamplesPerPixel"), number(source, "NumberOfFrames")
    if (samples or 1) != 1 or (frames or 1) != 1:
        raise NotCTError(
            f"{frames or 1:g} frames of {samples or 1:g} samples are not one CT slice", path=path
        )
    if "SharedFunctionalGroupsSequence" in source:  # which hold the rescale to HU, C.7.6.16.2.9
        raise NotCTError(
            "an Enhanced image, of which no other is derived",
            path=path,
            remedy="give classic CT images",
        )


def derive(
    source: Dataset,
    hu: NDArray[np.integer],
    derivation: str,
    *,
    dose: float = 1.0,
    used: Sequence[Dataset] = (),
) -> Dataset:
    """Make a data set with the pixels ``hu`` and the patient, study and geometry of ``source``.

    Parameters
    ----------
    source : the image that ``hu`` was computed from.
    hu : (rows, columns), integers, HU.
    derivation : how ``hu`` was computed, one line. Images of one source series with the same
        derivation form one new series.
    dose : dose of ``hu`` relative to ``source``.
    used : other images that ``hu`` was computed from.
    """
    derived = kept_tags(source, dose)
    derived.ImageType = ["DERIVED", "SECONDARY", *list(source.get("ImageType", []))[2:]]
    derived.DerivationDescription = derivation
    derived.SourceImageSequence = [_reference(image) for image in (source, *used)]
    derived.SOPInstanceUID = generate_uid(entropy_srcs=[source.SOPInstanceUID, derivation])
    derived.SeriesInstanceUID = generate_uid(entropy_srcs=[source.SeriesInstanceUID, derivation])
    derived.SeriesDescription = f"{source.get('SeriesDescription', '')} {derivation}".strip()[:64]
    _set_pixels(derived, hu)
    return derived


def _reference(image: Dataset) -> Dataset:
    reference = Dataset()
    reference.ReferencedSOPClassUID = image.SOPClassUID
    reference.ReferencedSOPInstanceUID = image.SOPInstanceUID
    return reference


def _set_pixels(derived: Dataset, hu: NDArray[np.integer]) -> None:
    """Store HU as int16 with slope 1 and intercept 0."""
    limits = np.iinfo(np.int16)
    derived.Rows, derived.Columns = hu.shape
    derived.SamplesPerPixel, derived.PhotometricInterpretation = 1, "MONOCHROME2"
    derived.BitsAllocated, derived.BitsStored, derived.HighBit = 16, 16, 15
    derived.PixelRepresentation = 1
    derived.RescaleSlope, derived.RescaleIntercept, derived.RescaleType = "1", "0", "HU"
    derived.PixelData = np.clip(hu, limits.min, limits.max).astype("<i2").tobytes()
    derived["PixelData"].VR = "OW"


def write_dicom(path: Path, image: Dataset) -> None:
    """Write a data set as a DICOM file (PS3.10, Explicit VR Little Endian), atomically."""
    image.file_meta = FileMetaDataset()
    image.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    # Through memory, because pydicom hides from the error of a full disk that the disk is full.
    content = BytesIO()
    image.save_as(content, enforce_file_format=True)
    with atomic_path(path) as partial:
        partial.write_bytes(content.getvalue())
