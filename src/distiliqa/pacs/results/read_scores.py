"""Scores read back from a structured report, such as one that an archive returned."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from highdicom.sr import MeasurementReport, MeasurementsAndQualitativeEvaluations, srread

from distiliqa.errors import DistiliqaError
from distiliqa.files import check_regular
from distiliqa.pacs.results import codes


class FiledScore(NamedTuple):
    """The score of one slice as it stands in a report.

    Attributes
    ----------
    sop_uid : SOP Instance UID of the image.
    score : on the scale of the model.
    interval : lowest and highest score to expect; None where the report has none.
    frame : 0-based frame of the image, as in `SliceScore`.
    """

    sop_uid: str
    score: float
    interval: tuple[float, float] | None
    frame: int


def read_scores(path: Path) -> list[FiledScore]:
    """Read the scores of the slices from a report that `write_sr` wrote, in their order.

    Raises
    ------
    DistiliqaError : no such file, or no measurement report with scores of a model.
    """
    try:
        check_regular(path)
        content = srread(path).content
        if not isinstance(content, MeasurementReport):
            raise TypeError("another kind of report")
        groups = content.get_image_measurement_groups()
        scores = [_slice(group) for group in groups if group.source_images]
    except Exception as error:  # pydicom and highdicom raise many kinds on other files
        raise _not_a_report(path, str(error) or type(error).__name__) from error
    if not scores:
        raise _not_a_report(path, "it rates no image")
    return scores


def _slice(group: MeasurementsAndQualitativeEvaluations) -> FiledScore:
    ratings = {
        None if rating.derivation is None else rating.derivation.value: float(rating.value)
        for rating in group.get_measurements(codes.MODEL_SCORE)
    }
    low, high = (ratings.get(end.value) for end in (codes.INTERVAL_LOW, codes.INTERVAL_HIGH))
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
