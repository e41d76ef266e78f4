"""Threads, batch size and runtime of a model, chosen by measurement on this machine.

The choice is kept in the user's cache folder, so that each machine measures a model once.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

from distiliqa.errors import DistiliqaError
from distiliqa.models.folder import ONNX
from distiliqa.scoring.execution import Execution, described
from distiliqa.scoring.machine_cache import keep_measured, read_measured
from distiliqa.scoring.model import Model
from distiliqa.scoring.runtimes.runtime import installed_runtimes
from distiliqa.scoring.trials import Runtimes, Trial, fastest, is_busy, measure

MANY = 1000  # slices; from here on a run gains more than the measurement costs


@dataclass(frozen=True)
class Tuning:
    """The trials, the default first.

    Attributes
    ----------
    busy : bool
        Other programs ran before or after; the default is kept, and nothing is remembered.
    """

    trials: list[Trial]
    busy: bool

    @property
    def chosen(self) -> Trial:
        """The default, unless another was faster by more than the margin."""
        return self.trials[0] if self.busy else fastest(self.trials)


def tuned(
    model: Model, *, any_runtime: bool = True, report: Callable[[str], None] | None = None
) -> Model:
    """Return the model with its fastest execution on this machine.

    The execution is read from the cache, else measured and remembered. A model whose threads or
    batch the user chose is returned as it is.

    Parameters
    ----------
    any_runtime : bool
        Let the runtime change too, among those that are installed.
    report : Callable[[str], None] or None
        Called with one line after a measurement.
    """
    if model.execution.chosen == "asked":
        return model
    found = recall(model, runtimes_for(model, any_runtime=any_runtime))
    if found is None:
        tuning = tune(model, any_runtime=any_runtime)
        found = tuning.chosen.execution
        if report is not None:
            report(summary(tuning))
    try:
        return model if found == model.execution else model.run_by(found)
    except DistiliqaError:  # a GPU that is gone, say
        return model


def tune(model: Model, *, any_runtime: bool = True) -> Tuning:
    """Measure now, and remember what was fastest if the machine was quiet."""
    if is_busy():
        return Tuning([Trial(model.execution, 1.0)], busy=True)
    runtimes = runtimes_for(model, any_runtime=any_runtime)
    tuning = Tuning(measure(model, runtimes), is_busy())
    if not tuning.busy:
        remember(model, runtimes, tuning.chosen.execution)
    return tuning


def summary(tuning: Tuning) -> str:
    """Describe the choice in one line."""
    if tuning.busy:
        return "not tuned: other programs keep this machine busy; see distiliqa tune"
    chosen = tuning.chosen
    return f"tuned: {described(chosen.execution)}, {chosen.speed:.2f} times the default"


def runtimes_for(model: Model, *, any_runtime: bool) -> Runtimes:
    """The runtimes to choose from: all that are installed, or that of the model alone."""
    own = model.execution.runtime
    others = installed_runtimes(model.execution.precision) if any_runtime else ()
    return tuple(dict.fromkeys((own, *others)))


def recall(model: Model, runtimes: Runtimes) -> Execution | None:
    """Read the fastest execution of an earlier measurement on this machine; None if unknown."""
    try:
        content = read_measured("tuning", _facts(model, runtimes))
        found = Execution(**content["execution"], chosen="measured")
    except (DistiliqaError, ValueError, TypeError, KeyError):
        return None  # whatever is wrong with the file, it can be measured again
    kept = found.runtime in runtimes and found.precision in (model.execution.precision, "int8")
    return found if kept else None


def remember(model: Model, runtimes: Runtimes, execution: Execution) -> None:
    """Write the fastest execution to the cache; it can be measured again after an error."""
    content = {key: value for key, value in asdict(execution).items() if key != "chosen"}
    found = {"model": model.title, "execution": content}
    keep_measured("tuning", _facts(model, runtimes), found)


def _facts(model: Model, runtimes: Runtimes) -> dict[str, Any]:
    """What the choice depends on beside the machine."""
    return {
        "model": model.config.files.get(ONNX),
        "default": asdict(model.execution),
        "runtimes": runtimes,
    }
