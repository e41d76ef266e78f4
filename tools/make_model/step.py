"""Steps of a model: each depends on settings and on steps before it, and leaves a stamp.

The stamp has the key of the step, a hash of all that it depends on, and hashes of its results. A
step with the same key is not done again. One that was interrupted goes on. One whose key has
changed begins anew, and so does whatever follows it.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from distiliqa.errors import DistiliqaError
from distiliqa.files import sha256, write_json
from distiliqa.folder_lock import only_one
from distiliqa.foreign_json import read_json
from distiliqa.version import __version__
from tools.make_model.log import Log

STAMP, BEGUN = "done.json", "begun.json"


@dataclass(frozen=True)
class Outcome:
    """Outcome of a step.

    Attributes
    ----------
    results : files that the next steps read; they are hashed.
    figures : key figures for the log, without paths.
    """

    results: Sequence[Path]
    figures: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Step:
    """Step of a model.

    Attributes
    ----------
    work : does it, in a folder that may hold what an interrupted run has left.
    settings : values and files that it depends on.
    after : names of the steps whose results it reads.
    """

    name: str
    work: Callable[[Path], Outcome]
    settings: Mapping[str, Any]
    after: tuple[str, ...] = ()


def run_steps(
    steps: Sequence[Step],
    folder: Path,
    log: Log,
    *,
    until: str | None = None,
    redo_from: str | None = None,
) -> None:
    """Do the steps in their order, each in its folder in ``folder``.

    Parameters
    ----------
    until : the last step to do.
    redo_from : this step and those behind it are done again, even if nothing has changed.

    Raises
    ------
    DistiliqaError : no such step, or another process works in the folder.
    """
    names = [step.name for step in steps]
    for name in (until, redo_from):
        if name is not None and name not in names:
            raise DistiliqaError(f"no step {name}", remedy=f"give one of {', '.join(names)}")
    with only_one(folder, "make model"):
        if redo_from is not None:
            for name in names[names.index(redo_from) :]:
                shutil.rmtree(folder / name, ignore_errors=True)
        keys: dict[str, str] = {}
        for step in steps:
            keys[step.name] = key_of(step, keys)
            run_step(step, keys[step.name], folder / step.name, log)
            if step.name == until:
                return


def key_of(step: Step, keys: Mapping[str, str]) -> str:
    """SHA-256 of all that a step depends on, the keys of the steps before it among them."""
    settings = {
        name: sha256(value) if isinstance(value, Path) else value
        for name, value in step.settings.items()
    }
    before = {name: keys[name] for name in step.after}
    content = json.dumps([__version__, step.name, settings, before], sort_keys=True)
    return hashlib.sha256(content.encode()).hexdigest()


def run_step(step: Step, key: str, folder: Path, log: Log) -> None:
    """Do a step unless it is done, and stamp it."""
    if is_done(folder, key):
        return
    if _read(folder / BEGUN).get("key") != key:
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        write_json(folder / BEGUN, {"key": key})
    with log.step(step.name, key) as figures:
        outcome = step.work(folder)
        hashes = {path.relative_to(folder).as_posix(): sha256(path) for path in outcome.results}
        figures |= {**outcome.figures, "results": _digest(hashes)[:12]}
        write_json(folder / STAMP, {"key": key, "results": hashes, "figures": dict(figures)})


def is_done(folder: Path, key: str) -> bool:
    """Test whether a step was finished with this key and its results are all there."""
    stamp = _read(folder / STAMP)
    results = stamp.get("results", {})
    return stamp.get("key") == key and all((folder / name).is_file() for name in results)


def _digest(hashes: Mapping[str, str]) -> str:
    return hashlib.sha256(json.dumps(hashes, sort_keys=True).encode()).hexdigest()


def _read(path: Path) -> dict[str, Any]:
    return dict(read_json(path)) if path.is_file() else {}
