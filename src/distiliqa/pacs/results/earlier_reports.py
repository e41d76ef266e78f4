"""Earlier reports on a series, such as those that an archive returned, and their scores."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import NamedTuple

from highdicom.sr import MeasurementReport, MeasurementsAndQualitativeEvaluations, srread
from pydicom import Dataset, dcmread

from distiliqa.errors import DistiliqaError
from distiliqa.files import check_regular
from distiliqa.models.config import ModelConfig
from distiliqa.pacs.results.dicom_result import INTERVAL_HIGH, INTERVAL_LOW, MODEL_SCORE, series_uid
from distiliqa.pacs.results.structured_report import RESULT
from distiliqa.scoring.result import ScoringRun

# Scores of one image by one model differ by no more, whatever else was scored beside it.
MAX_DIFFERENCE = 1e-4


class FiledScore(NamedTuple):
    """The score of one slice in a report.

    Attributes
    ----------
    sop_uid : str
        SOP Instance UID of the image.
    score : float
        On the scale of the model.
    interval : tuple[float, float] or None
        Prediction interval; None where the report has none.
    frame : int
        Frame of the image, from 0, as in `SliceScore`.
    """

    sop_uid: str
    score: float
    interval: tuple[float, float] | None
    frame: int


def read_scores(path: Path) -> list[FiledScore]:
    """Read the scores of the slices from a report that `write_sr` wrote, in their order.

    Raises
    ------
    DistiliqaError
        No such file, or no measurement report with scores of a model.
    """
    try:
        check_regular(path)
        content = srread(path).content
        if not isinstance(content, MeasurementReport):
            raise TypeError("another kind of report")
        groups = content.get_image_measurement_groups()
        scores = [_score_of(group) for group in groups if group.source_images]
    except Exception as error:  # pydicom and highdicom raise many kinds on other files
        raise _not_a_report(path, str(error) or type(error).__name__) from error
    if not scores:
        raise _not_a_report(path, "it rates no image")
    return scores


def _score_of(group: MeasurementsAndQualitativeEvaluations) -> FiledScore:
    ratings = {
        None if rating.derivation is None else rating.derivation.value: float(rating.value)
        for rating in group.get_measurements(MODEL_SCORE)
    }
    low, high = (ratings.get(end.value) for end in (INTERVAL_LOW, INTERVAL_HIGH))
    (image,) = group.source_images
    frames = image.referenced_frame_numbers or [1]
    return FiledScore(
        sop_uid=image.referenced_sop_instance_uid,
        score=ratings[None],
        interval=None if low is None or high is None else (low, high),
        frame=frames[0] - 1,
    )


def _not_a_report(path: Path, why: str) -> DistiliqaError:
    return DistiliqaError(
        f"not a report of image quality ({why})", path=path, remedy="give a file of `score --sr`"
    )


@dataclass(frozen=True)
class Earlier:
    """The last reports on a series; none for a new series.

    Attributes
    ----------
    reports : Sequence[Dataset]
        Structured reports.
    missing : int
        Number of slices that they rate and whose images are missing here.
    scores : Mapping[tuple[str, int], float]
        Their scores by SOP Instance UID and frame.
    """

    reports: Sequence[Dataset] = ()
    missing: int = 0
    scores: Mapping[tuple[str, int], float] = field(default_factory=dict)

    @classmethod
    def of(cls, results: Path, images: Path, series: str | None) -> Earlier:
        """Find the reports in the results before ``results``, as ``<hash>`` before ``<hash>-2``.

        Results of another series, whose UID has the same hash, are passed over.

        Parameters
        ----------
        images : Path
            The folder of the images, by their SOP Instance UIDs.
        series : str or None
            Series Instance UID of the images.
        """
        name, _, number = results.name.partition("-")
        before = [results.with_name(f"{name}-{n}") for n in range(int(number or 1) - 1, 1, -1)]
        here = {path.stem for path in images.glob("*.dcm")}
        for folder in (*before, *([results.with_name(name)] if number else [])):
            if paths := sorted(folder.glob("sr/*.dcm")):
                found = cls._of(paths, here)
                if all(_source(report) == series for report in found.reports):
                    return found
        return cls()

    @classmethod
    def _of(cls, paths: Sequence[Path], here: Collection[str]) -> Earlier:
        try:
            filed = [score for path in paths for score in read_scores(path)]
        except DistiliqaError:  # no report can refer to a damaged one
            return cls()
        missing = sum(score.sop_uid not in here for score in filed)
        scores = {(score.sop_uid, score.frame): score.score for score in filed}
        return cls([dcmread(path) for path in paths], missing, scores)

    def hold(self, run: ScoringRun) -> bool:
        """Whether a run adds nothing: the reports have its scores, by this version and model.

        A slice that failed adds that the report is partial, unless it is partial already.
        """
        if not self.reports or not all(_is_by(report, run.model) for report in self.reports):
            return False
        if run.failed and all(report.CompletionFlag == "COMPLETE" for report in self.reports):
            return False
        known = [(self.scores.get((s.sop_uid or "", s.frame)), s.score) for s in run.slices]
        return all(
            filed is not None and abs(filed - score) <= MAX_DIFFERENCE for filed, score in known
        )

    def counted(self, run: ScoringRun) -> ScoringRun:
        """Add the missing slices to the counts of a run; they may be of any of its series."""
        if not self.missing:
            return run
        scored = Counter(score.series for score in run.slices)
        expected = {
            series: max(run.expected.get(series, 0), count) + self.missing
            for series, count in scored.items()
        }
        return replace(run, expected=expected, found=run.found + self.missing)


def _is_by(report: Dataset, model: ModelConfig) -> bool:
    """Whether this version of distiliqa wrote a report with this model."""
    return report.SeriesInstanceUID == series_uid(_source(report), RESULT, model)


def _source(report: Dataset) -> str:
    """The Series Instance UID of the images that a report rates."""
    study = report.CurrentRequestedProcedureEvidenceSequence[0]
    return str(study.ReferencedSeriesSequence[0].SeriesInstanceUID)
