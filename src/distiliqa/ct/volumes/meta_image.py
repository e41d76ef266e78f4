"""MetaImage volumes: .mha, and .mhd with a file of pixels beside it.

The header has lines of ``Name = value``. The last one names the file of the pixels
(https://itk.org/Wiki/MetaIO/Documentation). Values and geometry equal those of ITK.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from distiliqa.ct.listing import CTIndex
from distiliqa.ct.source import Source
from distiliqa.ct.spacing import MILLIMETERS, in_millimeters
from distiliqa.ct.volumes.coding import Coding
from distiliqa.ct.volumes.text_header import TextHeader, lines_of
from distiliqa.ct.volumes.volume import Volume, index_volume
from distiliqa.ct.volumes.voxels import Voxels

_LAST_FIELD = "elementdatafile"
_TYPES = {  # MET_LONG has four bytes on all machines
    "MET_CHAR": "i1",
    "MET_UCHAR": "u1",
    "MET_SHORT": "i2",
    "MET_USHORT": "u2",
    "MET_INT": "i4",
    "MET_UINT": "u4",
    "MET_LONG": "i4",
    "MET_ULONG": "u4",
    "MET_LONG_LONG": "i8",
    "MET_ULONG_LONG": "u8",
    "MET_FLOAT": "f4",
    "MET_DOUBLE": "f8",
}
_TRUE = ("t", "y", "1")
_SPACING = ("elementspacing", "elementsize")
_ORIENTATION = ("transformmatrix", "rotation", "orientation")


def index_meta_image(source: Source) -> CTIndex:
    """Find the axial slices of a volume of HU, from its header.

    Raises
    ------
    NotCTError : the type holds no HU, or no plane is axial.
    CTReadError : as `read_meta_image`, and the volume has not three dimensions.
    """
    return index_volume(source, read_meta_image(source.on_disk_path()))


def read_meta_image(path: Path) -> Volume:
    """Read the header of a MetaImage of two to four dimensions; its voxels are not read.

    Raises
    ------
    CTReadError : the header is damaged, or the pixels have several values or are in several files
        or in another folder.
    """
    header, end = _read_fields(path)
    data = None if _is_local(header) else header.data_file(header.text(_LAST_FIELD))
    dimensions = header.whole("ndims")
    if not 2 <= dimensions <= 4:
        raise header.unusable("ndims")
    if (values := header.whole("elementnumberofchannels", "1")) != 1:
        raise header.error(f"{values} values in each voxel, not one gray value")
    voxels = Voxels(
        data or path, header.wholes("dimsize", dimensions), _dtype(header), _coding(header)
    )
    voxels = voxels.moved(_start(header, voxels, 0 if data else end))
    if dimensions != 3:
        return Volume(str(path), voxels, np.eye(4))
    unit = header.text("distanceunits", default="mm").lower()
    to_lps, notes = in_millimeters(_affine(header), unit if unit in MILLIMETERS else "mm")
    return Volume(str(path), voxels, to_lps, warnings=(*notes, *_warnings(header)))


def _read_fields(path: Path) -> tuple[TextHeader, int]:
    """Read the fields; the second value is the length of the header, bytes."""
    header = TextHeader(path)
    with path.open("rb") as file:
        for line in lines_of(file, header):
            name, equals, value = line.partition("=")
            if equals:
                header.add(name.strip().lower(), value.strip())
            elif line.strip():
                raise header.error("a line without =")
            if name.strip().lower() == _LAST_FIELD:
                break
        end = file.tell()
    if header.text("objecttype", default="Image").lower() != "image":
        raise header.unusable("objecttype")
    return header, end


def _is_local(header: TextHeader) -> bool:
    """Whether the voxels follow the header in the same file."""
    return header.text(_LAST_FIELD).upper() == "LOCAL"


def _dtype(header: TextHeader) -> np.dtype:
    code = _TYPES.get(header.text("elementtype"))
    if code is None:
        raise header.unusable("elementtype")
    big = _is_true(header, "binarydatabyteordermsb", "elementbyteordermsb")
    return np.dtype((">" if big else "<") + code)


def _coding(header: TextHeader) -> Coding:
    if not _is_true(header, "binarydata", default="True"):
        return Coding.TEXT
    return Coding.DEFLATED if _is_true(header, "compresseddata") else Coding.RAW


def _start(header: TextHeader, voxels: Voxels, end: int) -> int:
    """Offset of the voxels, bytes; HeaderSize -1 puts them at the end of the file."""
    size = header.whole("headersize", "0")
    if size == -1 and voxels.coding is Coding.RAW:
        size = voxels.file_length() - voxels.size
    if size < 0 or 0 < size < end:
        raise header.unusable("headersize")
    return max(size, end)


@np.errstate(all="ignore")  # `index_volume` reports what is not finite
def _affine(header: TextHeader) -> NDArray[np.float64]:
    """Voxel indices to lengths in the axes of DICOM, which ITK also uses, (4, 4)."""
    # A line of the matrix is the direction of a voxel axis.
    axes = header.reals(9, *_ORIENTATION, default="1 0 0 0 1 0 0 0 1").reshape(3, 3)
    affine = np.eye(4)
    affine[:3, :3] = axes.T * header.reals(3, *_SPACING, default="1 1 1")
    affine[:3, 3] = header.reals(3, "offset", "position", "origin", default="0 0 0")
    return affine


def _warnings(header: TextHeader) -> Iterator[str]:
    if not header.has(*_ORIENTATION):
        yield "no orientation in the file: taken as axial"
    if not header.has(*_SPACING):
        yield "no spacing of voxels in the file: taken as 1 mm"
    if header.text("distanceunits", default="mm").lower() not in MILLIMETERS:
        yield "the unit of length in the file is unknown: taken as mm"
    slope = header.reals(1, "elementtointensityfunctionslope", default="1")
    offset = header.reals(1, "elementtointensityfunctionoffset", default="0")
    if slope != 1 or offset != 0:
        yield f"the file gives a slope of {slope[0]:g} and an offset of {offset[0]:g}: not applied"


def _is_true(header: TextHeader, *names: str, default: str = "False") -> bool:
    return header.text(*names, default=default).lower().startswith(_TRUE)
