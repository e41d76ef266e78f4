"""`distiliqa.measures`: measure files, folders, arrays or slices without a model."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import cast

from distiliqa.ct import CTSlice, read_ct
from distiliqa.metrics.slice_measures import SliceMeasures, measure_slice
from distiliqa.scoring.images import Images, Spacing, as_slices, is_one, paths_of
from distiliqa.scoring.prepare import check_hu


def measures(
    source: str | Path | Sequence[str | Path] | Images, *, spacing_mm: Spacing = None
) -> list[SliceMeasures]:
    """Measure noise, sharpness, texture, detectability, size, dose, streaks and rings of slices.

    These are the measures of ``distiliqa score --measures basic``, without a model.

    Parameters
    ----------
    source : str, Path, ndarray, CTSlice, or a sequence of these
        As for `distiliqa.score`.
    spacing_mm : float or tuple[float, float], optional
        Pixel spacing of arrays, mm: one number, or (between rows, between columns). Without it
        only the noise level has a value.

    Returns
    -------
    list[SliceMeasures]
        One for each slice, in reading order, with the arrays that `pooled_measures` of
        `distiliqa.metrics` pools. A measure without a value has a reason. A `CTWarning` names each
        file that gives no slice.

    Raises
    ------
    DistiliqaError
        ``source`` has no CT slice.
    ValueError
        ``source`` is neither paths nor images in HU, or is paths and has ``spacing_mm``.

    Examples
    --------
    >>> found = distiliqa.measures("scan")
    >>> [one.mtf.f50_per_mm for one in found]
    """
    return [measure_slice(ct) for ct in _slices(source, spacing_mm)]


def _slices(source: object, spacing_mm: Spacing) -> Iterator[CTSlice]:
    paths = paths_of(source, spacing_mm)
    if paths is None:
        for number, ct in enumerate(as_slices(cast(Images, source), spacing_mm)):
            try:
                check_hu(ct.hu)
            except ValueError as error:
                if is_one(cast(Images, source)):
                    raise
                raise ValueError(f"slice {number}: {error}") from error
            yield ct
        return
    for path in paths:
        yield from read_ct(path)
