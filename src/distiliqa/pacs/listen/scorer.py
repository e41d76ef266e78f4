"""Score the series of the queue, and put what comes of them in the outbox.

    FOLDER/results/<name>/   what `distiliqa score --out --sr` writes
    FOLDER/scored/<name>/    the objects of a series, for a while: more of it may come
    FOLDER/failed/<name>/    the objects of a series of which some could not be scored

A series of which more comes later is scored again under another name, and its report says that it
replaces the earlier one. It is partial where images of the earlier report are here no more.

Each step is on the disk before the next one starts, so that a series which a crash interrupts goes
on where it was.
"""

from __future__ import annotations

import logging
import os
import shutil
import time
from contextlib import suppress
from pathlib import Path

from distiliqa.ct import index_ct
from distiliqa.errors import CTReadError, DistiliqaError, NotCTError
from distiliqa.files import make_folder, private_folder
from distiliqa.foreign_text import read_json
from distiliqa.pacs.listen.outbox import Outbox
from distiliqa.pacs.results.earlier import Earlier
from distiliqa.pacs.results.structured_report import write_sr
from distiliqa.report import write_reports
from distiliqa.report.names import Names
from distiliqa.scoring.model import Model
from distiliqa.scoring.result import ScoringRun
from distiliqa.scoring.run import score_inputs

LOG = logging.getLogger(__name__)
# How long the images of a series are kept, for it may go on; and on how full a disk they are not.
KEPT_S = 3600.0
MIN_FREE_BYTES = 2 << 30


class Scorer:
    """Scores complete series.

    Parameters
    ----------
    folder : holds ``results``, ``scored`` and ``failed``.
    outbox : takes the structured reports that are to be sent; None sends none.

    Raises
    ------
    DistiliqaError : the folder cannot be written.
    """

    def __init__(self, folder: Path, model: Model, outbox: Outbox | None) -> None:
        self.results = make_folder(folder / "results")
        self.scored = private_folder(folder / "scored")
        self.failed = private_folder(folder / "failed")
        self.model = model
        self.outbox = outbox

    def has(self, name: str) -> bool:
        """Whether a series of this name was scored before."""
        return (self.results / name).exists() or (self.failed / name).exists()

    def remove_old_images(self) -> None:
        """Remove the objects of series that were scored long ago, or of all on a full disk."""
        with suppress(OSError):  # it is tried again
            is_full = shutil.disk_usage(self.scored).free < MIN_FREE_BYTES
            for series in filter(Path.is_dir, self.scored.iterdir()):
                if is_full or time.time() - series.stat().st_mtime > KEPT_S:
                    shutil.rmtree(series)

    def score(self, series: Path) -> None:
        """Score the folder of a series, write and queue its results, and put it aside.

        Raises
        ------
        DistiliqaError, OSError : the disk is full or the model fails; nothing is lost, and the
            same call goes on from there.
        KeyboardInterrupt : the same.
        """
        results = self.results / series.name
        if not results.exists():
            run = score_inputs([series], self.model, keep_heatmaps=True)  # for the report
            if run.stopped is not None:
                raise run.stopped
            if not run.slices:
                self._give_up(series)
                return
            self._write(run, results, Earlier.of(results, series))
        self._queue_reports(results)
        self._clear(series, some_failed=bool(read_json(results / "run.json")["errors"]))

    def _write(self, run: ScoringRun, results: Path, earlier: Earlier) -> None:
        """Write the results of a series under another name first: they appear all at once."""
        run = earlier.counted(run)
        partial = results.with_name(f".{results.name}.part")
        shutil.rmtree(partial, ignore_errors=True)
        names = Names.of(run, identify=False).series
        write_reports(run, make_folder(partial), more_files=[f"sr/{name}.dcm" for name in names])
        self._write_reports(run, private_folder(partial / "sr"), earlier)
        partial.rename(results)
        mean = ", ".join(f"{series.score:.2f}" for series in run.series)
        LOG.info("%s: scored %d of %d slices: %s", results.name, len(run.slices), run.found, mean)
        if earlier.reports:
            LOG.info("%s: replaces the report before, for more images came", results.name)

    def _write_reports(self, run: ScoringRun, folder: Path, earlier: Earlier) -> None:
        """Write those that can be made: a series of two patients has its scores and no report."""
        names = Names.of(run, identify=False).series
        for name, series in zip(names, run.series, strict=True):
            try:
                write_sr(folder / f"{name}.dcm", series, run.model, replaces=earlier.reports)
            except DistiliqaError as error:
                if isinstance(error.__cause__, OSError):  # the disk is to blame, not the series
                    raise
                LOG.warning("%s: no structured report can be made of it", name)

    def _queue_reports(self, results: Path) -> None:
        if self.outbox is not None:
            for number, report in enumerate(sorted(results.glob("sr/*.dcm")), start=1):
                self.outbox.put(report, f"{results.name}_{number}.dcm")

    def _give_up(self, series: Path) -> None:
        damaged = any(_is_damaged(path) for path in series.glob("*.dcm"))
        what = "none of its images can be read" if damaged else "no axial CT slice in it"
        LOG.warning("%s: not scored: %s", series.name, what)
        self._clear(series, some_failed=damaged)

    def _clear(self, series: Path, *, some_failed: bool) -> None:
        if some_failed:
            LOG.warning("%s: its images are kept in %s", series.name, self.failed / series.name)
            series.rename(self.failed / series.name)
            return
        if hasattr(os, "sync"):  # the results are on the disk before the images leave the queue
            os.sync()
        series.rename(self.scored / series.name)
        os.utime(self.scored / series.name)


def _is_damaged(path: Path) -> bool:
    """Whether an image that gave no score should have given one; a localizer should not."""
    try:
        index_ct(path)
    except NotCTError:
        return False
    except CTReadError:
        return True
    return True  # it was its pixels
