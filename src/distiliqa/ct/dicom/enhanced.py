"""Frames of an enhanced multi-frame image as datasets of classic slices.

An enhanced image describes its frames in functional groups (PS3.3, C.7.6.16): one item for all
frames (shared) and one item a frame (per-frame). An item is a set of small sequences, the macros.
"""

from __future__ import annotations

from collections.abc import Iterator

from pydicom.dataset import Dataset

from distiliqa.ct.dicom.tags import number, value, written
from distiliqa.errors import CTReadError

# Tags that an index reads besides those of classic slices.
GROUP_KEYWORDS = ("SharedFunctionalGroupsSequence", "PerFrameFunctionalGroupsSequence")

# The macros that describe an axial CT frame (PS3.3, A.38.1.4 and A.70.3.2). A later one overrides
# an earlier one. Others do not count: private groups and references to other images repeat the same
# tags, and so does the second X-ray source (C.8.15.3.11).
_MACROS = (
    "UnassignedSharedConvertedAttributesSequence",
    "UnassignedPerFrameConvertedAttributesSequence",
    "FrameContentSequence",
    "FrameAnatomySequence",
    "PixelMeasuresSequence",
    "PlanePositionSequence",
    "PlaneOrientationSequence",
    "PixelValueTransformationSequence",
    "CTImageFrameTypeSequence",
    "CTAcquisitionTypeSequence",
    "CTAcquisitionDetailsSequence",
    "CTTableDynamicsSequence",
    "CTGeometrySequence",
    "CTPositionSequence",
    "CTReconstructionSequence",
    "CTExposureSequence",
    "CTXRayDetailsSequence",
    "IrradiationEventIdentificationSequence",
)


def is_enhanced(dataset: Dataset) -> bool:
    """Whether the image describes its frames in functional groups."""
    return any(value(dataset, keyword) for keyword in GROUP_KEYWORDS)


def check_groups(dataset: Dataset, *, path: str) -> None:
    """Raise `CTReadError` where a frame has no group: its position and rescale are unknown."""
    groups = len(value(dataset, "PerFrameFunctionalGroupsSequence") or ())
    frames = frame_count(dataset, path=path)
    if groups < frames:
        raise CTReadError(
            f"describes {groups} of its {frames} frames", path=path, remedy="export it again"
        )


def frame_count(dataset: Dataset, *, path: str) -> int:
    """Number of Frames (0028,0008), 1 where it is absent.

    Raises `CTReadError` where it is no number, or less than 1.
    """
    if (found := written(dataset, "NumberOfFrames")) is None:
        return 1
    count = number(dataset, "NumberOfFrames")
    if count is None or count < 1:
        problem = "not a number" if count is None else "which no image has"
        raise CTReadError(
            f"NumberOfFrames is {found}, {problem}", path=path, remedy="export the series again"
        )
    return int(count)


def flat_frames(dataset: Dataset) -> Iterator[Dataset]:
    """Yield one flat dataset a frame: tags of the image, of shared and of per-frame groups.

    A tag of a later one of these three overrides an earlier one. Frame Type replaces Image Type.
    """
    common = Dataset()
    common.update({item.tag: item for item in dataset if item.keyword not in GROUP_KEYWORDS})
    if len(dataset.PerFrameFunctionalGroupsSequence) > 1 and "ImagePositionPatient" in common:
        del common.ImagePositionPatient  # it is not that of all frames
    for group in dataset.get("SharedFunctionalGroupsSequence") or ():
        _lift(group, common)
    for group in dataset.PerFrameFunctionalGroupsSequence:
        frame = Dataset()
        frame.update(common)
        _lift(group, frame)
        if "FrameType" in frame:
            frame.ImageType = frame.FrameType
        yield frame


def _lift(group: Dataset, flat: Dataset) -> None:
    """Copy the public tags of each macro in a functional group item into ``flat``.

    A macro is a sequence of one item. If it has more, such as the exposures of a dual-source
    scanner, the first counts.
    """
    for keyword in _MACROS:
        if items := value(group, keyword):
            flat.update({tag: item for tag, item in items[0].items() if not tag.is_private})
    if mappings := value(group, "RealWorldValueMappingSequence"):
        flat.RealWorldValueMappingSequence = mappings
    for derivation in value(group, "DerivationImageSequence") or ():  # codes alone
        if codes := value(derivation, "DerivationCodeSequence"):
            flat.DerivationCodeSequence = codes
