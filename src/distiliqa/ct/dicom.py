"""DICOM: what a file is, the slices in it, and their pixels in HU."""

from __future__ import annotations

import re
import warnings
from collections import Counter
from collections.abc import Iterable
from functools import partial

from pydicom import dcmread
from pydicom.dataset import Dataset
from pydicom.uid import (
    UID,
    CTImageStorage,
    EnhancedCTImageStorage,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    LegacyConvertedEnhancedCTImageStorage,
    MediaStorageDirectoryStorage,
)

from distiliqa.ct import hu as hounsfield
from distiliqa.ct.enhanced import GROUP_KEYWORDS, flat_frames, is_enhanced
from distiliqa.ct.fit import AIR_HU
from distiliqa.ct.header import HEADER_KEYWORDS, Header, numbers, read_header, text
from distiliqa.ct.listing import CTIndex, Problem, SliceRef
from distiliqa.ct.orientation import Orientation
from distiliqa.ct.pixels import decode
from distiliqa.ct.slice import CTSlice
from distiliqa.ct.source import Source
from distiliqa.errors import CTReadError, NotCTError

# Scanners write many values that break a rule without harm; the ones that matter are checked here.
# A module filter is safe in threads, where catch_warnings is not.
warnings.filterwarnings("ignore", module=r"pydicom(\.|$)")

_CT_CLASSES = {
    CTImageStorage,
    EnhancedCTImageStorage,
    LegacyConvertedEnhancedCTImageStorage,
}
_KEYWORDS = [
    *HEADER_KEYWORDS,
    *GROUP_KEYWORDS,
    "ImageType",
    "SOPClassUID",
    "Modality",
    "Rows",
    "Columns",
    "SamplesPerPixel",
    "NumberOfFrames",
]
# Image Type values of pages of text and of scouts: Siemens protocol pages end in PROT.
_NO_SLICE = re.compile(r"(LOCALIZER|SCREEN SAVE|.* PROT)$")


def is_dicom(source: Source) -> bool:
    """Whether the file begins as DICOM.

    That is ``DICM`` at byte 128 (PS3.10, 7.1), or a plausible first tag of group 2 or 8 for files
    without the preamble. Raises `CTReadError` on a file that cannot be opened.
    """
    try:
        with source.open() as stream:
            start = stream.read(132)
    except Exception as error:  # a file without permission, a damaged member of a zip
        raise CTReadError(f"cannot be opened ({error})", path=source.name) from error
    if start[128:] == b"DICM":
        return True
    if len(start) < 132 or start[:2] not in (b"\x02\x00", b"\x08\x00") or start[3] != 0:
        return False
    length_if_implicit = int.from_bytes(start[4:8], "little")
    return re.match(rb"[A-Z]{2}", start[4:6]) is not None or length_if_implicit <= 64


def index_dicom(source: Source, *, require_ct: bool = True) -> CTIndex:
    """Find the axial CT slices of a DICOM file from its header.

    Raises
    ------
    NotCTError : if it is no CT image, or none of its frames is an axial slice.
    CTReadError : if it claims to be one and cannot be read.
    """
    dataset = _read_dataset(source)
    _check_image(dataset, source, require_ct)
    frames = [(_unfit(frame), read_header(frame, path=source.name)) for frame in _frames(dataset)]
    unfit = Counter(reason for reason, _ in frames if reason is not None)
    if sum(unfit.values()) == len(frames):
        raise NotCTError(" and ".join(unfit), path=source.name, remedy="give the axial series")
    syntax = _transfer_syntax(dataset)
    return CTIndex(
        slices=tuple(
            _slice_ref(source, number, header, syntax)
            for number, (reason, header) in enumerate(frames)
            if reason is None
        ),
        left_out=tuple(
            Problem(source.name, f"{count} of {len(frames)} frames: {reason}")
            for reason, count in unfit.items()
        ),
    )


def load_frame(source: Source, frame: int, header: Header, syntax: UID) -> CTSlice:
    """Decode one frame to HU, fill the padding with air and turn it to the standard view."""
    stored = decode(source, frame, syntax)
    hu = hounsfield.rescale(stored, header.slope, header.intercept)
    notes = list(header.warnings)
    if header.padding is not None:
        padded = hounsfield.padding_mask(stored, *header.padding)
        notes += hounsfield.padding_doubt(hu[padded])
        hu[padded] = AIR_HU
    hu, doubts = hounsfield.checked(hu, path=source.name)
    return CTSlice(
        hu=hu if header.orientation is None else header.orientation.turn(hu),
        path=source.name,
        frame=frame,
        series=_series(source, header),
        spacing_mm=header.spacing_mm,
        position_mm=header.position_mm,
        sop_uid=header.sop_uid,
        series_uid=header.series_uid,
        patient_id=header.patient_id,
        acquisition=header.acquisition,
        warnings=(*notes, *doubts),
    )


def _read_dataset(source: Source) -> Dataset:
    """The tags that matter, without pixels."""
    try:
        with source.open() as stream:
            return dcmread(stream, force=True, stop_before_pixels=True, specific_tags=_KEYWORDS)
    except Exception as error:  # pydicom raises many kinds on damaged files
        raise CTReadError(
            f"the DICOM header cannot be read ({error})",
            path=source.name,
            remedy="the file is cut short or damaged: copy or export it again",
        ) from error


def _check_image(dataset: Dataset, source: Source, require_ct: bool) -> None:
    """Raise unless the file is one gray-scale image, and a CT where that is required."""
    sop_class = UID(text(dataset, "SOPClassUID") or "")
    kind = f"modality {text(dataset, 'Modality') or 'unknown'}, not CT"
    if dataset.file_meta.get("MediaStorageSOPClassUID") == MediaStorageDirectoryStorage:
        raise NotCTError("a DICOMDIR, not an image", path=source.name, remedy="give its folder")
    if "SOPClassUID" not in dataset and "Modality" not in dataset:
        raise CTReadError(
            "the DICOM header is cut short or damaged",
            path=source.name,
            remedy="copy or export it again",
        )
    if require_ct and not _is_ct(dataset, sop_class):
        raise NotCTError(f"{kind} ({sop_class.name})", path=source.name, remedy="give a CT series")
    if "Rows" not in dataset or "Columns" not in dataset:
        if sop_class in _CT_CLASSES:
            raise CTReadError(
                "holds no image: there are no pixels, or the header is cut short",
                path=source.name,
                remedy="copy or export it again",
            )
        raise NotCTError(f"no image ({sop_class.name or kind})", path=source.name)
    if dataset.get("SamplesPerPixel", 1) != 1:
        raise NotCTError(
            "a color image holds no HU", path=source.name, remedy="give the original CT series"
        )
    hounsfield.check_size(dataset.Rows or 0, dataset.Columns or 0, path=source.name)


def _is_ct(dataset: Dataset, sop_class: UID) -> bool:
    """CT by modality; a copy in another class, such as Secondary Capture, must have a position
    and a rescale, which screen shots of dose reports lack."""
    modality = text(dataset, "Modality")
    if sop_class in _CT_CLASSES:
        return modality in (None, "CT")
    return modality == "CT" and {"ImagePositionPatient", "RescaleSlope"} <= set(dataset.dir())


def _frames(dataset: Dataset) -> Iterable[Dataset]:
    """The frames as classic datasets. Frames without functional groups have no known position."""
    if is_enhanced(dataset):
        return flat_frames(dataset)
    count = int(dataset.get("NumberOfFrames") or 1)
    if count > 1 and "ImagePositionPatient" in dataset:
        del dataset.ImagePositionPatient
    return [dataset] * count


def _unfit(frame: Dataset) -> str | None:
    """Why a frame is no axial slice; None if it is one."""
    for kind in (text(frame, "ImageType") or "").split("\\"):
        if _NO_SLICE.match(kind):
            return f"not an axial slice (Image Type {kind})"
    orientation = Orientation.from_cosines(numbers(frame, "ImageOrientationPatient"))
    if orientation is not None and not orientation.is_axial:
        return f"not an axial slice ({orientation.plane})"
    return None


def _transfer_syntax(dataset: Dataset) -> UID:
    """The transfer syntax; files without a meta header are uncompressed, as pydicom found them."""
    if syntax := dataset.file_meta.get("TransferSyntaxUID"):
        return UID(syntax)
    implicit, little = dataset.original_encoding
    if implicit:
        return ImplicitVRLittleEndian
    return ExplicitVRLittleEndian if little else ExplicitVRBigEndian


def _slice_ref(source: Source, frame: int, header: Header, syntax: UID) -> SliceRef:
    return SliceRef(
        path=source.name,
        frame=frame,
        series=_series(source, header),
        position_mm=header.position_mm,
        load=partial(load_frame, source, frame, header, syntax),
        sop_uid=header.sop_uid,
    )


def _series(source: Source, header: Header) -> str:
    return header.series_uid or source.folder
