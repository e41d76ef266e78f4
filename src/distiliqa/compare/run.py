"""Score two inputs and pair what they give."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from pathlib import Path

from distiliqa.compare.pairing import InputSeries, Match, match_slices, pair_series, series_of
from distiliqa.compare.result import ScorePair, SeriesPair
from distiliqa.compare.series_comparison import SeriesComparison
from distiliqa.ct import SliceInfo, index_ct
from distiliqa.errors import DistiliqaError
from distiliqa.models.folder import DEFAULT
from distiliqa.scoring.equivalence import no_evidence
from distiliqa.scoring.inputs import Found, found_in
from distiliqa.scoring.matching import are_of_two_patients, unlike_geometry
from distiliqa.scoring.model import Model, as_model
from distiliqa.scoring.result import ScoringRun
from distiliqa.scoring.run import Progress, require_scores, score_inputs

RefPair = tuple[SliceInfo, SliceInfo]
Matched = tuple[tuple[InputSeries, InputSeries], list[RefPair]]


def compare(
    first: str | Path,
    second: str | Path,
    model: str | Path | Model = DEFAULT,
    *,
    match: Match | None = None,
    progress: Progress | None = None,
) -> SeriesComparison:
    """Compare two series slice by slice, as ``distiliqa compare`` does.

    Parameters
    ----------
    first, second : str or Path
        Anything that `distiliqa.index_ct` finds CT in. Several series are paired by what they
        share.
    model : str, Path or Model
        Name of a shipped model, a model folder, or a model already loaded.
    match : {"position", "name", "order"}, optional
        How slices are matched; None for by position, and by name where it is unknown. Where it is
        given, series whose headers name different patients are paired too.
    progress : Callable[[int, int], None], optional
        Called with the number of slices done and found, of both.

    Returns
    -------
    SeriesComparison
        The paired differences, B minus A; ``score`` is their mean with interval and test, on the
        scale of the model, and ``noise`` that of the noise level, HU.

    Raises
    ------
    DistiliqaError
        No such model; both are the same images; series or slices cannot be matched, are of
        different patients, or have pixels of another size; nothing could be scored.
    TypeError
        What should be a path is none, such as an array.

    Examples
    --------
    >>> found = distiliqa.compare("full_dose", "quarter_dose")
    >>> found.score.mean, found.score.interval
    >>> found.to_frame()[["difference", "noise_difference_hu"]]
    """
    first, second, model = os.fspath(first), os.fspath(second), as_model(model)
    if os.path.realpath(first) == os.path.realpath(second):
        raise DistiliqaError(
            "given twice: it equals itself", path=first, remedy="give two inputs to compare"
        )
    found = _found(first), _found(second)
    sides = series_of(found[0]), series_of(found[1])
    together = pair_series(*sides)
    matched = [(pair, _matched(pair, match)) for pair in together]
    _require_matches(matched, first, second)
    _require_one_patient(matched, match)
    notes = [
        *_patient_notes(matched),
        *_geometry_notes(together, match),
        *_alone(sides, together),
    ]
    runs = _score_both(found, model, progress)
    return _paired(runs, matched, notes, match)


def _found(path: str) -> Found:
    return found_in(index_ct(path), (path,))


def _matched(pair: tuple[InputSeries, InputSeries], match: Match | None) -> list[RefPair]:
    one, other = pair
    pairs = match_slices(one.slices, other.slices, match, (one.root, other.root))
    if any(_file(a) == _file(b) for a, b in pairs):
        raise DistiliqaError(
            "is part of both inputs", path=pairs[0][0].path, remedy="give two that share no file"
        )
    return pairs


def _file(ref: SliceInfo) -> tuple[str, int]:
    return os.path.realpath(ref.path), ref.frame


def _require_matches(matched: Iterable[Matched], first: str, second: str) -> None:
    if not any(pairs for _, pairs in matched):
        raise DistiliqaError(
            f"no slice of it has the position or file name of one of {first}",
            path=second,
            remedy="give two series of one place, or --match order",
        )


def _require_one_patient(matched: Iterable[Matched], match: Match | None) -> None:
    """Raise `DistiliqaError` for slices of two patients, unless the user chose ``match``.

    Slices of two patients do not show one place, whatever their positions are.
    """
    for _, pairs in matched:
        for one, other in pairs:
            if match is None and are_of_two_patients((one, other)):
                raise DistiliqaError(
                    f"another patient than {one.path}: the two do not show one place",
                    path=other.path,
                    remedy="give scans of the same patients, or --match position, name or order "
                    "if it is one scan under two pseudonyms",
                )


def _patient_notes(matched: Sequence[Matched]) -> Iterable[str]:
    if count := sum(any(map(are_of_two_patients, pairs)) for _, pairs in matched):
        yield (
            f"A and B name different patients in {count} of {len(matched)} pairs of series: "
            "the result holds only if each pair is one scan"
        )


def _geometry_notes(
    together: Iterable[tuple[InputSeries, InputSeries]], match: Match | None
) -> Iterable[str]:
    """Notes on differences in geometry, which are errors unless the user chose ``match``."""
    for one, other in together:
        unlike = unlike_geometry(one.slices[0], other.slices[0])
        if unlike is None:
            continue
        if match in (None, "position"):
            raise DistiliqaError(
                f"{unlike} as in {one.root}: other pixels show other noise",
                path=other.root,
                remedy="reconstruct both alike, or use --match name or order to compare anyway",
            )
        yield f"B has {unlike} as in A: part of the difference is that of the pixels"


def _alone(
    sides: tuple[list[InputSeries], list[InputSeries]],
    together: Sequence[tuple[InputSeries, InputSeries]],
) -> Iterable[str]:
    for letter, side in zip("AB", sides, strict=True):
        if alone := len(side) - len(together):
            yield (
                f"{alone} series of {letter} has no counterpart"
                if alone == 1
                else (f"{alone} series of {letter} have no counterpart")
            )


def _score_both(
    found: tuple[Found, Found], model: Model, progress: Progress | None
) -> tuple[ScoringRun, ScoringRun]:
    counts = [len(side.index.slices) for side in found]

    def scored(at: int) -> ScoringRun:
        def show(done: int, _: int) -> None:
            if progress is not None:
                progress(done + at * counts[0], sum(counts))

        run = score_inputs(found[at], model, progress=show)
        if run.stopped is not None and (at == 0 or not run.slices):
            raise run.stopped  # without the second there is nothing to pair
        require_scores(run)
        return run

    return scored(0), scored(1)


def _paired(
    runs: tuple[ScoringRun, ScoringRun],
    matched: Iterable[Matched],
    notes: Sequence[str],
    match: Match | None,
) -> SeriesComparison:
    first, second = ({(slice_.path, slice_.frame): slice_ for slice_ in run.slices} for run in runs)
    series = []
    for (one, other), pairs in matched:
        keys = (((a.path, a.frame), (b.path, b.frame)) for a, b in pairs)
        found = tuple(ScorePair(first[a], second[b]) for a, b in keys if a in first and b in second)
        if found:
            series.append(SeriesPair(one.name, other.name, found))
    if not series:
        raise runs[1].stopped or _no_pair(runs)
    together = [pair for one in series for pair in one.slices]
    sides = {"A": [pair.first for pair in together], "B": [pair.second for pair in together]}
    said = tuple(dict.fromkeys((*notes, *no_evidence(sides))))
    return SeriesComparison(*runs, tuple(series), said, match)


def _no_pair(runs: tuple[ScoringRun, ScoringRun]) -> DistiliqaError:
    """The error of matched slices of which none was scored in both inputs."""
    problems = [problem for run in runs for problem in run.failed]
    failed = (f"the first that failed is {path}: {reason}" for path, reason in problems[:1])
    return DistiliqaError("no pair of slices could be scored", remedy=next(failed, None))
