"""NRRD volumes: .nrrd, and .nhdr with a file of pixels beside it.

The header has lines of ``field: value`` up to an empty one
(https://teem.sourceforge.net/nrrd/format.html). Values and geometry equal those of ITK.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import numpy as np
from numpy.typing import NDArray

from distiliqa.ct.listing import CTIndex
from distiliqa.ct.source import Source
from distiliqa.ct.spacing import MILLIMETERS, in_millimeters
from distiliqa.ct.volumes.coding import Coding
from distiliqa.ct.volumes.text_header import TextHeader, lines_of
from distiliqa.ct.volumes.volume import Volume, index_volume
from distiliqa.ct.volumes.voxels import Voxels
from distiliqa.files import open_regular

_MAGIC = re.compile(r"NRRD(000[1-5]|00\.01)")
_TYPES = {
    "i1": "signed char, int8, int8_t",
    "u1": "uchar, unsigned char, uint8, uint8_t",
    "i2": "short, short int, signed short, signed short int, int16, int16_t",
    "u2": "ushort, unsigned short, unsigned short int, uint16, uint16_t",
    "i4": "int, signed int, int32, int32_t",
    "u4": "uint, unsigned int, uint32, uint32_t",
    "i8": "longlong, long long, long long int, signed long long, signed long long int, int64, "
    "int64_t",
    "u8": "ulonglong, unsigned long long, unsigned long long int, uint64, uint64_t",
    "f4": "float",
    "f8": "double",
}
_DTYPES = {name: dtype for dtype, names in _TYPES.items() for name in names.split(", ")}
_CODINGS = {
    "raw": Coding.RAW,
    **dict.fromkeys(("txt", "text", "ascii"), Coding.TEXT),
    **dict.fromkeys(("gz", "gzip"), Coding.DEFLATED),
}
_ORDERS = {"little": "<", "big": ">"}
_TO_LPS = {  # signs of x, y and z
    **dict.fromkeys(("left-posterior-superior", "lps"), (1, 1, 1)),
    **dict.fromkeys(("right-anterior-superior", "ras"), (-1, -1, 1)),
    **dict.fromkeys(("left-anterior-superior", "las"), (1, -1, 1)),
}
_SPACES_OF_NO_PATIENT = ("scanner-xyz", "3d-right-handed", "3d-left-handed")
_DOMAINS = ("domain", "space", "???", "none")  # kinds of an axis in space
_VECTOR = re.compile(r"\(([^()]*)\)|(none)")


def index_nrrd(source: Source) -> CTIndex:
    """Find the axial slices of a volume of HU, from its header.

    Raises
    ------
    NotCTError : the type holds no HU, or no plane is axial.
    CTReadError : as `read_nrrd`, and the volume has not three dimensions.
    """
    return index_volume(source, read_nrrd(source.on_disk_path()))


def read_nrrd(path: Path) -> Volume:
    """Read the header of an NRRD of two to four dimensions; its voxels are not read.

    Raises
    ------
    CTReadError : the header is damaged, or the pixels have several values, are in several files or
        in another folder, or in hexadecimal or bzip2.
    """
    header = TextHeader(path)
    with path.open("rb") as file:
        _read_fields(file, header)
        dimensions = header.whole("dimension")
        if not 2 <= dimensions <= 4:
            raise header.unusable("dimension")
        kinds = header.text("kinds", default="").lower().split()
        if any(kind not in _DOMAINS for kind in kinds):
            raise header.error("axes that do not lie in space, not one gray value a voxel")
        voxels = _voxels(file, header, header.wholes("sizes", dimensions))
    if dimensions != 3:
        return Volume(str(path), voxels, np.eye(4))
    unit = _unit(header)
    to_lps, notes = in_millimeters(_affine(header), unit if unit in MILLIMETERS else "mm")
    return Volume(str(path), voxels, to_lps, warnings=(*notes, *_warnings(header, unit)))


def _read_fields(file: IO[bytes], header: TextHeader) -> None:
    """Read the fields up to the empty line, or to the end of a header without one."""
    lines = lines_of(file, header)
    if not _MAGIC.fullmatch(next(lines, "")):
        raise header.error("no NRRD in its first line")
    for line in lines:
        if not line.strip():
            return
        name, colon, value = line.partition(":")
        if line[0] == "#" or value[:1] == "=":  # a comment, or a key with its value
            continue
        if not colon:
            raise header.error("a line without :")
        header.add(re.sub(r"\s+", "", name).lower(), value.strip())
        if value.split()[:1] == ["LIST"]:
            header.data_file("LIST")
    if not header.has("datafile"):
        raise header.error("no empty line behind its header")


def _voxels(file: IO[bytes], header: TextHeader, shape: tuple[int, ...]) -> Voxels:
    """Location of the voxels; ``file`` is at the end of the header."""
    coding = _CODINGS.get(header.text("encoding").lower())
    if coding is None:
        raise header.unusable("encoding")
    dtype = _dtype(header, coding)
    if not header.has("datafile"):
        return _skipped(file, header, Voxels(header.path, shape, dtype, coding))
    voxels = Voxels(header.data_file(header.text("datafile")), shape, dtype, coding)
    voxels.file_length()  # reports a missing file
    with open_regular(voxels.path) as data:
        return _skipped(data, header, voxels)


def _dtype(header: TextHeader, coding: Coding) -> np.dtype:
    """The type of a voxel. One of several bytes has a byte order, except in text."""
    code = _DTYPES.get(" ".join(header.text("type").lower().split()))
    if code is None:
        raise header.unusable("type")
    if coding is Coding.TEXT or code in ("i1", "u1"):
        return np.dtype(code)
    order = _ORDERS.get(header.text("endian").lower())
    if order is None:
        raise header.unusable("endian")
    return np.dtype(order + code)


def _skipped(file: IO[bytes], header: TextHeader, voxels: Voxels) -> Voxels:
    """Skip lines, and bytes of an inflated stream; -1 puts the voxels at the end of the file."""
    lines, skip = header.whole("lineskip", "0"), header.whole("byteskip", "0")
    if lines < 0:
        raise header.unusable("lineskip")
    for _, _ in zip(range(lines), lines_of(file, header), strict=False):
        pass
    start = file.tell()
    if skip == -1 and voxels.coding is Coding.RAW:
        skip = voxels.file_length() - voxels.size - start
    if skip < 0:
        raise header.unusable("byteskip")
    if voxels.coding is Coding.DEFLATED:
        return voxels.moved(start, skip)
    return voxels.moved(start + skip)


@np.errstate(all="ignore")  # `index_volume` reports what is not finite
def _affine(header: TextHeader) -> NDArray[np.float64]:
    """Voxel indices to lengths in the axes of DICOM, (4, 4)."""
    affine = np.eye(4)
    if not header.has("spacedirections"):
        spacing = header.reals(3, "spacings", default="1 1 1")
        affine[:3, :3] = np.diag(spacing)
        affine[:3, 3] = _first_centers(header, spacing)
        return affine
    signs = np.array(_TO_LPS.get(_space(header), (1, 1, 1)))
    vectors = _VECTOR.findall(header.text("spacedirections"))
    if len(vectors) != 3:
        raise header.unusable("spacedirections")
    steps = [header.vector("spacedirections", vector, 3) for vector, _ in vectors]
    origin = header.text("spaceorigin", default="(0,0,0)").strip("() ")
    affine[:3, :3] = np.transpose(steps) * signs[:, np.newaxis]
    affine[:3, 3] = header.vector("spaceorigin", origin, 3) * signs
    return affine


def _first_centers(header: TextHeader, spacing: NDArray[np.float64]) -> NDArray[np.float64]:
    """Center of the first voxel: the axis minimum is the edge of a cell or the center of a node."""
    if not header.has("axismins"):
        return np.zeros(3)
    centers = header.text("centers", "centerings", default="cell cell cell").lower().split()
    nodes = np.array([center == "node" for center in centers])
    if len(nodes) != 3:
        raise header.unusable("centers")
    return header.reals(3, "axismins", default="") + np.where(nodes, 0.0, spacing / 2)


def _space(header: TextHeader) -> str:
    """The name of the space. Raises `CTReadError` on one of other than three dimensions."""
    name = header.text("space", default="").lower()
    if name not in (*_TO_LPS, *_SPACES_OF_NO_PATIENT, ""):
        raise header.unusable("space")
    if header.whole("spacedimension", "3") != 3:
        raise header.unusable("spacedimension")
    return name


def _unit(header: TextHeader) -> str:
    """The unit of all three axes; the text as written where the axes have different units."""
    written = header.text("spaceunits", "units", default="").strip()
    names = set(re.findall(r'"([^"]*)"', written)) or set(written.split())
    (name,) = names if len(names) == 1 else (written,)
    return name.lower() or "mm"


def _warnings(header: TextHeader, unit: str) -> Iterator[str]:
    if not header.has("spacedirections"):
        yield "no orientation in the file: taken as axial"
        if not header.has("spacings"):
            yield "no spacing of voxels in the file: taken as 1 mm"
    elif (space := _space(header)) not in _TO_LPS:
        named = f"{space} is" if space else "a space without a name is"
        yield f"{named} not the patient's: taken as left-posterior-superior"
    if unit not in MILLIMETERS:
        yield "the unit of length in the file is unknown: taken as mm"
