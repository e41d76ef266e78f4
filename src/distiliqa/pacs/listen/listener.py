"""The loop of ``distiliqa listen``: score what is complete, while threads receive and send."""

from __future__ import annotations

import logging
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event, Thread

from distiliqa.errors import DistiliqaError
from distiliqa.pacs.listen.outbox import Outbox
from distiliqa.pacs.listen.queue import Queue
from distiliqa.pacs.listen.scorer import Scorer
from distiliqa.pacs.retry import Backoff, Retries, loggable

LOG = logging.getLogger(__name__)
_LOOK_S = 0.5
_GOODBYE_S = 2.0
_AGAIN = Retries(first_wait_s=10.0, max_wait_s=600.0)


def score_forever(queue: Queue, scorer: Scorer, quiet_s: float) -> None:
    """Score each series that is complete, until a `KeyboardInterrupt`.

    A series that cannot be scored now, for want of space, stays in the queue and is tried again,
    later and later; it does not hold up the others.

    Parameters
    ----------
    quiet_s : a series is complete if nothing of it came for so many seconds.
    """
    waits: defaultdict[str, Backoff] = defaultdict(lambda: Backoff(_AGAIN))
    for complete in _looks(queue, quiet_s):
        scorer.remove_old_images()
        for series in complete:
            if time.monotonic() < waits[series.name].due:
                continue
            # Whatever one series causes must not end the receiver of all.
            try:
                scorer.score(series)
            except Exception as error:
                wait_s = waits[series.name].fail()
                LOG.error("%s: again in %.0f s: %s", series.name, wait_s, loggable(error))


@contextmanager
def sending(outbox: Outbox | None) -> Iterator[None]:
    """Send what is in ``outbox`` in a thread meanwhile."""
    if outbox is None:
        yield
        return
    stop = Event()
    thread = Thread(target=outbox.run, args=(stop,), daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        # What is on its way stays in the outbox unless it arrives now.
        thread.join(_GOODBYE_S)


def _looks(queue: Queue, quiet_s: float) -> Iterator[list[Path]]:
    """The complete series, over and over. A queue that fails is logged once, until it does not."""
    trouble = None
    while True:
        try:
            yield queue.take_complete(quiet_s)
            trouble = None
        except (DistiliqaError, OSError) as error:
            if trouble != (trouble := loggable(error)):
                LOG.error("the queue: %s", trouble)
        time.sleep(_LOOK_S)
