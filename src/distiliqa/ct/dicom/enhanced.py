"""Frames of an enhanced multi-frame image, each made to look like a classic slice.

An enhanced image keeps what changes from frame to frame in functional groups (PS3.3, C.7.6.16):
one item for all frames (shared) and one item a frame (per-frame), each a set of small sequences.
"""

from __future__ import annotations

from collections.abc import Iterator

from pydicom.dataset import Dataset

from distiliqa.ct.dicom.tags import number, value
from distiliqa.errors import CTReadError

# What an index has to read on top of the tags of classic slices.
GROUP_KEYWORDS = ("SharedFunctionalGroupsSequence", "PerFrameFunctionalGroupsSequence")

# The macros that describe an axial CT frame (PS3.3, A.38.1.4 and A.70.3.2), what they say counting
# in this order. No others do: private groups and references to other images repeat the same tags,
# and so does the source beyond the primary one (C.8.15.3.11).
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
)


def is_enhanced(dataset: Dataset) -> bool:
    """Whether the image describes its frames in functional groups."""
    return any(value(dataset, keyword) for keyword in GROUP_KEYWORDS)


def check_groups(dataset: Dataset, *, path: str) -> None:
    """Raise `CTReadError` where a frame has no group, so that its place and rescale are unknown."""
    groups = len(value(dataset, "PerFrameFunctionalGroupsSequence") or ())
    frames = _frame_count(dataset)
    if groups < frames:
        raise CTReadError(
            f"describes {groups} of its {frames} frames", path=path, remedy="export it again"
        )


def _frame_count(dataset: Dataset) -> int:
    return int(number(dataset, "NumberOfFrames") or 1)


def flat_frames(dataset: Dataset) -> Iterator[Dataset]:
    """Yield one flat dataset a frame: image-wide tags, shared groups, the frame's own groups.

    Where a tag stands at more than one of these places the last one counts. Frame Type takes
    the place of Image Type.
    """
    common = Dataset()
    common.update({item.tag: item for item in dataset if item.keyword not in GROUP_KEYWORDS})
    if _frame_count(dataset) > 1 and "ImagePositionPatient" in common:
        del common.ImagePositionPatient  # frames that have none of their own have none
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

    A macro is a sequence of one item; those with more (exposures of a dual-source scanner) give
    their first, as there is one value to report.
    """
    for keyword in _MACROS:
        if items := value(group, keyword):
            flat.update({tag: item for tag, item in items[0].items() if not tag.is_private})
    for derivation in value(group, "DerivationImageSequence") or ():  # its codes alone
        if codes := value(derivation, "DerivationCodeSequence"):
            flat.DerivationCodeSequence = codes
