"""Scores as a DICOM structured report: Comprehensive 3D SR of template TID 1500.

DICOM PS3.3, A.35.13 (Comprehensive 3D SR) and PS3.16, TID 1500 (Measurement Report). The first
measurement group (TID 1501) sums up the series; then each slice has one, which refers to its
image. Patient and study are those of the images, as an archive needs them to file the report; it is
preliminary and unverified.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path

from highdicom.sr import (
    Comprehensive3DSR,
    Measurement,
    MeasurementReport,
    MeasurementsAndQualitativeEvaluations,
    ObservationContext,
    ObserverContext,
    QualitativeEvaluation,
    SourceImageForMeasurementGroup,
    TrackingIdentifier,
)
from pydicom import Dataset
from pydicom.sr.codedict import codes as dicom
from pydicom.sr.coding import Code
from pydicom.uid import generate_uid

from distiliqa.models.config import ModelConfig
from distiliqa.models.score_scale import ScoreScale
from distiliqa.pacs.results.coded_measures import measurement, series_measures, slice_measures
from distiliqa.pacs.results.dicom_result import (
    CT_OF_ANY_BODY_REGION,
    DETAIL_LOST,
    GLOBAL_NOISE_LEVEL,
    HOUNSFIELD_UNIT,
    IMAGE_QUALITY_RATING,
    INTERVAL_HIGH,
    INTERVAL_LOW,
    MAKER,
    MEAN,
    MODEL_SCORE,
    NO,
    OUT_OF_DOMAIN,
    PROCESSED,
    SLICES,
    SLICES_OUT_OF_DOMAIN,
    SLICES_PROCESSED,
    YES,
    algorithm,
    device,
    made_by,
    write_result,
)
from distiliqa.pacs.results.referenced_images import ReadSources, SourceImage, read_sources
from distiliqa.scoring.series_score import SeriesScore
from distiliqa.scoring.slice_score import SliceScore

RESULT = "SR"
SERIES_NUMBER = 9101  # behind those that scanners give
SERIES_DESCRIPTION = "CT image quality (research, not a medical device)"


def write_sr(
    path: Path,
    series: SeriesScore,
    model: ModelConfig,
    *,
    replaces: Sequence[Dataset] = (),
    sources: ReadSources = read_sources,
) -> None:
    """Write the scores of one DICOM series as a structured report, atomically.

    It is marked as partial where slices of the series were not scored.

    Parameters
    ----------
    replaces : Sequence[Dataset]
        Earlier reports on the series, the predecessors of this one (PS3.3, C.17.2).
    sources : ReadSources
        Gives the images of a series; one that remembers them reads no header twice.

    Raises
    ------
    DistiliqaError
        The series is not DICOM or its headers cannot be referred to, see `read_sources`; the disk
        is full or the folder cannot be written.
    """
    make = partial(structured_report, series, model, replaces=replaces, sources=sources)
    write_result(path, make)


def structured_report(
    series: SeriesScore,
    model: ModelConfig,
    *,
    replaces: Sequence[Dataset] = (),
    sources: ReadSources = read_sources,
) -> Comprehensive3DSR:
    """The structured report of one series, see `write_sr`; a new instance each time."""
    images = sources(series)
    first = images[0].header
    report = Comprehensive3DSR(
        evidence=_once([image.header for image in images]),
        content=_content(series, images, model),
        series_number=SERIES_NUMBER,
        series_description=SERIES_DESCRIPTION,
        is_complete=series.complete,
        is_final=False,
        previous_versions=replaces or None,
        **made_by(first.SeriesInstanceUID, RESULT, model),
    )
    _separate(report)
    return report


def _separate(item: Dataset) -> None:
    """Mark containers as lists of items: they are no running text (PS3.3, C.18.8)."""
    if item.ValueType == "CONTAINER":
        item.ContinuityOfContent = "SEPARATE"
    for inner in item.get("ContentSequence", ()):
        _separate(inner)


def _once(headers: list[Dataset]) -> list[Dataset]:
    """The images without duplicates: all frames of a file share one header."""
    return list({header.SOPInstanceUID: header for header in headers}.values())


def _content(
    series: SeriesScore, sources: list[SourceImage], model: ModelConfig
) -> MeasurementReport:
    observer = ObserverContext(
        observer_type=dicom.DCM.Device, observer_identifying_attributes=device(model)
    )
    groups = [_series_group(series, sources[0].header, model)]
    for number, (score, source) in enumerate(zip(series.slices, sources, strict=True), 1):
        groups.append(_slice_group(score, source, number, model))
    return MeasurementReport(
        observation_context=ObservationContext(observer_device_context=observer),
        procedure_reported=CT_OF_ANY_BODY_REGION,
        imaging_measurements=groups,
    )


def _series_group(
    series: SeriesScore, header: Dataset, model: ModelConfig
) -> MeasurementsAndQualitativeEvaluations:
    counts = {
        SLICES: len(series.slices),
        SLICES_OUT_OF_DOMAIN: sum(score.out_of_domain for score in series.slices),
    }
    if series.processed_slices is not None:
        counts[SLICES_PROCESSED] = series.processed_slices
    return MeasurementsAndQualitativeEvaluations(
        tracking_identifier=_tracking("series", header.SeriesInstanceUID),
        algorithm_id=algorithm(model, in_full=True),
        measurements=[
            *_scores(series.score, series.interval, model.scale, derivation=MEAN),
            *_noise(series.noise_hu, derivation=MEAN),
            *_processed(series.processed, derivation=MEAN),
            *series_measures(series),
            *(measurement(name, count) for name, count in counts.items()),
        ],
    )


def _slice_group(
    score: SliceScore, source: SourceImage, number: int, model: ModelConfig
) -> MeasurementsAndQualitativeEvaluations:
    header = source.header
    verdicts = {}
    if score.distance is not None:
        verdicts[OUT_OF_DOMAIN] = score.out_of_domain
    if score.processed is not None and model.processed_calibration is not None:
        verdicts[DETAIL_LOST] = score.counts_as_processed
    return MeasurementsAndQualitativeEvaluations(
        tracking_identifier=_tracking(f"slice {number}", header.SOPInstanceUID, score.frame),
        algorithm_id=algorithm(model),
        measurements=[
            *_scores(score.score, score.interval, model.scale),
            *_noise(score.noise_hu),
            *_processed(score.processed),
            *slice_measures(score),
        ],
        qualitative_evaluations=[
            QualitativeEvaluation(name, YES if found else NO) for name, found in verdicts.items()
        ],
        source_images=[
            SourceImageForMeasurementGroup(header.SOPClassUID, header.SOPInstanceUID, source.frames)
        ],
    )


def _tracking(name: str, *what: object) -> TrackingIdentifier:
    """The same UID for the same slice in each report of it (PS3.16, TID 4108)."""
    return TrackingIdentifier(generate_uid(entropy_srcs=[MAKER, *map(str, what)]), name)


def _scores(
    score: float,
    interval: tuple[float, float] | None,
    scale: ScoreScale,
    derivation: Code | None = None,
) -> list[Measurement]:
    """The score as DICOM rates image quality and on the scale of the model, with its interval."""
    ends = None
    if interval is not None:  # the ends are exchanged where lower scores are better
        low, high = sorted(_rating(end, scale) for end in interval)
        ends = low, high
    return [
        *_with_ends(IMAGE_QUALITY_RATING, _rating(score, scale), ends, derivation),
        *_with_ends(MODEL_SCORE, score, interval, derivation),
    ]


def _rating(score: float, scale: ScoreScale) -> float:
    """An Image Quality Rating: 0 is the worst quality and 100 the best (PS3.16, Annex D)."""
    share = 100 * (score - scale.low) / (scale.high - scale.low)
    return min(max(share if scale.higher_is_better else 100 - share, 0.0), 100.0)


def _with_ends(
    name: Code, value: float, ends: tuple[float, float] | None, derivation: Code | None
) -> list[Measurement]:
    values = [(value, derivation)]
    if ends is not None:
        values += zip(ends, (INTERVAL_LOW, INTERVAL_HIGH), strict=True)
    return [measurement(name, float(end), derivation=how) for end, how in values]


def _noise(noise_hu: float | None, derivation: Code | None = None) -> list[Measurement]:
    if noise_hu is None:
        return []
    return [measurement(GLOBAL_NOISE_LEVEL, float(noise_hu), HOUNSFIELD_UNIT, derivation)]


def _processed(probability: float | None, derivation: Code | None = None) -> list[Measurement]:
    if probability is None:
        return []
    return [measurement(PROCESSED, float(probability), derivation=derivation)]
