"""Find the CT slices under a path from headers alone, in the order a reader would page them."""

from __future__ import annotations

import os
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path

from distiliqa.ct.dicom import index_dicom, is_dicom
from distiliqa.ct.listing import CTIndex, Problem, SliceRef
from distiliqa.ct.source import Source
from distiliqa.errors import CTReadError, NotCTError

__all__ = ["CTIndex", "Problem", "SliceRef", "index_ct"]

_DICOM_SUFFIXES = {".dcm", ".dicom", ".ima"}


def index_ct(path: str | Path, *, require_ct: bool = True) -> CTIndex:
    """Find the CT slices in a file, a folder (with its subfolders) or a zip; no pixel is decoded.

    Parameters
    ----------
    path : DICOM (any extension or none), NIfTI, TIFF, NumPy, MHA, MHD or NRRD; a folder or a zip
        of these. Hidden files are ignored.
    require_ct : False also takes gray-scale DICOM that does not say it is CT, such as training
        images that were saved as Secondary Capture.

    Returns
    -------
    The slices in reading order: series in order of first appearance, slices along their normal
    towards the head, by name where positions are unknown.

    Raises
    ------
    CTReadError : if ``path`` is missing, is one file that cannot be used, or holds no CT slice.
    """
    path = Path(path)
    if not path.exists():
        raise CTReadError("no such file or folder", path=path, remedy="check the path")
    if path.is_file():
        return _index_source(Source.on_disk(path), require_ct)
    index = _index_sources(_walk(path), str(path), require_ct)
    if not index.slices:
        raise CTReadError(_nothing(index), path=path, remedy="give a folder with axial CT slices")
    return index


def _walk(folder: Path) -> Iterator[Source]:
    for place, folders, files in os.walk(folder):
        folders[:] = sorted((name for name in folders if name[0] != "."), key=_natural)
        for name in sorted((name for name in files if name[0] != "."), key=_natural):
            yield Source.on_disk(Path(place, name))


def _natural(name: str) -> list[tuple[int, str]]:
    """Sort key that puts ``slice2`` before ``slice10``."""
    return [(int(part), "") if part.isdigit() else (-1, part) for part in re.split(r"(\d+)", name)]


def _index_sources(sources: Iterable[Source], whole: str, require_ct: bool) -> CTIndex:
    """Index many files; what goes wrong with one is noted, and the others go on."""
    parts, unrelated = [], []
    for source in sources:
        try:
            parts.append(_index_source(source, require_ct))
        except _UnrelatedError:
            unrelated.append(source.name)
        except NotCTError as error:
            parts.append(CTIndex(left_out=(Problem(source.name, _reason(error)),)))
        except CTReadError as error:
            parts.append(CTIndex(failed=(Problem(source.name, _reason(error)),)))
    if unrelated:
        parts.append(
            CTIndex(left_out=(Problem(whole, f"{len(unrelated)} files that are no images"),))
        )
    index = CTIndex.joined(parts)
    return CTIndex(_in_reading_order(index.slices), index.failed, index.left_out)


class _UnrelatedError(NotCTError):
    """A file of a kind that holds no CT."""


def _index_source(source: Source, require_ct: bool) -> CTIndex:
    if is_dicom(source):
        return index_dicom(source, require_ct=require_ct)
    if source.suffix in _DICOM_SUFFIXES:
        raise CTReadError("not a DICOM file", path=source.name, remedy="export it again")
    raise _UnrelatedError("not an image", path=source.name, remedy="give DICOM")


def _reason(error: CTReadError) -> str:
    return error.problem if error.remedy is None else f"{error.problem}; {error.remedy}"


def _nothing(index: CTIndex) -> str:
    problems = index.failed + index.left_out
    if not problems:
        return "an empty folder"
    return f"no CT slice that can be read ({problems[0].path}: {problems[0].reason})"


def _in_reading_order(slices: Iterable[SliceRef]) -> tuple[SliceRef, ...]:
    series: defaultdict[str, list[SliceRef]] = defaultdict(list)
    for ref in slices:
        series[ref.series].append(ref)
    for refs in series.values():
        if all(ref.position_mm is not None for ref in refs):
            refs.sort(key=lambda ref: ref.position_mm or 0.0)
    return tuple(ref for refs in series.values() for ref in refs)
