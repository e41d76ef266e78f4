"""The reference of the result columns, in Markdown, from the tables of the code."""

from __future__ import annotations

from distiliqa.monitor.database import _SCHEMA, _VIEW
from distiliqa.report.csv import COLUMNS, COMPARED

UNITS_AND_MEANINGS = {
    "path": ("", "the file that the slice was read from; `archive.zip/member` for a member"),
    "slice": ("", "index of the slice inside its file, from 0"),
    "series": ("", "series instance UID, or the file or folder that stands for a series"),
    "position_mm": ("mm", "position along the slice normal, which points to the head"),
    "score": ("scale of the model", "mean of the outputs of the model; higher is better"),
    "spread": ("scale of the model", "sample standard deviation of the outputs"),
    "warnings": ("", "what a reader of the score should know, separated by `; `"),
    "kvp": ("kV", "tube voltage, (0018,0060)"),
    "tube_current_ma": ("mA", "tube current, (0018,1151)"),
    "exposure_mas": ("mAs", "exposure, (0018,1152)"),
    "ctdivol_mgy": ("mGy", "CTDIvol, (0018,9345)"),
    "kernel": ("", "convolution kernel, (0018,1210)"),
    "slice_thickness_mm": ("mm", "slice thickness, (0018,0050)"),
    "body_part": ("", "body part examined, (0018,0015)"),
    "manufacturer": ("", "manufacturer, (0008,0070)"),
    "scanner": ("", "model name of the manufacturer, (0008,1090)"),
    "noise_hu": ("HU", "global noise level in the soft tissue, see `global_noise_level`"),
    "interval_low": ("scale of the model", "lower end of the prediction interval"),
    "interval_high": ("scale of the model", "upper end of the prediction interval"),
    "distance": ("1", "distance from the training images; above 1 the slice is out of domain"),
    "ssim": ("1", "structural similarity to the reference slice; 1 is best"),
    "psnr": ("dB", "peak signal-to-noise ratio to the reference slice; higher is better"),
    "vif": ("1", "visual information fidelity to the reference slice; 1 is the reference"),
    "gmsd": ("1", "gradient magnitude similarity deviation from the reference slice; 0 is best"),
}


def columns_of_scores_csv() -> str:
    """Give a row for each column, in the order of the file.

    Raises
    ------
    KeyError : a column has no meaning here.
    """
    lines = ["| column | unit | meaning |", "|---|---|---|"]
    for name in (*COLUMNS, *COMPARED):
        unit, meaning = UNITS_AND_MEANINGS[name]
        lines.append(f"| `{name}` | {unit} | {meaning} |")
    return "\n".join(lines)


def tables_of_monitor() -> str:
    """Give the schema of the database with its comments."""
    return f"```sql\n{_SCHEMA.strip()}\n{_VIEW.strip()}\n```"
