"""The images that a series was scored on, as the headers that DICOM results refer to.

Real headers break many rules, and a result must not inherit what it does not need. So only who
the patient is, which study it is and which image it is are taken over, checked one by one.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass

from pydicom import Dataset, dcmread
from pydicom.valuerep import DA, TM

from distiliqa.ct import SliceInfo
from distiliqa.ct.dicom.identify import is_dicom
from distiliqa.ct.dicom.tags import number, raw_text
from distiliqa.errors import DistiliqaError
from distiliqa.pacs.results.copied_text import copied_text
from distiliqa.report.names import short_hash
from distiliqa.scoring.result import SeriesScore

LOG = logging.getLogger(__name__)

# Type 1 of the SOP Common, General Study and General Series modules (PS3.3, C.12.1, C.7.2.1,
# C.7.3.1): nothing can refer to an image that lacks one of them.
_IDENTIFIERS = ("SOPClassUID", "SOPInstanceUID", "StudyInstanceUID", "SeriesInstanceUID")
# Type 2 of the Patient and General Study modules (C.7.1.1, C.7.2.1): written empty if unknown.
_TEXTS = ("PatientName", "PatientID", "StudyID", "AccessionNumber", "ReferringPhysicianName")
_DATES = ("PatientBirthDate", "StudyDate")
_SIZES = ("Rows", "Columns", "NumberOfFrames")
# Written only where the image has them.
_OPTIONAL_TEXTS = ("IssuerOfPatientID", "StudyDescription")
_KEYWORDS: list = [
    *_IDENTIFIERS,
    *_TEXTS,
    *_DATES,
    *_SIZES,
    *_OPTIONAL_TEXTS,
    "FrameOfReferenceUID",
    "SpecificCharacterSet",
    "StudyTime",
    "PatientSex",
    "LossyImageCompression",
]


@dataclass(frozen=True)
class SourceImage:
    """The image of one scored slice.

    Attributes
    ----------
    header : patient, study and identifiers, without pixels; one object for all frames of a file.
    frame : number of the frame as DICOM counts, from 1; None for an image of one frame.
    """

    header: Dataset
    frame: int | None

    @property
    def frames(self) -> list[int] | None:
        """``frame`` as a list of one, as references take it."""
        return None if self.frame is None else [self.frame]


ReadSources = Callable[[SeriesScore], list[SourceImage]]


def read_sources(series: SeriesScore) -> list[SourceImage]:
    """Read the headers of the images of a series, one for each of its slices.

    Raises
    ------
    DistiliqaError : the series is not DICOM, a file of it has gone, has changed or is damaged, an
        identifier is missing, or the images are of several patients or studies.
    """
    headers, notes = {}, dict[str, None]()
    for path, info in {score.path: score.info for score in series.slices}.items():
        headers[path], found = _read_header(info)
        notes.update(dict.fromkeys(found))
    _check_one_study(headers)
    for note in notes:
        LOG.warning("%s: %s", short_hash(series.series), note)
    images = []
    for score in series.slices:
        header = headers[score.path]
        frame = score.frame + 1 if header.get("NumberOfFrames", 1) > 1 else None
        images.append(SourceImage(header, frame))
    return images


def _read_header(info: SliceInfo) -> tuple[Dataset, list[str]]:
    info.check_unchanged()
    if info.source is None or not is_dicom(info.source.start):
        raise DistiliqaError(
            "not a DICOM image, so there is nothing that a DICOM result could refer to",
            path=info.path or None,
            remedy="give the DICOM series",
        )
    try:
        with info.source.open() as stream:
            dataset = dcmread(stream, force=True, stop_before_pixels=True, specific_tags=_KEYWORDS)
        return _checked(dataset, info.path)
    except DistiliqaError:
        raise
    except Exception as error:  # pydicom raises many kinds on damaged files
        raise DistiliqaError(
            f"the header cannot be read again ({str(error) or type(error).__name__})",
            path=info.path,
            remedy="copy or export it again",
        ) from error


def _checked(dataset: Dataset, path: str) -> tuple[Dataset, list[str]]:
    """What a result may take over from an image, and what is to be known of its texts."""
    header = Dataset()
    header.SpecificCharacterSet = "ISO_IR 192"  # UTF-8, whatever the image is written in
    texts = {keyword: copied_text(dataset, keyword) for keyword in (*_TEXTS, *_OPTIONAL_TEXTS)}
    for keyword, copied in texts.items():
        if copied.text or keyword in _TEXTS:
            setattr(header, keyword, copied.text)
    for keyword in _IDENTIFIERS:
        value = raw_text(dataset, keyword)
        if value is None:
            raise DistiliqaError(
                f"lacks {keyword}, so no DICOM result can refer to it",
                path=path,
                remedy="export the series again",
            )
        setattr(header, keyword, value)
    for keyword in _DATES:
        setattr(header, keyword, _date(raw_text(dataset, keyword)))
    header.StudyTime = _time(raw_text(dataset, "StudyTime"))
    sex = raw_text(dataset, "PatientSex")
    header.PatientSex = sex if sex in ("M", "F", "O") else ""
    for keyword in _SIZES:
        if (size := number(dataset, keyword)) is not None:
            setattr(header, keyword, int(size))
    if (frame := raw_text(dataset, "FrameOfReferenceUID")) is not None:
        header.FrameOfReferenceUID = frame
    header.LossyImageCompression = (
        "01" if raw_text(dataset, "LossyImageCompression") == "01" else "00"
    )
    return header, [copied.note for copied in texts.values() if copied.note is not None]


def _date(written: str | None) -> str:
    """A date without the dots of old files; empty where it is none."""
    try:
        return "" if written is None else f"{DA(written):%Y%m%d}"
    except ValueError:
        return ""


def _time(written: str | None) -> str:
    """A time as written; empty where it is none."""
    try:
        return "" if written is None or TM(written) is None else written
    except ValueError:
        return ""


def _check_one_study(headers: dict[str, Dataset]) -> None:
    """Raise `DistiliqaError` where a result would mix patients or studies."""
    first_path, first = next(iter(headers.items()))
    for path, header in headers.items():
        for keyword, what in (("PatientID", "patient"), ("StudyInstanceUID", "study")):
            if header[keyword].value != first[keyword].value:
                raise DistiliqaError(
                    f"of another {what} than {first_path}, in one series",
                    path=path,
                    remedy="separate the images; no DICOM result is made of a mixed series",
                )
