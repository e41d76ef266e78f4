"""Jobs: queue, progress, cancel, and a record that outlives the server."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

pytest.importorskip("starlette")
from tests.support.slices import write_series

from distiliqa.errors import DistiliqaError
from distiliqa.serve import job_queue
from distiliqa.serve.job import Job, new_job, read_jobs, write_job
from distiliqa.serve.job_process import ScoringSettings
from distiliqa.serve.job_queue import JobQueue

END_S = 240  # a time-out only ends a hang


@pytest.fixture
def queue(tmp_path: Path, tiny_model: Path) -> JobQueue:
    return JobQueue(tmp_path / "serve", ScoringSettings(str(tiny_model), measures="none"))


def wait(queue: JobQueue, job: Job, until: Callable[[Job], bool]) -> Job:
    for _ in range(END_S * 10):
        found = queue.get(job.id)
        assert found is not None
        if until(found):
            return found
        time.sleep(0.1)
    raise AssertionError(f"still {found}")


def ended(job: Job) -> bool:
    return job.has_ended


def test_jobs_run_one_after_the_other_and_write_what_score_writes(queue: JobQueue, tmp_path: Path):
    first = queue.add(new_job("a", (str(write_series(tmp_path / "a", 2)),)))
    broken = tmp_path / "half.zip"
    broken.write_bytes(b"PK\x03\x04half")
    second = queue.add(new_job("b", (str(broken),)))
    queue.start()
    try:
        done, failed = wait(queue, first, ended), wait(queue, second, ended)
    finally:
        queue.close()
    assert (done.state, done.scored, done.found) == ("done", 2, 2)
    names = {path.name for path in (queue.results / first.id).iterdir()}
    assert names >= {"report.html", "scores.csv", "scores.json", "series.csv", "run.json"}
    assert failed.state == "failed"
    assert "zip" in failed.step
    assert str(tmp_path) not in failed.step
    assert [job.state for job in read_jobs(tmp_path / "serve" / "jobs")] == ["done", "failed"]


def test_a_job_that_waits_is_cancelled_at_once(queue: JobQueue):
    job = queue.add(new_job("a", ("/nowhere",)))
    queue.cancel(job.id)
    assert queue.get(job.id).state == "cancelled"


def test_a_running_job_is_asked_to_end(queue: JobQueue, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(job_queue, "run_job", go_on_until_cancelled)
    job = queue.add(new_job("a", ("/x",)))
    queue.start()
    try:
        wait(queue, job, lambda found: found.scored > 0)
        queue.cancel(job.id)
        found = wait(queue, job, ended)
    finally:
        queue.close()
    assert (found.state, found.scored) == ("cancelled", 1)


def go_on_until_cancelled(
    job: Job, folder: Path, settings: object, changes: Any, cancelled: Any
) -> None:
    changes.send({"state": "running", "scored": 1})
    cancelled.wait(END_S)
    changes.send({"state": "cancelled"})


def test_a_process_that_is_killed_fails_in_words(
    queue: JobQueue, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(job_queue, "run_job", kill_itself)
    job = queue.add(new_job("a", (str(tmp_path),)))
    queue.start()
    try:
        found = wait(queue, job, ended)
    finally:
        queue.close()
    assert (found.state, found.step) == ("failed", job_queue._KILLED)


def kill_itself(*arguments: object) -> None:
    import os
    import signal

    os.kill(os.getpid(), signal.SIGKILL)


def test_the_next_server_runs_what_was_cut_short(tmp_path: Path):
    for state in ("queued", "running", "done", "cancelled"):
        (tmp_path / "jobs").mkdir(exist_ok=True)
        write_job(tmp_path / "jobs", new_job(state, ("/x",), state=state, scored=1))
    (tmp_path / "jobs" / "broken.json").write_text("{")
    found = {job.label: job.state for job in JobQueue(tmp_path, ScoringSettings()).jobs()}
    assert found == {
        "queued": "queued", "running": "queued", "done": "done", "cancelled": "cancelled",
    }  # fmt: skip


def test_a_job_is_removed_with_its_results_once_it_has_ended(queue: JobQueue, tmp_path: Path):
    job = queue.add(new_job("a", ("/x",)))
    with pytest.raises(DistiliqaError, match="cancel it first"):
        queue.remove(job.id)
    queue.cancel(job.id)
    (queue.results / job.id).mkdir()
    queue.remove(job.id)
    assert queue.get(job.id) is None
    assert not (queue.results / job.id).exists()
    assert list((tmp_path / "serve" / "jobs").iterdir()) == []


def test_a_job_may_be_removed_while_its_process_ends(queue: JobQueue):
    job = queue.add(new_job("a", ("/x",)))
    queue._note(job.id, state="done")

    class Process:
        def is_alive(self) -> bool:
            return False

        def join(self, timeout: float | None = None) -> None:
            queue.remove(job.id)

        def terminate(self) -> None:
            raise AssertionError

    queue._finish(job.id, Process())  # the thread of the queue goes on to the next job
    assert queue.get(job.id) is None


def test_a_job_that_is_removed_as_it_ends_leaves_no_record(
    queue: JobQueue, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    job, removing = queue.add(new_job("a", ("/x",))), list[Thread]()

    def write_late(folder: Path, job: Job) -> None:
        removing.append(Thread(target=queue.remove, args=(job.id,)))
        removing[0].start()
        removing[0].join(0.2)
        write_job(folder, job)

    monkeypatch.setattr(job_queue, "write_job", write_late)
    queue._note(job.id, state="done")
    removing[0].join(END_S)
    assert queue.get(job.id) is None
    assert list((tmp_path / "serve" / "jobs").iterdir()) == []


def test_the_queue_is_bounded(queue: JobQueue, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(job_queue, "MAX_WAITING", 1)
    queue.add(new_job("a", ("/x",)))
    with pytest.raises(DistiliqaError, match="1 jobs wait already; cancel some"):
        queue.add(new_job("b", ("/x",)))
