"""Score the series of the queue, and put their reports in the outbox.

    FOLDER/results/<name>/   the files of `distiliqa score --out --sr`
    FOLDER/scored/<name>/    the objects of a series, for some time, as more may come
    FOLDER/failed/<name>/    the objects of a series of which some could not be scored
    FOLDER/received.html     a list of all series that left the queue

If more images of a series come later, or the dose report of its study, it is scored again under
another name, and its report replaces the earlier one. The report is partial if images of the
earlier report are missing. Images that are sent again unchanged add no results: the earlier report
stays.

Every step is on the disk before the next one starts, so that work continues after a crash.
"""

from __future__ import annotations

import logging
import os
import shutil
import time
from collections.abc import Collection
from contextlib import suppress
from pathlib import Path

from distiliqa.ct import SliceInfo, index_ct
from distiliqa.errors import CTReadError, DistiliqaError, NotCTError
from distiliqa.files import make_folder, private_folder, sync_folder, sync_tree
from distiliqa.foreign_json import read_json
from distiliqa.pacs.listen.outbox import Outbox
from distiliqa.pacs.listen.queue import Queue
from distiliqa.pacs.listen.received import SCORED, UNCHANGED, Received
from distiliqa.pacs.listen.received_doses import ReceivedDoses
from distiliqa.pacs.results.earlier_reports import Earlier
from distiliqa.pacs.results.structured_report import write_sr
from distiliqa.report import report
from distiliqa.report.names import file_names
from distiliqa.scoring.inputs import find_slices
from distiliqa.scoring.model import Model
from distiliqa.scoring.result import ScoringRun
from distiliqa.scoring.run import score_inputs

LOG = logging.getLogger(__name__)
# Images of a series are kept so long, as more may come, if so much of the disk is free.
KEPT_S = 3600.0
MIN_FREE_BYTES = 2 << 30


class Scorer:
    """Scores complete series.

    Parameters
    ----------
    folder : Path
        Holds ``results``, ``scored`` and ``failed``.
    outbox : Outbox or None
        Outbox for the structured reports; None sends none.
    doses : ReceivedDoses
        The dose reports that were received.

    Raises
    ------
    DistiliqaError
        The folder cannot be written.
    """

    def __init__(
        self, folder: Path, model: Model, outbox: Outbox | None, doses: ReceivedDoses
    ) -> None:
        self.results = make_folder(folder / "results")
        self.scored = private_folder(folder / "scored")
        self.failed = private_folder(folder / "failed")
        self.model = model
        self.outbox = outbox
        self.doses = doses
        self.received = Received(folder, model.config)

    def has(self, name: str) -> bool:
        """Whether a series of this name was scored before."""
        return (self.results / name).exists() or (self.failed / name).exists()

    def remove_old_images(self) -> None:
        """Remove the images of series that were scored long ago, or of all on a full disk."""
        self.doses.remove_old()
        with suppress(OSError):  # it is tried again
            is_full = shutil.disk_usage(self.scored).free < MIN_FREE_BYTES
            for series in filter(Path.is_dir, self.scored.iterdir()):
                if is_full or time.time() - series.stat().st_mtime > KEPT_S:
                    shutil.rmtree(series)

    def ask_for_doses(self, queue: Queue) -> None:
        """Let series be scored again whose dose report came after their images.

        Raises
        ------
        DistiliqaError, OSError
            The disk is full, or an image has gone.
        """
        studies = self.doses.take_new()
        try:
            for folder in filter(Path.is_dir, self.scored.iterdir() if studies else ()):
                if (uid := self._lacking_dose(folder, studies)) is not None:
                    LOG.info("%s: its dose report came, it is scored again", folder.name)
                    queue.ask_again(uid)
        except (DistiliqaError, OSError):
            self.doses.put_back(studies)
            raise

    def score(self, series: Path) -> None:
        """Score the folder of a series, write and queue its results, and move the folder.

        Raises
        ------
        DistiliqaError, OSError, KeyboardInterrupt
            The disk is full, the model fails, or the user interrupts; nothing is lost, and the same
            call continues the work.
        """
        results, run = self.results / series.name, None
        if not _is_whole(results):
            shutil.rmtree(results, ignore_errors=True)
            found = find_slices([series])
            doses = self.doses.of_images(found.index)
            # The heatmaps are for the report.
            run = score_inputs(found, self.model, keep_heatmaps=True, dose_reports=doses)
            if run.stopped is not None:
                raise run.stopped
            if not run.slices:
                self._give_up(series)
                return
            earlier = Earlier.of(results, series, run.slices[0].info.series_uid)
            if earlier.hold(run) and not self._adds_dose(series.name, run):
                LOG.info("%s: %s, the earlier report stays", series.name, UNCHANGED)
                images = self._clear(series, some_failed=bool(run.failed))
                self.received.add(series.name, UNCHANGED, images, run)
                return
            self._write(run, results, earlier)
        self._queue_reports(results)
        some_failed = bool(read_json(results / "run.json")["errors"])
        # Last: a page that cannot be written delays no report.
        self.received.add(series.name, SCORED, self._clear(series, some_failed=some_failed), run)

    def _write(self, run: ScoringRun, results: Path, earlier: Earlier) -> None:
        """Write the results under a temporary name first, so that they appear all at once."""
        run = earlier.counted(run)
        partial = results.with_name(f".{results.name}.part")
        shutil.rmtree(partial, ignore_errors=True)
        names = file_names(run)
        report(run, make_folder(partial), more_files=[f"sr/{name}.dcm" for name in names])
        self._write_reports(run, private_folder(partial / "sr"), earlier)
        sync_tree(partial)
        partial.rename(results)
        sync_folder(self.results)
        mean = ", ".join(f"{series.score:.2f}" for series in run.series)
        LOG.info("%s: scored %d of %d slices: %s", results.name, len(run.slices), run.found, mean)
        if earlier.reports:
            LOG.info("%s: replaces the earlier report", results.name)

    def _write_reports(self, run: ScoringRun, folder: Path, earlier: Earlier) -> None:
        """Write the reports that can be made: a series of two patients gets scores alone."""
        names = file_names(run)
        for name, series in zip(names, run.series, strict=True):
            try:
                write_sr(folder / f"{name}.dcm", series, run.model, replaces=earlier.reports)
            except DistiliqaError as error:
                if isinstance(error.__cause__, OSError):  # a fault of the disk, not of the series
                    raise
                LOG.warning("%s: no structured report can be made of it", name)

    def _lacking_dose(self, folder: Path, studies: Collection[str]) -> str | None:
        """The UID of a series whose results lack a dose that new reports have; else None."""
        image = _first_image(folder)
        if image is None or image.study_uid is None or image.study_uid not in studies:
            return None
        reported = {event.event_uid for event in self.doses.events_of(image.study_uid)}
        lacking = reported & {*image.event_uids} - self._events_in(folder.name)
        return image.series_uid if lacking else None

    def _adds_dose(self, name: str, run: ScoringRun) -> bool:
        """Whether a run has a dose that earlier results of its series lack."""
        doses = (series.dose.event for series in run.series)
        return bool({dose.event_uid for dose in doses if dose} - self._events_in(name))

    def _events_in(self, name: str) -> set[str]:
        """The irradiation events of the doses in all results of a series."""
        first = name.partition("-")[0]
        return set().union(*map(_events_of, self.results.glob(f"{first}*")))

    def _queue_reports(self, results: Path) -> None:
        if self.outbox is not None:
            for number, report in enumerate(sorted(results.glob("sr/*.dcm")), start=1):
                self.outbox.put(report, f"{results.name}_{number}.dcm")

    def _give_up(self, series: Path) -> None:
        damaged = any(_is_damaged(path) for path in series.glob("*.dcm"))
        problem = "none of its images can be read" if damaged else "no axial CT slice in it"
        LOG.warning("%s: not scored: %s", series.name, problem)
        images = self._clear(series, some_failed=damaged)
        self.received.add(series.name, f"not scored: {problem}", images)

    def _clear(self, series: Path, *, some_failed: bool) -> int:
        """Move the folder of a series out of the queue; returns the number of its objects."""
        images = sum(1 for _ in series.glob("*.dcm"))
        if some_failed:
            LOG.warning("%s: its images are kept in %s", series.name, self.failed / series.name)
            series.rename(self.failed / series.name)
            return images
        series.rename(self.scored / series.name)
        os.utime(self.scored / series.name)
        return images


def _is_whole(results: Path) -> bool:
    """Whether results are there, and not empty files that a power failure left."""
    try:
        return "errors" in read_json(results / "run.json")
    except (DistiliqaError, TypeError):
        if results.exists():
            LOG.warning("%s: its results are damaged, it is scored again", results.name)
        return False


def _first_image(folder: Path) -> SliceInfo | None:
    """A slice of a series; None where its first file has none."""
    try:
        return next(iter(index_ct(next(folder.glob("*.dcm"))).slices), None)
    except (StopIteration, CTReadError):
        return None


def _events_of(results: Path) -> set[str]:
    """The irradiation events of the doses in results; none in those of another version."""
    try:
        series = read_json(results / "scores.json")["series"]
        return {one["dose"]["event"]["event_uid"] for one in series if one["dose"]["event"]}
    except (DistiliqaError, OSError, LookupError, TypeError):
        return set()


def _is_damaged(path: Path) -> bool:
    """Whether an image without a score is a damaged CT slice, and not, say, a localizer."""
    try:
        index_ct(path)
    except NotCTError:
        return False
    except CTReadError:
        return True
    return True  # its pixels are damaged
