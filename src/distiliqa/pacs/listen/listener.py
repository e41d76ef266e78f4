"""The loop of ``distiliqa listen``: score what is complete, while threads receive and send."""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event, Thread
from time import monotonic, sleep

from distiliqa.errors import DistiliqaError
from distiliqa.pacs.listen.outbox import Outbox
from distiliqa.pacs.listen.queue import Queue
from distiliqa.pacs.listen.scorer import Scorer
from distiliqa.pacs.retry import Backoff, Retries, loggable

LOG = logging.getLogger(__name__)
_POLL_S = 0.5
_MAX_STOP_S = 2.0
_RETRIES = Retries(first_wait_s=10.0, max_wait_s=600.0)


def score_forever(queue: Queue, scorer: Scorer, quiet_s: float) -> None:
    """Score complete series until a `KeyboardInterrupt`.

    A series that cannot be scored now, such as on a full disk, stays in the queue and is tried
    again later. It does not delay the others.

    Parameters
    ----------
    quiet_s : float
        Seconds without a new object before a series counts as complete.
    """
    waits: defaultdict[str, Backoff] = defaultdict(lambda: Backoff(_RETRIES))
    for complete in _polls(queue, scorer, quiet_s):
        scorer.remove_old_images()
        for series in complete:
            if monotonic() < waits[series.name].due:
                continue
            # A failure of one series must not end the receiver.
            try:
                scorer.score(series)
            except Exception as error:
                wait_s = waits[series.name].fail()
                LOG.error("%s: again in %.0f s: %s", series.name, wait_s, loggable(error))


@contextmanager
def sending(outbox: Outbox | None) -> Iterator[None]:
    """Send the objects of ``outbox`` in a thread of its own."""
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
        # An object that is being sent stays in the outbox unless it arrives now.
        thread.join(_MAX_STOP_S)


def _polls(queue: Queue, scorer: Scorer, quiet_s: float) -> Iterator[list[Path]]:
    """Yield the complete series, again and again. A failing queue is logged once."""
    trouble = None
    while True:
        try:
            scorer.ask_for_doses(queue)
            yield queue.take_complete(quiet_s)
            trouble = None
        except (DistiliqaError, OSError) as error:
            if trouble != (trouble := loggable(error)):
                LOG.error("the queue: %s", trouble)
        sleep(_POLL_S)
