"""Read CT slices one after the other."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from pathlib import Path

from distiliqa.ct.index import index_ct
from distiliqa.ct.slice_info import CTSlice
from distiliqa.errors import CTReadError


class CTWarning(UserWarning):
    """A file under the path gives no slice; the text names it and says why."""


def read_ct(path: str | Path, *, require_ct: bool = True) -> Iterator[CTSlice]:
    """Yield the CT slices of a file, a folder or a zip in reading order, decoding one at a time.

    ``path``, ``require_ct`` and the order are as in `index_ct`, which also gives the files left
    out as data instead of as warnings (`CTWarning`).

    Yields
    ------
    CTSlice
        One slice at a time.

    Raises
    ------
    CTReadError
        As `index_ct`, and if not one slice can be decoded.
    """
    index = index_ct(path, require_ct=require_ct)
    for problem in index.failed + index.left_out:
        warnings.warn(f"{problem.path}: {problem.reason}", CTWarning, stacklevel=2)
    errors = []
    for info in index.slices:
        try:
            image = info.read()
        except CTReadError as error:
            errors.append(error)
            warnings.warn(str(error), CTWarning, stacklevel=2)
        else:
            yield image
    if len(errors) == len(index.slices):
        raise errors[0]
