"""Headers of the scored images, to which DICOM results refer.

Real headers break many rules, and a result must not inherit them. So only the identifiers of
patient, study and image are copied, and each of them is checked.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

from pydicom import Dataset, dcmread
from pydicom.dataelem import RawDataElement
from pydicom.valuerep import DA, TM

from distiliqa.ct import SliceInfo
from distiliqa.ct.dicom.character_sets import read_text, stated_sets
from distiliqa.ct.dicom.identify import is_dicom
from distiliqa.ct.dicom.tags import number, raw_text
from distiliqa.errors import DistiliqaError
from distiliqa.report.names import short_hash
from distiliqa.scoring.series_score import SeriesScore

LOG = logging.getLogger(__name__)

# Not allowed in a text of one value (PS3.5, table 6.2-1), and other control characters.
_NOT_ALLOWED = re.compile(r"[\\\x00-\x1f\x7f-\x9f]")
# Five times the limit of a name, and short enough for a value of any kind.
MAX_TEXT = 1024

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
    header : Dataset
        Patient, study and identifiers, without pixels; one object for all frames of a file.
    frame : int or None
        Number of the frame, from 1 as in DICOM; None for an image of one frame.
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
    DistiliqaError
        The series is not DICOM, a file of it has gone, has changed or is damaged, an identifier is
        missing, or the images are of several patients or studies.
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
    """The attributes that a result may copy from an image, and notes on its texts."""
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
    """A date without the dots of old files; empty if it is not valid."""
    try:
        # Not strftime: on Linux it writes the year 1 with one digit.
        return "" if written is None else DA(written).isoformat().replace("-", "")
    except ValueError:
        return ""


def _time(written: str | None) -> str:
    """A time as written; empty if it is not valid."""
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


class CopiedText(NamedTuple):
    """A text, empty if missing, and a note on it for the log."""

    text: str
    note: str | None = None


def copied_text(dataset: Dataset, keyword: str) -> CopiedText:
    """A text of one value in the form that a result may repeat.

    Parameters
    ----------
    dataset : Dataset
        The data set as read, before any access to ``keyword``, so that it has the bytes.
    """
    element = dataset.get_item(keyword)
    if not isinstance(element, RawDataElement) or not element.value:
        return CopiedText("")
    reading = read_text(element.value, stated_sets(dataset))
    if reading.text is None:
        return CopiedText("", f"{keyword} is left empty: its character set is not what is stated")
    text = _NOT_ALLOWED.sub(" ", reading.text).strip()
    if len(text) > MAX_TEXT:
        return CopiedText("", f"{keyword} is left empty: it has over {MAX_TEXT} characters")
    if reading.is_guess:
        return CopiedText(text, f"{keyword} was read as ISO 8859-1, for its letters look like that")
    if "\\" in reading.text:
        return CopiedText(text, f"{keyword} has a backslash, which became a space")
    return CopiedText(text)
