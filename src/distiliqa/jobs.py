"""Independent tasks on all cores, with a progress bar."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context
from typing import TypeVar

from distiliqa.cores import cores
from distiliqa.errors import CTReadError, DistiliqaError
from distiliqa.terminal import track

Task = TypeVar("Task")
Result = TypeVar("Result")


def run_jobs(
    work: Callable[[Task], Result],
    tasks: Sequence[Task],
    *,
    jobs: int | None = None,
    description: str,
) -> Iterator[tuple[int, Result | CTReadError]]:
    """Yield (position in ``tasks``, result) as the tasks end, in any order.

    A `CTReadError` is a result: one bad file does not stop the others. Any other error, or Ctrl-C,
    stops the run once the running tasks have ended.

    Parameters
    ----------
    work : a function that can be pickled; called in other processes unless ``jobs`` is 1.
    jobs : number of processes; all cores when None.
    description : label of the progress bar on stderr.

    Raises
    ------
    DistiliqaError : a process was killed from outside.
    """
    if not tasks:
        return
    jobs = min(jobs or cores(), len(tasks))
    results = _here(work, tasks) if jobs <= 1 else _in_processes(work, tasks, jobs)
    yield from track(results, description, total=len(tasks))


def _here(
    work: Callable[[Task], Result], tasks: Sequence[Task]
) -> Iterator[tuple[int, Result | CTReadError]]:
    for index, task in enumerate(tasks):
        try:
            yield index, work(task)
        except CTReadError as error:
            yield index, error


def _in_processes(
    work: Callable[[Task], Result], tasks: Sequence[Task], jobs: int
) -> Iterator[tuple[int, Result | CTReadError]]:
    # Forking a process that has threads (the progress bar is one) can hang: spawn everywhere.
    pool = ProcessPoolExecutor(jobs, mp_context=get_context("spawn"), initializer=_ignore_ctrl_c)
    try:
        indices = {pool.submit(work, task): index for index, task in enumerate(tasks)}
        for future in as_completed(indices):
            error = future.exception()
            if isinstance(error, CTReadError):
                yield indices[future], error
            else:
                yield indices[future], future.result()
    except BrokenProcessPool as error:
        raise DistiliqaError(
            "a worker process was killed, perhaps because memory ran out",
            remedy="run again to resume, with fewer --jobs",
        ) from error
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _ignore_ctrl_c() -> None:
    """Leave Ctrl-C, which reaches all processes of a terminal, to the main process."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
