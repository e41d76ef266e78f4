"""NIfTI volumes (.nii, .nii.gz, and pairs of .hdr and .img), and Analyze 7.5."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nibabel
import numpy as np
from nibabel.spm99analyze import Spm99AnalyzeHeader
from numpy.typing import NDArray

from distiliqa.ct.geometry import LPS_AND_RAS
from distiliqa.ct.listing import CTIndex
from distiliqa.ct.source import Source
from distiliqa.ct.spacing import in_millimeters
from distiliqa.ct.volumes.coding import GZIP_MAGIC, Coding, Inflated
from distiliqa.ct.volumes.detached import data_file, header_of
from distiliqa.ct.volumes.volume import Volume, index_volume
from distiliqa.ct.volumes.voxels import Voxels
from distiliqa.errors import CTReadError, NotCTError

# nibabel prints oddities of a header. Those that matter are checked here.
nibabel.imageglobals.logger.setLevel(logging.CRITICAL)

# Description in our heatmaps: a folder with results may be scored again.
HEATMAP_DESCRIPTION = b"distiliqa local score, research use"

# Extensions are between header and voxels. A DICOM header a slice takes some MB.
MAX_EXTENSION_BYTES = 64 << 20

_HEADER_BYTES = 540  # of NIfTI-2, the longest
_SINGLE = (nibabel.Nifti1Header, nibabel.Nifti2Header)
# Analyze of SPM has a slope in a field that is 0 in other kinds.
_OF_PAIR = (nibabel.nifti1.Nifti1PairHeader, nibabel.nifti2.Nifti2PairHeader, Spm99AnalyzeHeader)
_UNITS = {0: "mm", 1: "m", 2: "mm", 3: "um"}
_SPACING_TOLERANCE = 0.01


def index_nifti(source: Source) -> CTIndex:
    """Find the axial slices of a NIfTI or Analyze volume of HU, from its header.

    Raises
    ------
    NotCTError : the type holds no HU, it is a heatmap, or no plane is axial.
    CTReadError : the file is damaged, has more than three dimensions, or one of a pair is missing.
    """
    path = source.on_disk_path()
    if path.suffix.lower() == ".img":
        raise _not_by_itself(path)
    try:
        header, pixdim, deflated = _read_header(path)
        voxels = _voxels(header, path, deflated)
        affine = np.array(header.get_best_affine(), dtype=np.float64)
        slope, intercept = header.get_slope_inter()
    except CTReadError:
        raise
    except Exception as error:  # nibabel raises many kinds on damaged files
        raise CTReadError(
            "not readable as NIfTI", path=path, remedy="copy or convert it again"
        ) from error
    if header["descrip"].item() == HEATMAP_DESCRIPTION:
        raise NotCTError("a heatmap, not CT", path=path, remedy="give the CT it was made of")
    to_lps, notes = in_millimeters(_to_lps(affine), _unit(header) or "mm")
    return index_volume(
        source,
        Volume(
            source.name,
            voxels,
            to_lps,
            slope=1.0 if slope is None else float(slope),
            intercept=0.0 if intercept is None else float(intercept),
            warnings=(*notes, *_warnings(header, pixdim, affine)),
        ),
    )


def _read_header(path: Path) -> tuple[Any, NDArray[np.float64], bool]:
    """Read the header without extensions, pixdim as written, and whether the file is compressed."""
    with path.open("rb") as file:
        deflated = file.read(len(GZIP_MAGIC)) == GZIP_MAGIC
        file.seek(0)
        start = (Inflated(file) if deflated else file).read(_HEADER_BYTES)
    for kind in _OF_PAIR if path.suffix.lower() == ".hdr" else _SINGLE:
        if kind.may_contain_header(start):
            content = start[: kind.template_dtype.itemsize]
            pixdim = kind(content, check=False)["pixdim"]  # the check replaces 0 by 1
            return kind(content), pixdim.astype(np.float64), deflated
    if path.suffix.lower() == ".hdr" and not (data_file(path) or path).exists():
        raise NotCTError(
            "neither NIfTI nor Analyze 7.5", path=path, remedy="convert it to another format"
        )
    raise ValueError("no header of NIfTI")


def _voxels(header: Any, path: Path, deflated: bool) -> Voxels:
    offset = int(header.get_data_offset())
    if offset == 0 and _is_nifti(header) and header.is_single:
        offset = header.single_vox_offset  # nibabel would take the header for voxels
    if not 0 <= offset <= MAX_EXTENSION_BYTES:
        raise CTReadError(
            f"its header puts the voxels {offset} bytes behind the start of the file",
            path=path,
            remedy="convert it again, without extensions",
        )
    coding = Coding.DEFLATED if deflated else Coding.RAW
    start, skipped = (0, offset) if deflated else (offset, 0)
    dtype = header.get_data_dtype()
    return Voxels(data_file(path) or path, _shape(header), dtype, coding, start, skipped)


def _shape(header: Any) -> tuple[int, ...]:
    """Number of voxels along each axis, without axes of one voxel after the third."""
    shape = tuple(map(int, header.get_data_shape()))
    while len(shape) > 3 and shape[-1] == 1:
        shape = shape[:-1]
    return shape


@np.errstate(all="ignore")  # `index_volume` reports what is not finite
def _to_lps(affine: NDArray[np.float64]) -> NDArray[np.float64]:
    return LPS_AND_RAS @ affine


@np.errstate(all="ignore")
def _sides(affine: NDArray[np.float64]) -> NDArray[np.float64]:
    """The lengths of a voxel along its axes, (3,)."""
    return np.linalg.norm(affine[:3, :3], axis=0)


def _is_nifti(header: Any) -> bool:
    return isinstance(header, nibabel.Nifti1Header)  # its subclasses are NIfTI-2, and not Analyze


def _unit(header: Any) -> str | None:
    """The unit of the lengths; None for an unknown one."""
    return _UNITS.get(int(header["xyzt_units"]) & 7) if _is_nifti(header) else "mm"


def _warnings(
    header: Any, pixdim: NDArray[np.float64], affine: NDArray[np.float64]
) -> Iterator[str]:
    if not _is_nifti(header):
        yield "Analyze 7.5 has no orientation: taken as axial, as stored"
        return
    if not any(int(header[code]) > 0 for code in ("sform_code", "qform_code")):
        yield "no orientation in the file: taken as axial"
    if _unit(header) is None:
        yield "the unit of length in the file is unknown: taken as mm"
    spacing, of_affine = np.abs(pixdim[1:4]), _sides(affine)
    if not np.allclose(spacing, of_affine, rtol=_SPACING_TOLERANCE):
        sides, taken = (
            " x ".join(f"{side:.3g}" for side in lengths) for lengths in (spacing, of_affine)
        )
        yield f"voxels of {sides} in pixdim, but of {taken} in the affine, which is taken"


def _not_by_itself(path: Path) -> CTReadError:
    """The error of an .img file: its header is read instead, or is missing."""
    if header_of(path).is_file():
        return NotCTError("the voxels of the header beside it", path=path, remedy="give the .hdr")
    return CTReadError(
        "its header (.hdr) is not there", path=path, remedy="put it into the same folder"
    )
