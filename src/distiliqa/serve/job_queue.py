"""The queue of jobs: one runs, the others wait; each change is kept on disk."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import replace
from multiprocessing import get_context
from pathlib import Path
from threading import Condition, Thread
from typing import Any, Protocol

from distiliqa.errors import DistiliqaError
from distiliqa.files import private_folder
from distiliqa.serve.job import Job, read_jobs, write_job
from distiliqa.serve.job_process import ScoringSettings, run_job

MAX_WAITING = 100  # jobs
_POLL_S, _GRACE_S = 0.2, 10.0
_KILLED = "its process was ended, perhaps because memory ran out; the other jobs go on"
_CUT = "cancelled before it had scores"


class Process(Protocol):
    """What runs a job, as `multiprocessing.Process`."""

    def is_alive(self) -> bool: ...  # noqa: D102
    def join(self, timeout: float | None = None) -> None: ...  # noqa: D102
    def terminate(self) -> None: ...  # noqa: D102


class JobQueue:
    """The jobs of a server, the latest last. Threads may use it at the same time.

    Parameters
    ----------
    folder : Path
        Folder of the server: records are in ``jobs``, results in ``results/ID``.
    settings : ScoringSettings
        How jobs are scored.

    Raises
    ------
    DistiliqaError
        The folder cannot be written.
    """

    def __init__(self, folder: Path, settings: ScoringSettings) -> None:
        self._records, self.results = folder / "jobs", folder / "results"
        for place in (self._records, self.results):
            private_folder(place)
        self._settings = settings
        self._jobs = {job.id: job for job in read_jobs(self._records)}
        self._changed = Condition()
        self._cancelled = set[str]()
        self._is_open = True
        self._thread = Thread(target=self._work, name="jobs", daemon=True)

    def start(self) -> None:
        """Begin to work on the jobs that wait."""
        self._thread.start()

    def close(self) -> None:
        """End the running job, which the next server starts again, and stop."""
        with self._changed:
            self._is_open = False
            self._changed.notify_all()
        if self._thread.is_alive():
            self._thread.join(_GRACE_S)

    def jobs(self) -> list[Job]:
        """All jobs, the latest first."""
        with self._changed:
            return sorted(self._jobs.values(), key=lambda job: job.id, reverse=True)

    def get(self, number: str) -> Job | None:
        """The job of an id; None for none."""
        with self._changed:
            return self._jobs.get(number)

    def add(self, job: Job) -> Job:
        """Put a job at the end of the queue. Raises `DistiliqaError` on a full disk or queue."""
        with self._changed:
            waiting = sum(not known.has_ended for known in self._jobs.values())
            if waiting >= MAX_WAITING:
                raise DistiliqaError(f"{waiting} jobs wait already", remedy="cancel some")
            write_job(self._records, job)
            self._jobs[job.id] = job
            self._changed.notify_all()
        return job

    def cancel(self, number: str) -> None:
        """End a job; the scores until then are written."""
        with self._changed:
            job = self._jobs.get(number)
            if job is None or job.has_ended:
                return
            if job.state == "queued":
                self._note(number, state="cancelled", step=_CUT)
            self._cancelled.add(number)
            self._changed.notify_all()

    def remove(self, number: str) -> None:
        """Forget an ended job and delete its results. Raises `DistiliqaError` while it runs."""
        with self._changed:
            job = self._jobs.get(number)
            if job is None:
                return
            if not job.has_ended:
                raise DistiliqaError("the job has not ended", remedy="cancel it first")
            del self._jobs[number]
            (self._records / f"{number}.json").unlink(missing_ok=True)
        shutil.rmtree(self.results / number, ignore_errors=True)

    def _work(self) -> None:
        while (job := self._next()) is not None:
            self._run(job)

    def _next(self) -> Job | None:
        """Wait for a job; None when the queue is closed."""
        with self._changed:
            while self._is_open:
                waiting = (job for job in self._jobs.values() if job.state == "queued")
                if (job := min(waiting, key=lambda job: job.id, default=None)) is not None:
                    return self._note(job.id, state="running", step="starting")
                self._changed.wait()
        return None

    def _run(self, job: Job) -> None:
        context = get_context("spawn")
        changes, sender = context.Pipe(duplex=False)
        cancelled = context.Event()
        arguments = (job, self.results / job.id, self._settings, sender, cancelled)
        process = context.Process(target=run_job, args=arguments, daemon=True)
        try:
            process.start()
        except OSError as error:
            self._note(job.id, state="failed", step=f"cannot start a process ({error.strerror})")
            return
        sender.close()
        grace_s = _GRACE_S
        while self._is_open:
            if not self._take(job.id, _received(changes)):
                break
            if job.id in self._cancelled:
                cancelled.set()
                grace_s -= _POLL_S
            if grace_s <= 0 and not self._has_scores(job.id):
                break
        self._finish(job.id, process)

    def _take(self, number: str, received: Iterable[dict[str, Any]] | None) -> bool:
        """Note what a process has reported; whether it goes on."""
        if received is None:
            return False
        for change in received:
            self._note(number, **change)
        return not self._is_over(number)

    def _is_over(self, number: str) -> bool:
        """Whether a job has ended; one that has may be removed at any moment."""
        job = self.get(number)
        return job is None or job.has_ended

    def _has_scores(self, number: str) -> bool:
        return self._jobs[number].scored > 0

    def _finish(self, number: str, process: Process) -> None:
        """End the process of a job, and note an end that it did not report itself."""
        if self._is_over(number):
            process.join(_GRACE_S)
        if process.is_alive():
            process.terminate()
            process.join(_GRACE_S)
        if not self._is_open or self._is_over(number):
            return
        is_cancelled = number in self._cancelled
        state, step = ("cancelled", _CUT) if is_cancelled else ("failed", _KILLED)
        self._note(number, state=state, step=step)

    def _note(self, number: str, **change: Any) -> Job:
        """Change a job. Only its state is kept on disk: progress is made again."""
        with self._changed:
            job = replace(self._jobs[number], **change)
            is_new = job.state != self._jobs[number].state
            self._jobs[number] = job
            self._changed.notify_all()
            if is_new:  # before another thread may remove a job that has ended
                with suppress(DistiliqaError):  # a full disk; the job itself reports it
                    write_job(self._records, job)
        return job


def _received(changes: Any) -> list[dict[str, Any]] | None:
    """What has arrived within `_POLL_S`; None once the process has ended."""
    found: list[dict[str, Any]] = []
    try:
        wait_s = _POLL_S
        while changes.poll(wait_s):
            found.append(changes.recv())
            wait_s = 0.0
    except (EOFError, OSError):
        return found or None
    return found
