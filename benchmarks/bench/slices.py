"""The real slices that benchmarks run on, and as many copies of them as one likes.

They come from the folder in ``DISTILIQA_BENCH_DATA``, or from the example series. Copies have
identifiers and positions of their own; they are DICOM, uncompressed as most archives send it, in
series of 200 where nothing else is asked.
"""

from __future__ import annotations

import os
from io import BytesIO
from itertools import islice
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pydicom import Dataset, dcmread
from pydicom.uid import UID, ExplicitVRLittleEndian

from distiliqa.ct import SOFT_TISSUE, index_ct, read_ct
from distiliqa.ct.crop_or_pad import crop_or_pad
from distiliqa.examples import EXAMPLE_SERIES

DATA = "DISTILIQA_BENCH_DATA"
_SOURCES = 24
_SERIES = 200
_ROOT = "1.2.826.0.1.3680043.8.498.7"
# What is written into each copy is as long as these, so that no byte of the rest moves.
_SLICE, _SERIES_UID, _POSITION = f"{_ROOT}.10{0:08}", f"{_ROOT}.20{0:08}", "+0000000.0"


def source() -> Path:
    """Source of the slices."""
    return Path(os.environ.get(DATA) or EXAMPLE_SERIES)


def origin() -> str:
    """Description of the slices, without a path."""
    return "slices of a folder of one's own" if os.environ.get(DATA) else "the example series"


def write_slices(
    folder: Path,
    count: int,
    size: int | None = None,
    series: Path | None = None,
    in_series: int = _SERIES,
) -> Path:
    """Write ``count`` slices; cropped or repeated to ``size`` x ``size`` if that is given.

    Parameters
    ----------
    series : where they come from; `source` if not given.
    in_series : slices that a series has.
    """
    templates = [_template(path, size) for path in _spread(series or source())]
    folder.mkdir(parents=True, exist_ok=True)
    for n in range(count):
        number, place = divmod(n, in_series)
        header, pixels = templates[n % len(templates)]
        for blank, value in (
            (_SLICE, f"{_ROOT}.10{n:08}"),
            (_SERIES_UID, f"{_ROOT}.20{number:08}"),
            (_POSITION, f"+{place:09.1f}"),
        ):
            header = header.replace(blank.encode(), value.encode())
        (folder / f"{n:05}.dcm").write_bytes(header + pixels)
    return folder


def hu_slices(count: int) -> NDArray[np.float32]:
    """Slices of 512 x 512 pixels, HU: (count, 512, 512)."""
    found = (ct.hu for ct in read_ct(source()) if ct.hu.shape == (512, 512))
    return np.resize(np.stack(list(islice(found, _SOURCES))), (count, 512, 512))


def windowed_slices(count: int) -> NDArray[np.float32]:
    """The same in the soft-tissue window, as networks take them: (count, 1, 512, 512), [0, 1]."""
    return SOFT_TISSUE.apply(hu_slices(count))[:, None].astype(np.float32)


def distinct_slices(most: int) -> NDArray[np.float32]:
    """Slices of the example series, then slices spread over the user's folder of DICOM.

    Returns
    -------
    float32, (n, 1, 512, 512), in [0, 1]; n is ``most``, or less where there are fewer slices.
    """
    refs = list(index_ct(EXAMPLE_SERIES).slices)[:most]
    if DATA in os.environ and len(refs) < most:
        others = index_ct(Path(os.environ[DATA])).slices
        count = min(most - len(refs), len(others))
        refs += [others[round(n)] for n in np.linspace(0, len(others) - 1, count)]
    images = [
        SOFT_TISSUE.apply(crop_or_pad(ref.read().hu.astype(np.float32), 512)[0]) for ref in refs
    ]
    return np.stack(images)[:, np.newaxis].astype(np.float32)


def _spread(series: Path) -> list[Path]:
    """Files of some of the slices, from all over."""
    paths = [Path(ref.path) for ref in index_ct(series).slices if Path(ref.path).is_file()]
    return paths[:: max(1, len(paths) // _SOURCES)][:_SOURCES]


def _template(path: Path, size: int | None) -> tuple[bytes, bytes]:
    """A file of this slice with blanks in it, up to its pixels, and the pixels."""
    dataset = dcmread(path)
    stored = dataset.pixel_array
    if size is not None:
        stored = np.pad(stored, [(0, max(0, size - side)) for side in stored.shape], "wrap")
        stored = np.ascontiguousarray(stored[:size, :size])
    dataset.Rows, dataset.Columns = stored.shape
    dataset.PixelData = stored.tobytes()
    dataset["PixelData"].VR = "OW"
    dataset.SOPInstanceUID = _SLICE
    dataset.file_meta.MediaStorageSOPInstanceUID = UID(_SLICE)
    dataset.SeriesInstanceUID = _SERIES_UID
    dataset.ImagePositionPatient = [0, 0, _POSITION]
    content = _saved(dataset)
    start = len(content) - stored.nbytes
    return content[:start], content[start:]


def _saved(dataset: Dataset) -> bytes:
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset["PixelData"].is_undefined_length = False
    plain = Dataset({tag: element for tag, element in dataset.items() if tag <= 0x7FE00010})
    plain.file_meta = dataset.file_meta
    file = BytesIO()
    plain.save_as(file, enforce_file_format=True)
    return file.getvalue()
