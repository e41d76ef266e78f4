"""Rated data set from pairs of doses: mixed doses, labels, lists for training and testing."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path
from typing import NamedTuple

import numpy as np

from distiliqa.ct.listing import Problem
from distiliqa.errors import CTReadError, DistiliqaError
from distiliqa.files import make_folder, sha256, write_csv, write_json
from distiliqa.jobs import run_jobs
from distiliqa.lab.data.dose_mixing import DoseFormula, check_doses, mix
from distiliqa.lab.data.pair_images import read_images
from distiliqa.lab.data.pairs import DosePair, Pairing
from distiliqa.lab.data.rated_folder import (
    DATASET,
    MANIFEST,
    TEST,
    TRAIN,
    Journal,
    ManifestRow,
    Summary,
    relative,
    remove_lists,
    stamp,
)
from distiliqa.metrics.ssim import ssim
from distiliqa.version import __version__

DOSES = (0.5, 0.75)
FULL_DOSE_SCORE = 1.0
REPORT, JOURNAL = "preprocess.json", "preprocess.jsonl"


@dataclass(frozen=True)
class Mixing:
    """Doses to mix from a pair, and the formula."""

    doses: tuple[float, ...] = DOSES
    formula: DoseFormula = DoseFormula.PHYSICAL


class PairScores(NamedTuple):
    """Result of one pair.

    Attributes
    ----------
    scores : of the low dose and of each mixed dose.
    sha256 : of the full-dose and the low-dose file.
    """

    scores: Sequence[float]
    sha256: Sequence[str]


def preprocess(
    pairing: Pairing,
    folder: Path,
    *,
    mixing: Mixing | None = None,
    train_cases: Sequence[str] | None = None,
    test_cases: Sequence[str] = (),
    jobs: int | None = None,
) -> Summary:
    """Write mixed doses and labels of all pairs to ``folder``.

    ``dataset.json``, ``train.json`` and ``test.json`` map the path of an image, relative to
    ``folder``, to its score; ``manifest.csv`` describes each; ``preprocess.json`` records
    the run. Slices that an earlier run did with the same settings are not done again. Processes are
    spawned: a script that calls this needs ``if __name__ == "__main__"``.

    Parameters
    ----------
    train_cases : cases of ``train.json``; all but the test cases when None.
    jobs : number of processes; all cores when None.

    Raises
    ------
    DistiliqaError : contradictory doses or cases, a test case without a pair while all
        others are trained on, no pair of any training case, or an output that cannot be written.
    """
    mixing = mixing or Mixing()
    for low_dose in {pair.low_dose for pair in pairing.pairs}:
        check_doses(mixing.doses, low_dose)
    _check_cases(train_cases or (), test_cases)
    if train_cases is None:  # a test case of another spelling would be trained on
        pairing.require(test_cases)
    elif pairing.pairs and not {pair.case for pair in pairing.pairs} & set(train_cases):
        pairing.require(train_cases)
    make_folder(folder)
    rated, unreadable, reused = _rate_all(pairing.pairs, folder, mixing, jobs)
    rows = [row for pair in rated for row in _rows(pair, rated[pair], folder, mixing.doses)]
    lists = _lists(rows, train_cases, test_cases)
    for name, images in lists.items():
        write_json(folder / name, images)
    write_csv(folder / MANIFEST, ManifestRow._fields, rows)
    summary = Summary(
        folder=folder,
        images=len(lists[DATASET]),
        train=len(lists[TRAIN]),
        test=len(lists[TEST]),
        reused=reused,
        problems=(*pairing.problems, *unreadable),
    )
    _write_report(summary, rated, mixing, train_cases, test_cases)
    return summary


def _check_cases(train_cases: Sequence[str], test_cases: Sequence[str]) -> None:
    both = sorted(set(train_cases) & set(test_cases))
    if both:
        raise DistiliqaError(
            f"case {both[0]} is in the training and the test cases", remedy="name it once"
        )


def _rate_all(
    pairs: Sequence[DosePair], folder: Path, mixing: Mixing, jobs: int | None
) -> tuple[dict[DosePair, PairScores], list[Problem], int]:
    """Results in the order of ``pairs``; problems; number of pairs found in the journal."""
    journal = Journal(folder / JOURNAL)
    entries = {pair: journal.find(_stamp(pair, folder, mixing)) for pair in pairs}
    known = {
        pair: None if entry is None else PairScores(**entry) for pair, entry in entries.items()
    }
    pending = [pair for pair in pairs if known[pair] is None]
    if pending:
        # Images are about to change: an interrupted run must not leave the labels of old ones.
        remove_lists(folder, REPORT)
    problems = {}
    work = partial(rate_pair, folder=folder, mixing=mixing)
    for index, outcome in run_jobs(work, pending, jobs=jobs, description="mixing doses"):
        pair = pending[index]
        if isinstance(outcome, CTReadError):
            problems[index] = Problem(str(outcome.path), outcome.problem)
        else:
            known[pair] = outcome
            journal.enter(_stamp(pair, folder, mixing), outcome._asdict())
    rated = {pair: found for pair, found in known.items() if found is not None}
    return rated, [problems[index] for index in sorted(problems)], len(pairs) - len(pending)


def rate_pair(pair: DosePair, *, folder: Path, mixing: Mixing) -> PairScores:
    """Write the mixed doses of one pair; score the low dose and each of them.

    A score is the structural similarity to the full dose as a reader sees both, in the 350 / 40
    window: the label of the chest set of DistilIQA (doi 10.1016/j.compbiomed.2024.108670).

    Raises
    ------
    CTReadError : an image that cannot be read, or two of different size.
    """
    images = read_images(pair)
    scores = [ssim(images.low, images.full)]
    if pair.frame is not None:  # training reads one slice a file
        for dose, hu in ((1.0, images.full), (pair.low_dose, images.low)):
            path = _mixed_path(pair, dose, folder)
            derivation = f"slice {pair.frame} at dose {dose:g}"
            images.write(path, np.rint(hu).astype(np.int32), derivation, dose)
    for dose in mixing.doses:
        mixed = mix(images.full, images.low, dose, pair.low_dose, mixing.formula)
        derivation = f"dose {dose:g} from doses 1 and {pair.low_dose:g}, {mixing.formula.value}"
        images.write(_mixed_path(pair, dose, folder), mixed, derivation, dose)
        scores.append(ssim(mixed, images.full))
    files = (pair.full, pair.low)
    return PairScores(scores, [_digest(path, path.stat().st_mtime_ns) for path in files])


@lru_cache(maxsize=2)  # of a volume each slice is a pair
def _digest(path: Path, modified_ns: int) -> str:
    return sha256(path)


def _mixed_path(pair: DosePair, dose: float, folder: Path) -> Path:
    return folder / pair.place / f"{dose:g}Dose" / pair.name


def _made(pair: DosePair, folder: Path, doses: Sequence[float]) -> list[Path]:
    """Files made of a pair: the mixed doses; for a slice of volumes the two doses before them."""
    own = () if pair.frame is None else (1.0, pair.low_dose)
    return [_mixed_path(pair, dose, folder) for dose in (*own, *doses)]


def _stamp(pair: DosePair, folder: Path, mixing: Mixing) -> str | None:
    mixed = _made(pair, folder, mixing.doses)
    settings = (mixing.formula.value, pair.low_dose, *mixing.doses)
    return stamp(settings, (pair.full, pair.low, *mixed))


def _rows(
    pair: DosePair, rated: PairScores, folder: Path, doses: Sequence[float]
) -> Iterable[ManifestRow]:
    """Rows of the manifest in the published order: full dose, low dose, mixed doses."""
    mixed = [relative(path, folder) for path in _made(pair, folder, doses)]
    paths = [relative(pair.full, folder), relative(pair.low, folder), *mixed]
    stem = pair.full.stem
    if pair.frame is not None:
        paths, stem = mixed, f"{pair.full.name}-{pair.frame + 1:04}"
    source, name = paths[0], (pair.place / stem).as_posix()
    for path, dose, score in zip(
        paths, (1.0, pair.low_dose, *doses), (FULL_DOSE_SCORE, *rated.scores), strict=True
    ):
        yield ManifestRow(path, pair.case, name, dose, score, source)


def _lists(
    rows: Sequence[ManifestRow], train_cases: Sequence[str] | None, test_cases: Sequence[str]
) -> dict[str, dict[str, float]]:
    """Path -> score for the whole data set, the training cases and the test cases."""

    def trains(case: str) -> bool:
        return case not in test_cases if train_cases is None else case in train_cases

    return {
        DATASET: {row.path: row.score for row in rows},
        TRAIN: {row.path: row.score for row in rows if trains(row.case)},
        TEST: {row.path: row.score for row in rows if row.case in test_cases},
    }


def _write_report(
    summary: Summary,
    rated: dict[DosePair, PairScores],
    mixing: Mixing,
    train_cases: Sequence[str] | None,
    test_cases: Sequence[str],
) -> None:
    settings = {
        "doses": mixing.doses,
        "dose_formula": mixing.formula.value,
        "train_cases": train_cases,
        "test_cases": test_cases,
    }
    counts = {name: getattr(summary, name) for name in ("images", "train", "test", "reused")}
    problems = [problem._asdict() for problem in summary.problems]
    hashes = {
        str(path): digest
        for pair, found in rated.items()
        for path, digest in zip((pair.full, pair.low), found.sha256, strict=True)
    }
    report = {"version": __version__, "settings": settings, **counts, "problems": problems}
    report["sha256"] = hashes
    write_json(summary.folder / REPORT, report)
