"""Measures of slices and series as coded measurements (PS3.16, TID 300).

Names are of DICOM where it has one, else of the private scheme; units are of UCUM. Frequencies are
in cycles a centimeter, as the just noticeable change of a spectrum is stated, and as two decimals
then show enough of them.
"""

from __future__ import annotations

from collections.abc import Iterator
from statistics import fmean
from typing import NamedTuple

from highdicom.sr import Measurement
from pydicom.sr.coding import Code
from pydicom.valuerep import DS

from distiliqa.pacs.results.dicom_result import HOUNSFIELD_UNIT, MEAN, NO_UNITS, SCHEME
from distiliqa.report.columns import slice_columns
from distiliqa.report.mean_columns import known_values
from distiliqa.scoring.series_score import SeriesScore
from distiliqa.scoring.slice_score import SliceScore

_DIGITS = 2
_MGY = Code("mGy", "UCUM", "mGy")
_MILLIMETER = Code("mm", "UCUM", "mm")
_PER_CM = Code("/cm", "UCUM", "/Centimeter")


class _CodedMeasure(NamedTuple):
    """A column of results as DICOM names it, of a slice and of a series.

    Attributes
    ----------
    column : str
        Name of the column.
    name : Code
        Name of the measurement of a slice.
    unit : Code
        Its unit.
    factor : float
        What the value of the column is multiplied by to be in this unit.
    of_series : Code or None
        Name of the measurement of a series; None for ``name``.
    """

    column: str
    name: Code
    unit: Code = NO_UNITS
    factor: float = 1.0
    of_series: Code | None = None


def _own(code: str, meaning: str) -> Code:
    return Code(code, SCHEME, meaning)


def _dicom(code: str, meaning: str) -> Code:
    return Code(code, "DCM", meaning)


# SSDE and diameter: PS3.16, TID 10013; CTDIvol: CID 10050.
_MEASURES = (
    _CodedMeasure("mtf50_per_mm", _own("mtf-50", "MTF at the skin, 50 %"), _PER_CM, 10),
    _CodedMeasure("mtf10_per_mm", _own("mtf-10", "MTF at the skin, 10 %"), _PER_CM, 10),
    _CodedMeasure("nps_mean_per_mm", _own("nps-mean", "Mean frequency of noise"), _PER_CM, 10),
    _CodedMeasure("nps_peak_per_mm", _own("nps-peak", "Peak frequency of noise"), _PER_CM, 10),
    _CodedMeasure("dprime", _own("dprime", "Detectability index d' (NPW, 10 mm, 20 HU)")),
    _CodedMeasure(
        "dw_mm",
        _dicom("113995", "Water Equivalent Diameter At Longitudinal Position Z"),
        _MILLIMETER,
        of_series=_dicom("113980", "Water Equivalent Diameter"),
    ),
    _CodedMeasure("truncated_share", _own("truncated", "Share of the contour that is truncated")),
    _CodedMeasure("off_center_mm", _own("off-center", "Distance from the axis"), _MILLIMETER),
    _CodedMeasure("ctdivol_mgy", _dicom("113830", "Mean CTDIvol"), _MGY),
    _CodedMeasure(
        "ssde_mgy",
        _dicom("113993", "Size Specific Dose Estimate At Longitudinal Position Z"),
        _MGY,
        of_series=_dicom("113930", "Size Specific Dose Estimate"),
    ),
    _CodedMeasure("streak_index", _own("streaks", "Streaks in soft tissue"), HOUNSFIELD_UNIT),
    _CodedMeasure("ring_index", _own("rings", "Rings around the axis"), HOUNSFIELD_UNIT),
)
_COLUMNS = slice_columns(*(measure.column for measure in _MEASURES))


def measurement(
    name: Code, value: float, unit: Code = NO_UNITS, derivation: Code | None = None
) -> Measurement:
    """Make a measurement that shows a count, or two decimals, and keeps the value as measured.

    The text of a number is the Numeric Value; a fraction that it does not hold is beside it as the
    Floating Point Value (PS3.3, C.18.1).
    """
    made = Measurement(name, value, unit, derivation=derivation)
    text = f"{value:.{_DIGITS}f}" if isinstance(value, float) else str(value)
    made[0].MeasuredValueSequence[0].NumericValue = DS(text)
    return made


def slice_measures(score: SliceScore) -> Iterator[Measurement]:
    """Measurements of what was measured in a slice, and of its CTDIvol."""
    for measure, column in zip(_MEASURES, _COLUMNS, strict=True):
        if (value := column.value(score)) is not None:
            yield measurement(measure.name, float(value) * measure.factor, measure.unit)


def series_measures(series: SeriesScore) -> Iterator[Measurement]:
    """Means of the same over the slices that count."""
    for measure, column in zip(_MEASURES, _COLUMNS, strict=True):
        if found := known_values(series, column):
            name, mean = measure.of_series or measure.name, fmean(found) * measure.factor
            yield measurement(name, mean, measure.unit, MEAN)
