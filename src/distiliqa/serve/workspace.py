"""The state of a server: its jobs, uploads and results, and the paths that it was given."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import suppress
from hashlib import sha256
from pathlib import Path

from distiliqa.errors import DistiliqaError, one_line
from distiliqa.report.json import model_facts
from distiliqa.report.names import short_hash
from distiliqa.serve.job import Job, new_job
from distiliqa.serve.job_process import ScoringSettings
from distiliqa.serve.job_queue import JobQueue
from distiliqa.serve.selected_series import each_once, inputs_of, select
from distiliqa.serve.served_paths import ServedPaths, state_of
from distiliqa.serve.stored_results import Chosen, StoredResults, is_results, read_results
from distiliqa.serve.uploads import Uploads
from distiliqa.version import __version__

MAX_RECEIVED = 500  # results of a listener that are shown, the latest


class Workspace:
    """The state of a server.

    Parameters
    ----------
    folder : Path
        Where it keeps jobs, results and uploads.
    served : ServedPaths
        The paths of the command line.
    settings : ScoringSettings
        How jobs are scored.

    Raises
    ------
    DistiliqaError
        The folder cannot be written.
    """

    def __init__(self, folder: Path, served: ServedPaths, settings: ScoringSettings) -> None:
        self.folder, self.served, self.settings = folder, served, settings
        self.queue = JobQueue(folder, settings)
        uploads = folder / "uploads"
        used = (Path(name) for job in self.queue.jobs() for name in job.inputs)
        self.uploads = Uploads(uploads, filter(None, (_upload_of(path, uploads) for path in used)))
        self.large: list[Path] = []  # folders that were given and are not scored by themselves

    def start(self) -> None:
        """Score what was given and has no results of its present state, and go on with jobs."""
        for path in self.served.inputs:
            if (state := self._state_of(path)) is None:
                self.large.append(path)
            elif not self._is_scored(path, state):
                self._queue(path, state)
        self.queue.start()

    def add(self, path: Path) -> Job:
        """Queue a file or folder of what was given."""
        return self._queue(path, self._state_of(path) or "")

    def _queue(self, path: Path, state: str) -> Job:
        label = one_line(str(path)) if self.settings.identify else self.served.label(path)
        return self.queue.add(new_job(label, (os.path.realpath(path),), state_of_inputs=state))

    def _state_of(self, path: Path) -> str | None:
        """Files, model and options in one hash; None for a folder of very many files."""
        state = state_of(path, self.folder)
        return state and sha256(f"{state} {self.settings.state} {__version__}".encode()).hexdigest()

    def _is_scored(self, path: Path, state: str) -> bool:
        """Whether the latest job of a path had these files and settings, and has not failed."""
        inputs = (os.path.realpath(path),)
        jobs = (job for job in self.queue.jobs() if job.inputs == inputs and not job.series)
        latest = next(jobs, None)
        return latest is not None and latest.state_of_inputs == state and latest.state != "failed"

    def add_upload(self, number: str) -> Job:
        """Queue an upload."""
        inputs = self.uploads.inputs(number)
        count = self.uploads.count(number)
        label = "1 file that was dropped" if count == 1 else f"{count} files that were dropped"
        return self.queue.add(new_job(label, inputs))

    def stop_upload(self, number: str) -> None:
        """Delete an upload that no job needs, such as one that a browser has broken off."""
        if not self._is_used(self.uploads.folder / number):
            self.uploads.remove(number)

    def add_export(self, keys: list[str], *, pdf: bool, sr: bool) -> Job:
        """Queue a run over some series, those of several results together.

        Their files are scored again, so that the report is the one of these series alone. A series
        that several results have is taken once.

        Raises
        ------
        DistiliqaError
            No series is selected, there is no such series, or one of its files is not there.
        """
        if not (chosen := list(each_once(map(self.choose, keys)))):
            raise DistiliqaError("no series is selected", remedy="select some")
        series = select(chosen)
        kinds = " and ".join(["report", *["PDF"] * pdf, *["structured reports"] * sr])
        label = f"{kinds} of {len(series)} selected series{self._other_models(chosen)}"
        return self.queue.add(new_job(label, inputs_of(chosen), series=series, pdf=pdf, sr=sr))

    def _other_models(self, chosen: Sequence[Chosen]) -> str:
        """Which models scored before, where the one of the server is another; else empty."""
        if (config := self.settings.config) is None:
            return ""
        own = model_facts(config)
        others = {one.series.facts["model"]: None for one in chosen if one.results.model != own}
        again = f", scored again by {config.name} {config.version} and not by "
        return again + " and ".join(others) if others else ""

    def remove(self, number: str) -> None:
        """Forget an ended job, with its results and the files that were sent for it."""
        job = self.queue.get(number)
        self.queue.remove(number)
        for name in () if job is None else job.inputs:
            upload = _upload_of(Path(name), self.uploads.folder)
            if upload is not None and not self._is_used(upload):
                self.uploads.remove(upload.name)

    def results(self) -> list[StoredResults]:
        """All results that can be read; those of running jobs are not there yet."""
        found = []
        for number, folder in self._folders():
            with suppress(DistiliqaError):  # written at this moment, or deleted; the next look sees
                found.append(read_results(folder, number))
        return found

    def unreadable(self) -> list[DistiliqaError]:
        """Why results that were given are not in the list, an error for each."""
        found = []
        for folder in self.served.results:
            try:
                read_results(folder, _number_of(folder))
            except DistiliqaError as error:
                found.append(error)
        return found

    def listed(self) -> list[Chosen]:
        """The series of all results but copies: those of exports, and of inputs scored again."""
        hidden, seen = set[str](), set[tuple[str, ...]]()
        for job in self.queue.jobs():  # the latest first
            if job.series or job.inputs in seen:
                hidden.add(job.id)
            elif job.state == "done":
                seen.add(job.inputs)
        kept = (found for found in self.results() if found.id not in hidden)
        return [Chosen(found, one) for found in kept for one in found.series]

    def choose(self, key: str) -> Chosen:
        """The series of a key. Raises `DistiliqaError` if there is none."""
        number = key.rpartition(".")[0]
        for folder_id, folder in self._folders():
            if folder_id == number:
                results = read_results(folder, number)
                for one in results.series:
                    if one.key == key:
                        return Chosen(results, one)
        raise DistiliqaError("no such series", remedy="choose one of the list")

    def _folders(self) -> Iterator[tuple[str, Path]]:
        """Id and folder of all results."""
        for job in self.queue.jobs():
            if is_results(folder := self.queue.results / job.id):
                yield job.id, folder
        for folder in self.served.results:
            yield _number_of(folder), folder
        for listener in self.served.listeners:
            yield from _received(listener)

    def _is_used(self, upload: Path) -> bool:
        inputs = (name for job in self.queue.jobs() for name in job.inputs)
        return any(_upload_of(Path(name), self.uploads.folder) == upload for name in inputs)


def _number_of(given: Path) -> str:
    return f"given-{short_hash(str(given))}"


def _received(listener: Path) -> Iterator[tuple[str, Path]]:
    """The latest results of a listener."""
    place, number = listener / "results", short_hash(str(listener))
    folders = [path for path in place.iterdir() if is_results(path)] if place.is_dir() else []
    folders.sort(key=lambda path: path.stat().st_mtime, reverse=True)
    for folder in folders[:MAX_RECEIVED]:
        yield f"listen-{number}-{folder.name}", folder


def _upload_of(path: Path, uploads: Path) -> Path | None:
    """The folder of the upload that a path lies in; None for other paths."""
    return next((place for place in (path, *path.parents) if place.parent == uploads), None)
