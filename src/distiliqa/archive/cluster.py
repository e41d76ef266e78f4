"""Ray: a session on this machine, or one that is there already, and its workers that score."""

from __future__ import annotations

import logging
import warnings
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import pyarrow as pa
import ray

from distiliqa.archive.input_files import Listed
from distiliqa.archive.local_ray import local_ray, silent_core
from distiliqa.archive.worker import Scorer, Setting
from distiliqa.errors import DistiliqaError

# Users need no warning of future changes in Ray.
warnings.filterwarnings("ignore", module=r"ray(\.|$)")

RETRIES = 1  # of a task whose worker died; then its files are tried one by one
TASK_FILES = 128  # some seconds of work: what is done again when a worker dies
_TASKS_PER_WORKER = 8  # where there are few files, so that all workers end together
_TASKS_AHEAD = 2  # of a worker, so that it does not wait for the next one

Tables = deque[pa.Table]
Running = dict[ray.ObjectRef, Any]  # the worker of each task


@contextmanager
def connected(address: str | None, concurrency: int | None, threads: int) -> Iterator[int]:
    """A session of Ray, and the number of workers in it.

    Parameters
    ----------
    address : str or None
        Address of a cluster; None starts Ray on this machine, see `local_ray`, and stops it in the
        end. An open session is used as it is.
    concurrency : int or None
        Number of workers; None for as many as the processors allow.
    threads : int
        Processors of each worker.

    Raises
    ------
    DistiliqaError
        There is no such cluster, or it has not enough processors.
    """
    if ray.is_initialized():
        yield _workers(concurrency, threads)
        return
    if address is not None:
        _join(address)
        try:
            yield _workers(concurrency, threads)
        finally:
            ray.shutdown()
        return
    processors = None if concurrency is None else concurrency * threads
    with local_ray(processors):
        yield _workers(concurrency, threads)


def score_files(
    files: Sequence[Listed], setting: Setting, workers: int, *, alone: bool = False
) -> Iterator[pa.Table]:
    """Yield tables of results as they are made, with all rows of a file in one, in any order.

    A worker that dies is started again, and its task is retried. A task that kills `RETRIES` + 1
    workers gives no row, and the other tasks continue.

    Parameters
    ----------
    alone : bool
        One file for each task, so that a file that kills its worker affects no other.

    Raises
    ------
    DistiliqaError
        Ray cannot continue, or a machine lacks the model.
    """
    fair_share = max(1, len(files) // (_TASKS_PER_WORKER * workers))
    size = 1 if alone else min(TASK_FILES, fair_share)
    tasks = [files[at : at + size] for at in range(0, len(files), size)]
    waiting = deque(_table(task, setting) for task in tasks)
    running = _started(waiting, setting, workers, 1 if alone else _TASKS_AHEAD)
    while running:
        done = _next_done(running, waiting)
        if (rows := _rows_of(done)) is not None:
            yield rows


def _started(waiting: Tables, setting: Setting, workers: int, tasks: int) -> Running:
    """Start workers, and give each of them some of the tasks that wait."""
    start = ray.remote(Scorer).options(
        num_cpus=setting.threads, max_restarts=-1, max_task_retries=RETRIES
    )
    pool = [start.remote(setting) for _ in range(min(workers, len(waiting)))]
    return {_submitted(worker, waiting): worker for worker in (pool * tasks)[: len(waiting)]}


def _submitted(worker: Any, waiting: Tables) -> ray.ObjectRef:
    return worker.__call__.remote(waiting.popleft())


def _next_done(running: Running, waiting: Tables) -> ray.ObjectRef:
    """Wait for a task, and give its worker another.

    A worker without a task ends, because nothing refers to it. A worker that lost its machine may
    then start.
    """
    (done,), _ = ray.wait(list(running))
    worker = running.pop(done)
    if waiting:
        running[_submitted(worker, waiting)] = worker
    return done


def _rows_of(done: ray.ObjectRef) -> pa.Table | None:
    """Result of a task; None for one that killed its workers."""
    try:
        return ray.get(done)
    except ray.exceptions.RayError as error:
        cannot_start = isinstance(error, ray.exceptions.RayActorError) and error.actor_init_failed
        if not (cannot_start or isinstance(error, ray.exceptions.RaySystemError)):
            return None
        raise DistiliqaError(
            f"Ray stopped ({_last_line(error)})", remedy="run again: what is scored is kept"
        ) from error


def _table(files: Sequence[Listed], setting: Setting) -> pa.Table:
    columns = {
        "path": [file.path for file in files],
        "size": [file.stamp.size for file in files],
        "modified_ns": [file.stamp.modified_ns for file in files],
    }
    carried = {name: [file.carried.get(name) for file in files] for name in setting.carried}
    types = {"path": pa.string(), "size": pa.int64(), "modified_ns": pa.int64()}
    schema = pa.schema([*types.items(), *((name, pa.string()) for name in carried)])
    return pa.table({**columns, **carried}, schema=schema)


def _join(address: str) -> None:
    try:
        with silent_core():
            ray.init(address=address, log_to_driver=False, logging_level=logging.ERROR)
    except (ConnectionError, RuntimeError, ValueError, ray.exceptions.RayError) as error:
        raise DistiliqaError(
            f"no Ray cluster at {address} ({_last_line(error)})",
            remedy="check the address and that the versions of Ray and Python are the same",
        ) from error


def _workers(concurrency: int | None, threads: int) -> int:
    room = int(ray.cluster_resources().get("CPU", 0)) // threads
    if concurrency is None and room == 0:
        raise DistiliqaError(
            f"the Ray cluster has no {threads} processors for a worker",
            remedy="wait for its machines, or ask for fewer threads",
        )
    return concurrency or room


def _last_line(error: Exception) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[-1] if lines else type(error).__name__
