"""Series of a listener of which images come later, and the reports of their results."""

from __future__ import annotations

import shutil
from pathlib import Path

from pydicom import Dataset, dcmread

from distiliqa.pacs.listen.outbox import Outbox
from distiliqa.pacs.listen.scorer import Scorer


def come_late(scorer: Scorer, late: Path, name: str) -> Path:
    """Score a late image, with what is kept of its series; the folder of its results."""
    series = late.parents[1] / "complete" / name
    shutil.copytree(late, series)
    for kept in (path for path in scorer.scored.iterdir() if path.name.startswith("ab12")):
        for image in kept.iterdir():
            image.rename(series / image.name)
        kept.rmdir()
    scorer.score(series)
    return scorer.results / name


def by_uid(folder: Path) -> None:
    for path in list(folder.iterdir()):
        path.rename(folder / f"{dcmread(path).SOPInstanceUID}.dcm")


def report_in(results: Path) -> Dataset:
    (report,) = (results / "sr").iterdir()
    return dcmread(report)


def predecessors(report: Dataset) -> list[str]:
    return [
        item.ReferencedSOPInstanceUID
        for study in report.PredecessorDocumentsSequence
        for series in study.ReferencedSeriesSequence
        for item in series.ReferencedSOPSequence
    ]


def waiting(outbox: Outbox) -> list[str]:
    """Names of the reports that wait to be sent."""
    return sorted(path.name for path in outbox.folder.iterdir())
