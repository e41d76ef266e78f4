"""``run.json`` of an archive: model, settings, and every run."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from distiliqa.errors import DistiliqaError
from distiliqa.extras import package_versions
from distiliqa.files import write_json
from distiliqa.foreign_json import read_json
from distiliqa.models.config import ModelConfig
from distiliqa.report.json import environment, model_facts, settings
from distiliqa.scoring.measuring import Measuring

RUN = "run.json"
_PACKAGES = ("ray", "pyarrow")


def _now() -> str:
    return datetime.now(timezone.utc).isoformat(timespec="seconds")


@dataclass
class Counts:
    """Counts of one run.

    Attributes
    ----------
    inputs : tuple[str, ...]
        The inputs as the user gave them.
    count_outside : bool
        Whether slices out of domain count for the means of series, which each run makes anew.
    workers, threads : int
        Number of workers, and of the threads of one worker.
    files : int
        Number listed.
    known : int
        Number of files that an earlier run or input had scored.
    scored : int
        Number of slices.
    failed, left_out : int
        Number of rows without a score.
    retried : int
        Number of files that were read again because a worker died.
    seconds : float
        Duration.
    stopped : str or None
        Reason for an early end.
    """

    inputs: tuple[str, ...]
    workers: int = 0
    threads: int = 1
    count_outside: bool = False
    started: str = field(default_factory=_now)
    files: int = 0
    known: int = 0
    scored: int = 0
    failed: int = 0
    left_out: int = 0
    retried: int = 0
    seconds: float = 0.0
    stopped: str | None = None


class Record:
    """The record of a folder of results, which belongs to one model and its settings.

    Raises
    ------
    DistiliqaError
        The folder holds results of another model, of other measures, or of a manifest of other
        columns, or a ``run.json`` of another command.
    """

    def __init__(
        self, folder: Path, model: ModelConfig, carried: tuple[str, ...], measures: Measuring
    ) -> None:
        self.path = folder / RUN
        own = {"columns": list(carried), "measures": measures}
        self._bound = {"model": model_facts(model), "settings": settings(model) | own}
        self._runs = self._earlier_runs() if self.path.exists() else []

    def write(self, counts: Counts, *, series: int | None = None) -> None:
        """Write the record with this run last; ``series`` is their number once it has finished."""
        content = {
            **environment(),
            "packages": package_versions(_PACKAGES),
            **self._bound,
            "finished": series is not None,
            "series": series,
            "runs": [*self._runs, asdict(counts)],
        }
        write_json(self.path, content)

    def _earlier_runs(self) -> list[dict[str, Any]]:
        found = read_json(self.path)
        if not isinstance(found, dict) or "runs" not in found:
            raise DistiliqaError(
                "not of score-archive", path=self.path, remedy="give another --out"
            )
        model, other = self._bound["model"], found.get("model", {})
        if other != model:
            raise DistiliqaError(
                f"holds scores of {other.get('name')} {other.get('version')}, not of "
                f"{model['name']} {model['version']} with the same weights",
                path=self.path,
                remedy="give that model, or another --out",
            )
        before = {"measures": "none"} | found.get("settings", {})  # of earlier versions
        if before != self._bound["settings"]:
            raise DistiliqaError(
                "holds scores with another window or image size, other --measures, or "
                f"other columns of manifests: {before}",
                path=self.path,
                remedy="give the same options and manifests, or another --out",
            )
        return found["runs"]
