"""Ray: a session on this machine, or one that is there already, and the pool that scores."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import pyarrow as pa
import ray
import ray.data

from distiliqa.archive.listing import Listed
from distiliqa.archive.local_ray import local_ray, silent_core
from distiliqa.archive.scorer import Scorer, Setting
from distiliqa.errors import DistiliqaError

# What Ray will change, and that a pool is as large as the machine, is no business of the user's.
warnings.filterwarnings("ignore", module=r"ray(\.|$)")
warnings.filterwarnings("ignore", message="`ray_remote_args` is deprecated")

RETRIES = 1  # of a task whose worker died; then each of its files is tried alone
TASK_FILES = 128  # some seconds of work: what is done again when a worker dies
_TASKS_EACH = 8  # for each worker, where there are few files, so that all end together


@contextmanager
def connected(address: str | None, concurrency: int | None, threads: int) -> Iterator[int]:
    """A session of Ray, and the number of workers in it.

    Parameters
    ----------
    address : of a cluster; without one Ray is started on this machine, see `local_ray`, and stopped
        in the end. A session that is open is used as it is.
    concurrency : number of workers; None for as many as the processors allow.
    threads : processors that each worker takes.

    Raises
    ------
    DistiliqaError : there is no such cluster, or it has not enough processors.
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
    """Rows of results as they are made, each file whole, in any order.

    A worker that dies is started again and its task retried. A task that kills `RETRIES` + 1
    workers gives no row, and the others go on.

    Parameters
    ----------
    alone : one file a task, so that a file that kills its worker takes no other along.

    Raises
    ------
    DistiliqaError : Ray cannot go on, or a machine lacks the model.
    """
    quiet = ray.data.DataContext.get_current()
    quiet.enable_progress_bars = False
    quiet.max_errored_blocks = -1
    logging.getLogger("ray.data").setLevel(logging.CRITICAL)
    fair = max(1, len(files) // (_TASKS_EACH * workers))
    size = 1 if alone else min(TASK_FILES, fair)
    tasks = [_table(files[at : at + size], setting) for at in range(0, len(files), size)]
    scored = ray.data.from_arrow(tasks).map_batches(
        Scorer,
        fn_constructor_args=(setting,),
        batch_size=None,
        batch_format="pyarrow",
        # What waits for a worker fails with it: alone means that nothing waits.
        compute=ray.data.ActorPoolStrategy(
            size=workers, max_tasks_in_flight_per_actor=1 if alone else None
        ),
        num_cpus=setting.threads,
        max_restarts=-1,
        max_task_retries=RETRIES,
    )
    try:
        yield from scored.iter_batches(batch_size=None, batch_format="pyarrow", prefetch_batches=0)
    except ray.exceptions.RayError as error:
        raise DistiliqaError(
            f"Ray stopped ({_last_line(error)})", remedy="run again: what is scored is kept"
        ) from error


def _table(files: Sequence[Listed], setting: Setting) -> pa.Table:
    columns = {
        "path": [each.path for each in files],
        "size": [each.stamp.size for each in files],
        "modified_ns": [each.stamp.modified_ns for each in files],
    }
    told = {name: [each.told.get(name) for each in files] for name in setting.carried}
    types = {"path": pa.string(), "size": pa.int64(), "modified_ns": pa.int64()}
    schema = pa.schema([*types.items(), *((name, pa.string()) for name in told)])
    return pa.table({**columns, **told}, schema=schema)


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
