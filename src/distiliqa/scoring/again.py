"""The slices that scores are of, found again on disk."""

from __future__ import annotations

from collections.abc import Iterable

from distiliqa.ct import SliceRef, index_ct
from distiliqa.scoring.read_ahead import file_of
from distiliqa.scoring.result import SliceScore


def find_again(slices: Iterable[SliceScore]) -> dict[tuple[str, int], SliceRef]:
    """Find slices again by their path and frame; those that are not there any more are left out."""
    wanted = {(each.path, each.frame) for each in slices}
    found: dict[tuple[str, int], SliceRef] = {}
    for file in dict.fromkeys(file_of(path) for path, _ in sorted(wanted)):
        try:
            refs = index_ct(file).slices
        except Exception:  # gone or damaged since, which its libraries tell in many ways
            continue
        found |= {(ref.path, ref.frame): ref for ref in refs if (ref.path, ref.frame) in wanted}
    return found
