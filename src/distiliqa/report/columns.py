"""The facts of a slice and of a series that results have, with unit, digits and meaning.

Every file, page and screen selects from these tables. A new fact of a slice goes to the end of
`SCORES_CSV`. It is then in ``scores.csv``, ``scores.json``, archives and the documentation.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import fields
from operator import attrgetter
from typing import Any

from distiliqa.ct import Acquisition
from distiliqa.report.column import SCALE, Column, Level
from distiliqa.report.measured_columns import MEASURED_COLUMNS
from distiliqa.scoring.series_score import SeriesScore
from distiliqa.scoring.slice_score import Comparison, SliceScore


def _plain(
    name: str, unit: str, digits: int | None, term: str, meaning: str, take: str = ""
) -> Column:
    return Column(name, unit, digits, meaning, attrgetter(take or name), term=term)


def _noise(meaning: str, level: Level) -> Column:
    take, term = attrgetter("noise_hu"), "Noise level"
    return Column("noise_hu", "HU", 1, meaning, take, level, term=term)


def _fact(
    name: str, unit: str, digits: int | None, term: str, tag: str, heading: str = ""
) -> Column:
    take, meaning = attrgetter(f"acquisition.{name}"), f"{term}, DICOM {tag}."
    return Column(name, unit, digits, meaning, take, term=term, heading=heading)


def _of_header(name: str, term: str, meaning: str) -> Column:
    return _plain(name, "", None, term, meaning, f"acquisition.{name}")


def _end(name: str, at: int, meaning: str, level: Level = "slice") -> Column:
    def take(scored: SliceScore | SeriesScore) -> float | None:
        return None if scored.interval is None else scored.interval[at]

    heading = ("Low", "High")[at]
    return Column(name, SCALE, 2, meaning, take, level, term=f"{heading} end", heading=heading)


def _metric(name: str, unit: str, digits: int, meaning: str) -> Column:
    def take(slice_: SliceScore) -> float | None:
        return getattr(slice_.comparison or Comparison(), name)

    return Column(name, unit, digits, meaning, take, term=name.upper())


def _count(name: str, term: str, meaning: str, take: Callable[[SeriesScore], int | None]) -> Column:
    return Column(name, "", 0, meaning, take, "series", term=term)


def _out_of_domain(series: SeriesScore) -> int:
    return sum(slice_.out_of_domain for slice_ in series.slices)


def _position(name: str, term: str, choose: Callable[[list[float]], float]) -> Column:
    def take(series: SeriesScore) -> float | None:
        known = [s.position_mm for s in series.slices if s.position_mm is not None]
        return choose(known) if known else None

    meaning = f"{term} of a slice along the slice normal."
    return Column(name, "mm", 1, meaning, take, "series", term=term)


# In the order of the file. New columns go last, so that programs that read columns by position
# keep working.
SCORES_CSV = (
    _plain("path", "", None, "File", "File of the slice; `archive.zip/member` for a member."),
    _plain("slice", "", 0, "Frame", "Index of the slice inside its file, from 0.", "frame"),
    _plain("series", "", None, "Series", "Series instance UID, or the file or folder of it."),
    _plain("position_mm", "mm", 1, "Position", "Along the slice normal, towards the head."),
    _plain("score", SCALE, 2, "Score", "Mean of the outputs of the model, held back if processed."),
    _plain("spread", SCALE, 2, "Spread", "Standard deviation of the outputs of the model."),
    _plain("warnings", "", None, "Warnings", "What to know of the score, separated by `; `."),
    _fact("kvp", "kV", 0, "Tube voltage", "(0018,0060)", "Tube, kV"),
    _fact("tube_current_ma", "mA", 1, "Tube current", "(0018,1151)"),
    _fact("exposure_mas", "mAs", 1, "Exposure", "(0018,1152)"),
    _fact("ctdivol_mgy", "mGy", 2, "CTDIvol", "(0018,9345)"),
    _fact("kernel", "", None, "Kernel", "(0018,1210)"),
    _fact("slice_thickness_mm", "mm", 2, "Slice thickness", "(0018,0050)", "Slice, mm"),
    _fact("body_part", "", None, "Body part", "(0018,0015)"),
    _fact("manufacturer", "", None, "Manufacturer", "(0008,0070)"),
    _fact("scanner", "", None, "Scanner", "(0008,1090)"),
    _noise("Global noise level (GNL) in the soft tissue.", "slice"),
    _end("interval_low", 0, "Lower end of the prediction interval."),
    _end("interval_high", 1, "Upper end of the prediction interval."),
    _plain(
        "distance",
        "1",
        2,
        "Distance",
        "From the training images; out of domain above 1, and at any distance by size, region or "
        "header, see `outside`.",
    ),
    _metric("ssim", "1", 3, "Structural similarity to the reference slice; 1 is best."),
    _metric("psnr", "dB", 1, "Peak signal-to-noise ratio to the reference; higher is better."),
    _metric("vif", "1", 3, "Visual information fidelity; 1 is the reference slice."),
    _metric("gmsd", "1", 3, "Gradient magnitude similarity deviation; 0 is best."),
    _plain("number", "", 0, "Slice", "Number of the slice in its series, from 1, as on pages."),
    _plain("sop_instance_uid", "", None, "SOP", "SOP instance UID, (0008,0018).", "sop_uid"),
    _plain(
        "processed",
        "1",
        2,
        "Processed",
        "Probability that a denoiser or filter replaced the texture of noise.",
    ),
    _of_header("exposure_basis", "Exposure from", "How an impossible exposure was replaced."),
    _fact("ctdi_phantom_cm", "cm", 0, "CTDI phantom", "(0018,9346)"),
    _fact("pitch", "1", 3, "Pitch", "(0018,9311)"),
    _fact("rotation_time_s", "s", 3, "Rotation time", "(0018,9305)"),
    _fact("modulation", "", None, "Modulation", "(0018,9323)"),
    _of_header(
        "reconstruction_method",
        "Reconstruction",
        "Filtered back-projection, iterative or deep learning, as far as the header states it.",
    ),
    _of_header("reconstruction_algorithm", "Algorithm", "Name of the reconstruction."),
    _of_header("reconstruction_strength", "Strength", "Strength of the reconstruction."),
    _fact("field_of_view_mm", "mm", 1, "Field of view", "(0018,1100)"),
    *MEASURED_COLUMNS,
    _plain(
        "outside",
        "",
        None,
        "Out of domain",
        "Whether it is out of domain, or empty.",
        "out_of_domain",
    ),
)

# What scores.json and archives have besides.
BESIDES = (
    _plain("outputs", SCALE, 2, "Outputs", "The outputs of the model, one for each teacher."),
    _plain("empty", "", None, "Empty", "Whether it shows no patient."),
    _plain("model", "", None, "Model", "Name and version of the model."),
    _plain("raw_score", SCALE, 2, "Raw score", "Mean of the outputs, before it is held back."),
    _plain(
        "counts_as_processed",
        "",
        None,
        "Counts as processed",
        "Whether `processed` is above the threshold of the model: detail may be lost.",
    ),
    _plain(
        "unmapped_score",
        "",
        2,
        "Score before the map",
        "On the scale of the network, where the model maps its score to readers' ratings.",
        "unmapped",
    ),
)

_MEAN_SCORE = "Mean score of the slices that count."
_MEAN_PROCESSED = "Mean probability of processing of the slices that count."
_PROCESSED = "Slices with the texture of a denoiser or filter: detail may be lost."

SERIES = (
    Column("series", "", None, "As for a slice.", attrgetter("series"), "series", term="Series"),
    _count("slices", "Slices", "Number of scored slices.", lambda series: len(series.slices)),
    _count("counted", "Counted", "Slices that count for the mean.", lambda s: len(s.known)),
    _count("outside", "Out of domain", "Slices that are out of domain or empty.", _out_of_domain),
    Column("score", SCALE, 2, _MEAN_SCORE, attrgetter("score"), "series", term="Mean"),
    _end("interval_low", 0, "Mean lower end of the prediction intervals.", "series"),
    _end("interval_high", 1, "Mean upper end of the prediction intervals.", "series"),
    _noise("Mean global noise level (GNL) of the slices that count.", "series"),
    _position("lowest_position_mm", "Lowest position", min),
    _position("highest_position_mm", "Highest position", max),
    Column("processed", "1", 2, _MEAN_PROCESSED, attrgetter("processed"), "series", "Processed"),
    _count("processed_slices", "Processed slices", _PROCESSED, attrgetter("processed_slices")),
)

_OF_SLICE = {column.name: column for column in (*SCORES_CSV, *BESIDES)}
_OF_SERIES = {column.name: column for column in SERIES}

# The acquisition facts, and the metrics against a reference.
FACTS = tuple(_OF_SLICE[field.name] for field in fields(Acquisition))
COMPARED = tuple(_OF_SLICE[name] for name in ("ssim", "psnr", "vif", "gmsd"))


def slice_columns(*names: str) -> tuple[Column, ...]:
    """The columns of a slice with these names."""
    return tuple(_OF_SLICE[name] for name in names)


def series_columns(*names: str) -> tuple[Column, ...]:
    """The columns of a series with these names."""
    return tuple(_OF_SERIES[name] for name in names)


def row_of(columns: Iterable[Column], scored: object) -> dict[str, Any]:
    """The facts of a slice, series or entry by the names of their columns, not rounded."""
    return {column.name: column.value(scored) for column in columns}
