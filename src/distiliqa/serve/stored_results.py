"""Results of ``distiliqa score --out``, read again from their folder for the page."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

from distiliqa.ct import Acquisition, Problem
from distiliqa.errors import DistiliqaError, one_line
from distiliqa.files import FileStamp, file_stamp
from distiliqa.foreign_json import parse_json
from distiliqa.foreign_text import read_text
from distiliqa.report import SCORES_JSON, SERIES_CSV
from distiliqa.report.columns import FACTS
from distiliqa.report.formatting import protocol, scanner
from distiliqa.report.level_checks import LevelCheck
from distiliqa.report.names import short_hash
from distiliqa.scoring.levels import Range

MAX_RESULT_BYTES = 512 << 20  # 100,000 slices
_MAX_KEPT = 1024  # results that are not read again; of a listener 500 are shown
_ACQUISITION = {found.name for found in fields(Acquisition)}
_NUMBERS = [column.name for column in FACTS if column.digits is not None]
# Of a slice; all else stays in its file.
_SLICE = (
    *("path", "slice", "sha256", "number", "position_mm", "score", "interval", "outside", "empty"),
    *("noise_hu", "mtf50_per_mm", "dw_mm", "ssde_mgy", "ctdivol_mgy", "warnings"),
)
_DOSE = "ctdivol_mgy"  # of the acquisition facts of a slice


@dataclass(frozen=True)
class StoredSeries:
    """A series of stored results.

    Attributes
    ----------
    key : str
        Its name in addresses: id of the results and short hash of its UID.
    uid : str
        Its UID, or the file or folder that stands for it.
    facts : dict[str, Any]
        What the list shows, without what may identify.
    numbers : dict[str, float | None]
        All of its numbers by column: means over its slices, settings of the scan.
    identity : dict[str, Any]
        What may identify: name, date, protocol, description.
    cells : Mapping[str, str]
        Its row of ``series.csv``.
    slices : tuple[dict[str, Any], ...]
        In reading order.
    complete : bool
        Whether no slice is missing, as far as is known.
    """

    key: str
    uid: str
    facts: dict[str, Any]
    numbers: dict[str, float | None] = field(repr=False)
    identity: dict[str, Any] = field(repr=False)
    cells: Mapping[str, str] = field(repr=False)
    slices: tuple[dict[str, Any], ...] = field(repr=False)
    complete: bool = True

    def row(self, *, identify: bool) -> dict[str, Any]:
        """The row of the list."""
        return {"key": self.key, **self.facts, **(self.identity if identify else {})}


@dataclass(frozen=True)
class StoredResults:
    """The results of a folder.

    Attributes
    ----------
    id : str
        Their name in addresses.
    folder : Path
        Where they lie.
    model : dict[str, Any]
        Name, version, SHA-256 and scale of the model.
    window : dict[str, float]
        The window of the model, HU.
    image_size : int
        Rows and columns that it sees.
    series : tuple[StoredSeries, ...]
        In reading order.
    failed : tuple[Problem, ...]
        What could not be scored.
    dose_reports : tuple[str, ...]
        Paths of the dose reports that were used.
    """

    id: str
    folder: Path
    model: dict[str, Any]
    window: dict[str, float]
    image_size: int
    series: tuple[StoredSeries, ...]
    failed: tuple[Problem, ...] = ()
    dose_reports: tuple[str, ...] = ()


class Chosen(NamedTuple):
    """A series and the results that it belongs to."""

    results: StoredResults
    series: StoredSeries


def is_results(folder: Path) -> bool:
    """Whether a folder holds results of ``score --out``."""
    return (folder / SCORES_JSON).is_file() and (folder / SERIES_CSV).is_file()


def read_results(folder: Path, number: str) -> StoredResults:
    """Read the results of a folder; those that have not changed are read once.

    Raises
    ------
    DistiliqaError
        They cannot be read, or are not of ``distiliqa score``.
    """
    return _read(folder, number, file_stamp(folder / SCORES_JSON, folder / SERIES_CSV))


@lru_cache(maxsize=_MAX_KEPT)
def _read(folder: Path, number: str, stamp: FileStamp | None) -> StoredResults:
    path = folder / SCORES_JSON
    if stamp is None:
        raise DistiliqaError("is not there any more", path=path, remedy="score the folder again")
    content = parse_json(read_text(path, MAX_RESULT_BYTES), path)
    try:
        model = content["model"]
        title = f"{model['name']} {model['version']}"
        rows = _series_rows(folder / SERIES_CSV)
        series = tuple(
            _series(number, title, facts, rows[at] if at < len(rows) else {})
            for at, facts in enumerate(content["series"])
        )
        settings = content["settings"]
        return StoredResults(
            number,
            folder,
            model,
            {name: float(settings["window"][name]) for name in ("width", "level")},
            int(settings["image_size"]),
            series,
            tuple(Problem(one["path"], one["reason"]) for one in content.get("failed", ())),
            tuple(settings.get("dose_reports", ())),
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise DistiliqaError(
            f"not of distiliqa score ({type(error).__name__}: {error})",
            path=path,
            remedy="score the folder again",
        ) from error


def _series_rows(path: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(read_text(path), newline="")))


def _series(
    number: str, model: str, record: dict[str, Any], row: Mapping[str, str]
) -> StoredSeries:
    uid = str(record["series"])
    found = {name: value for name, value in record["acquisition"].items() if name in _ACQUISITION}
    made = Acquisition(**found)
    slices = tuple(_slice(slice_) for slice_ in record["slices"])
    means = {name: of["mean"] for name, of in record["over_slices"].items()}
    scan = [f"series {row['series_number']}"] if row.get("series_number") else []
    hashed = short_hash(uid)
    facts = {
        "name": ", ".join([*scan, *filter(None, [row.get("scan_time")]), hashed]),
        "protocol": protocol(made),
        "standard_name": record.get("standard_name"),
        "scanner": scanner(made),
        "kernel": made.kernel and one_line(made.kernel),
        "model": model,
        "score": record["score"],
        "interval": record.get("interval"),
        "noise_hu": record.get("noise_hu"),
        **{name: means.get(name) for name in ("mtf50_per_mm", "ssde_mgy")},
        "slices": len(slices),
        "out_of_domain": record.get("outside", 0),
        "warnings": sorted({*record["warnings"], *(w for s in slices for w in s["warnings"])}),
        "levels": _levels(record.get("levels")),
        "checks": [_check(check) for check in record.get("levels") or []],
    }
    identity = {
        "name": one_line(row.get("name") or hashed),
        **{name: row.get(name) or None for name in _IDENTIFYING},
    }
    event = (record.get("dose") or {}).get("event") or {}
    stated = {name: getattr(made, name) for name in _NUMBERS}
    stated["ctdi_phantom_cm"] = made.ctdi_phantom_cm or event.get("ctdi_phantom_cm")
    numbers = {**stated, **means, **{name: facts[name] for name in ("score", "noise_hu", "slices")}}
    complete = bool(record.get("complete", True))
    key = f"{number}.{hashed}"
    return StoredSeries(key, uid, facts, numbers, identity, row, slices, complete)


_IDENTIFYING = ("study_date", "protocol_name", "series_description", "station")


def _slice(record: dict[str, Any]) -> dict[str, Any]:
    found = {name: record.get(name) for name in _SLICE}
    return found | {_DOSE: record["acquisition"].get(_DOSE)}


def _check(check: dict[str, Any]) -> dict[str, str]:
    """A check as the report shows it, and its verdict for the color."""
    limits = Range(check["low"], check["high"])
    term, text = LevelCheck(check["measure"], check["value"], limits, check["verdict"]).in_full
    return {"verdict": check["verdict"], "text": f"{term}: {text}"}


def _levels(checks: list[dict[str, Any]] | None) -> str | None:
    """The checks in one word, see `distiliqa.report.level_checks.level_state`; None for none."""
    if checks is None:
        return None
    verdicts = {check["verdict"] for check in checks}
    if verdicts & {"below", "above"}:
        return "not in range"
    return "in range" if verdicts == {"in range"} else "not known"
