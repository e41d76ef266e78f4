"""Frames of an enhanced multi-frame image, each made to look like a classic slice.

An enhanced image keeps what changes from frame to frame in functional groups (PS3.3, C.7.6.16):
one item for all frames (shared) and one item a frame (per-frame), each a set of small sequences.
"""

from __future__ import annotations

from collections.abc import Iterator

from pydicom.dataset import Dataset

from distiliqa.ct.header import number
from distiliqa.errors import CTReadError

# What an index has to read on top of the tags of classic slices.
GROUP_KEYWORDS = ("SharedFunctionalGroupsSequence", "PerFrameFunctionalGroupsSequence")

_OTHER_SOURCE = "CTAdditionalXRaySourceSequence"  # PS3.3, C.8.15.3.11


def is_enhanced(dataset: Dataset) -> bool:
    """Whether the image describes its frames in functional groups."""
    return bool(dataset.get("PerFrameFunctionalGroupsSequence"))


def check_groups(dataset: Dataset, *, path: str) -> None:
    """Raise `CTReadError` where a frame has no group: nothing tells its place and its rescale."""
    groups = len(dataset.PerFrameFunctionalGroupsSequence)
    frames = int(number(dataset, "NumberOfFrames") or 1)
    if groups < frames:
        raise CTReadError(
            f"describes {groups} of its {frames} frames", path=path, remedy="export it again"
        )


def flat_frames(dataset: Dataset) -> Iterator[Dataset]:
    """Yield one flat dataset a frame: image-wide tags, shared groups, the frame's own groups.

    Where a tag stands at more than one of these places the last one counts. Frame Type takes
    the place of Image Type.
    """
    common = Dataset()
    common.update({item.tag: item for item in dataset if item.keyword not in GROUP_KEYWORDS})
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
    """Copy the tags of each macro in a functional group item into ``flat``.

    A macro is a sequence of one item; those with more (exposures of a dual-source scanner) give
    their first, as there is one value to report. The source beyond the primary one is left out, as
    it has the same tags.
    """
    for macro in group:
        if macro.VR == "SQ" and macro.value and macro.keyword != _OTHER_SOURCE:
            flat.update(macro.value[0])
