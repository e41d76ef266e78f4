"""A job: inputs to score, how far it is, and its record on disk, which outlives the server."""

from __future__ import annotations

import secrets
from dataclasses import asdict, dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Any, Literal

from distiliqa.errors import DistiliqaError
from distiliqa.files import write_json
from distiliqa.foreign_json import from_json, read_json
from distiliqa.serve.selected_series import SelectedSeries

State = Literal["queued", "running", "done", "failed", "cancelled"]
ENDED = ("done", "failed", "cancelled")
MAX_RECORD_BYTES = 16 << 20  # names of 20,000 inputs, and of the slices in them
_TIME = len("YYYYMMDD-hhmmss")  # at the start of an id


@dataclass(frozen=True)
class Job:
    """What was asked for, and how far it is.

    Attributes
    ----------
    id : str
        Name of its record and of the folder of its results.
    label : str
        Its name on the page, which identifies nobody unless the server identifies.
    inputs : tuple[str, ...]
        Files and folders to score.
    series : tuple[SelectedSeries, ...]
        Score these series alone; empty for all.
    state_of_inputs : str
        Hash of the inputs and the settings, so that a new start sees whether they have changed;
        empty where it is not known.
    pdf, sr : bool
        Write ``report.pdf``, and structured reports.
    state : {"queued", "running", "done", "failed", "cancelled"}
        ``cancelled`` keeps the scores until then.
    step : str
        What runs, or what the end was, in words.
    scored, found : int
        Slices that were scored, and slices that were found.
    problems : int
        Files that failed or could not be written.
    """

    id: str
    label: str
    inputs: tuple[str, ...]
    series: tuple[SelectedSeries, ...] = ()
    state_of_inputs: str = ""
    pdf: bool = False
    sr: bool = False
    state: State = "queued"
    step: str = "waiting"
    scored: int = 0
    found: int = 0
    problems: int = 0

    @property
    def has_ended(self) -> bool:
        """Whether nothing more will happen to it."""
        return self.state in ENDED

    def public(self) -> dict[str, Any]:
        """The job without paths and UIDs, for the page."""
        hidden = ("inputs", "series", "state_of_inputs")
        shown = {name: value for name, value in asdict(self).items() if name not in hidden}
        return shown | {"export": bool(self.series), "asked": self._asked()}

    def _asked(self) -> str:
        """When it was asked for, UTC, as ISO 8601."""
        return datetime.strptime(self.id[:_TIME], "%Y%m%d-%H%M%S").isoformat() + "Z"


def new_job(label: str, inputs: tuple[str, ...], **asked: Any) -> Job:
    """A job that waits; ids sort by the time at which they were asked for."""
    now = datetime.now(timezone.utc).strftime("%Y%m%d-%H%M%S-%f")
    return Job(f"{now}-{secrets.token_hex(2)}", label, inputs, **asked)


def write_job(folder: Path, job: Job) -> None:
    """Keep the record of a job. Raises `DistiliqaError` on a full disk."""
    write_json(folder / f"{job.id}.json", asdict(job))


def read_jobs(folder: Path) -> list[Job]:
    """The jobs of earlier servers in the order they were asked for; those cut short wait again.

    A record that cannot be read is left where it is.
    """
    found = []
    for path in sorted(folder.glob("*.json")):
        try:
            job = from_json(Job, read_json(path, MAX_RECORD_BYTES), path.name)
        except (DistiliqaError, TypeError, ValueError):
            continue
        if job.id == path.stem:
            found.append(job if job.has_ended else _asked_again(job))
    return found


def _asked_again(job: Job) -> Job:
    return Job(
        job.id, job.label, job.inputs, job.series, job.state_of_inputs, pdf=job.pdf, sr=job.sr
    )
