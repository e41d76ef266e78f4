"""A job in a process of its own: it scores as ``distiliqa score --out`` does.

A decoder that crashes or memory that runs out ends this process, not the server. The page stays
quick meanwhile.
"""

from __future__ import annotations

import signal
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from multiprocessing.connection import Connection
from multiprocessing.synchronize import Event
from pathlib import Path
from typing import Any

from distiliqa.ct import Problem
from distiliqa.errors import DistiliqaError
from distiliqa.models.config import ModelConfig
from distiliqa.models.folder import DEFAULT, digest_of, find_model, read_config
from distiliqa.scoring.levels import Levels
from distiliqa.scoring.measuring import Measuring
from distiliqa.scoring.protocol_rules import ProtocolRules
from distiliqa.serve.job import Job

Note = Callable[..., None]


@dataclass(frozen=True)
class ScoringSettings:
    """What all jobs of a server have in common, as the options of ``score``."""

    model: str = DEFAULT
    identify: bool = False
    measures: Measuring = "basic"
    protocols: ProtocolRules | None = None
    levels: Levels | None = None

    @property
    def config(self) -> ModelConfig | None:
        """The description of the model; None where it cannot be read, which a job reports."""
        try:
            return read_config(find_model(self.model))
        except DistiliqaError:
            return None

    @property
    def state(self) -> str:
        """All of it that changes results, by content: a model may be exported anew."""
        model = None if self.config is None else digest_of(self.config)
        tables = [None if one is None else one.sha256 for one in (self.protocols, self.levels)]
        return f"{model} {self.identify} {self.measures} {tables}"


class Cancelled(DistiliqaError):
    """The user has cancelled the job."""


def run_job(
    job: Job, folder: Path, settings: ScoringSettings, changes: Connection, cancelled: Event
) -> None:
    """Score a job, write its results into ``folder``, and report on the way.

    Parameters
    ----------
    changes : Connection
        Takes the fields of the job that change, as a dict.
    cancelled : Event
        Set to end the job; the scores until then are written.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the server ends it in order

    def note(**change: Any) -> None:
        changes.send(change)

    try:
        note(**_score(job, folder, settings, note, cancelled))
    except Exception as error:  # what libraries raise on a damaged file ends one job, in words
        note(state="failed", step=_why(error, identify=settings.identify))


def _score(
    job: Job, folder: Path, settings: ScoringSettings, note: Note, cancelled: Event
) -> dict[str, Any]:
    from distiliqa.outputs import Outputs
    from distiliqa.scoring.model import load_model
    from distiliqa.scoring.run import require_scores, score_inputs
    from distiliqa.scoring.tuning import tuned

    note(state="running", step="reading headers")
    model = load_model(settings.model)
    outputs = Outputs(folder, settings.identify, pdf=job.pdf, sr=job.sr)
    outputs.check(model.config)
    found = _selected(job)

    def progress(done: int, total: int) -> None:
        note(step="scoring", scored=done, found=total)
        if cancelled.is_set():
            raise Cancelled("cancelled")

    run = score_inputs(
        found,
        model,
        progress=progress,
        keep_heatmaps=True,
        tune=tuned,
        measures=settings.measures,
    )
    require_scores(run)
    run = replace(run, protocols=settings.protocols, levels=settings.levels)
    note(step="writing the results")
    written = outputs.write(run, quiet=True)
    problems = len(run.failed) + len(written.missing)
    counts = {"scored": len(run.slices), "found": run.found, "problems": problems}
    if (lost := _lost(written.missing, folder)) is not None:
        return counts | {"state": "failed", "step": _why(lost, identify=settings.identify)}
    return counts | _end(run.stopped, settings)


def _lost(missing: Sequence[Problem], folder: Path) -> DistiliqaError | None:
    """The error of a file without which the page cannot show the job."""
    from distiliqa.report import RESULTS

    needed = {str(folder), *(str(folder / name) for name in RESULTS)}
    lost = (problem for problem in missing if problem.path in needed)
    return next((DistiliqaError(reason, path=path) for path, reason in lost), None)


def _selected(job: Job) -> Any:
    """The slices of the inputs, those of the series that were asked for."""
    from distiliqa.scoring.inputs import find_slices
    from distiliqa.serve.selected_series import find_selected

    return find_selected(job.series, job.inputs) if job.series else find_slices(job.inputs)


def _end(stopped: BaseException | None, settings: ScoringSettings) -> dict[str, Any]:
    if stopped is None:
        return {"state": "done", "step": "done"}
    if isinstance(stopped, Cancelled):
        return {"state": "cancelled", "step": "cancelled; the scores until then are kept"}
    return {"state": "failed", "step": _why(stopped, identify=settings.identify)}


def _why(error: BaseException, *, identify: bool) -> str:
    """The error in one line; without ``identify`` without the path, which may name a patient."""
    if not isinstance(error, DistiliqaError):
        return f"{type(error).__name__}" if not identify else f"{type(error).__name__}: {error}"
    return str(error) if identify else error.reason
