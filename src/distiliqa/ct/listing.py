"""What a path holds: the slices that can be read, and what could not be and why."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import chain
from typing import NamedTuple

from distiliqa.ct.slice_info import SliceInfo


class Problem(NamedTuple):
    """A file that gives no slice, and why: ``reason`` is one line and does not name the path."""

    path: str
    reason: str


@dataclass(frozen=True)
class CTIndex:
    """The slices under a path, in reading order, and the files that give none.

    Attributes
    ----------
    slices : series in order of first appearance, slices by position along the normal.
    failed : files that claim to be CT and cannot be read.
    left_out : readable files that are no axial CT image: localizers, MR, reports, copies.
    """

    slices: tuple[SliceInfo, ...] = ()
    failed: tuple[Problem, ...] = ()
    left_out: tuple[Problem, ...] = ()

    @staticmethod
    def joined(parts: Iterable[CTIndex]) -> CTIndex:
        """One index of all ``parts``, in their order."""
        parts = tuple(parts)
        return CTIndex(
            tuple(chain.from_iterable(part.slices for part in parts)),
            tuple(chain.from_iterable(part.failed for part in parts)),
            tuple(chain.from_iterable(part.left_out for part in parts)),
        )

    def named(self, name: Callable[[str], str]) -> CTIndex:
        """The same index with other names in it.

        Parameters
        ----------
        name : gives a text in which paths have their other name.
        """
        return CTIndex(
            tuple(info.named(name(info.path)) for info in self.slices),
            named_problems(self.failed, name),
            named_problems(self.left_out, name),
        )


def named_problems(problems: Iterable[Problem], name: Callable[[str], str]) -> tuple[Problem, ...]:
    """Problems with other names of files in them, see `CTIndex.named`."""
    return tuple(Problem(name(path), name(reason)) for path, reason in problems)
