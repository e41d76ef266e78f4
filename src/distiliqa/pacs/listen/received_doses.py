"""Radiation dose reports that a listener received; they wait here for the images of their study.

FOLDER/queue/doses/<study UID>/<SOP Instance UID>.dcm
"""

from __future__ import annotations

import logging
import shutil
import time
from collections.abc import Collection, Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from threading import Lock

from distiliqa.ct import CTIndex, DoseEvent, DoseReport, read_dose_report
from distiliqa.errors import DistiliqaError
from distiliqa.files import cannot_write, make_folder, private_folder, sync_file, sync_folder
from distiliqa.pacs.identifiers import checked_uid
from distiliqa.report.names import short_hash

LOG = logging.getLogger(__name__)
KEPT_S = 86400.0  # some reconstructions come hours after the report


class ReceivedDoses:
    """Dose reports by study; threads may use it at the same time.

    Parameters
    ----------
    folder : Path
        Folder of the reports; those that an earlier listener left count as just arrived.

    Raises
    ------
    DistiliqaError
        The folder cannot be written.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = private_folder(folder)
        self._lock = Lock()
        self._new = {path.name for path in folder.iterdir() if path.is_dir()}

    def put(self, study: str, instance: str, received: Path) -> None:
        """Move a report to those of its study; it is on the disk on return.

        Raises
        ------
        DistiliqaError
            A UID is not valid, or the disk does not take it.
        """
        path = self.folder / checked_uid(study, "study") / f"{checked_uid(instance, 'object')}.dcm"
        with self._lock:
            try:
                make_folder(path.parent)
                sync_file(received)
                received.replace(path)
                sync_folder(path.parent)
                sync_folder(self.folder)  # the folder of the study may be new
            except OSError as error:
                raise cannot_write(path, error) from error
            self._new.add(study)

    def take_new(self) -> set[str]:
        """The studies of which a report came since the last call."""
        with self._lock:
            taken, self._new = self._new, set()
            return taken

    def of(self, study: str) -> list[DoseReport]:
        """The reports of a study; one that cannot be read is logged."""
        found = []
        for path in sorted((self.folder / study).glob("*.dcm")):
            try:
                found.append(read_dose_report(path))
            except (DistiliqaError, OSError) as error:
                reason = error.reason if isinstance(error, DistiliqaError) else "cannot be read"
                LOG.warning("study %s: no dose from a dose report: %s", short_hash(study), reason)
        return found

    def put_back(self, studies: set[str]) -> None:
        """Let studies count as new again, as they were not dealt with."""
        with self._lock:
            self._new |= studies

    def events_of(self, study: str) -> Iterator[DoseEvent]:
        """The irradiation events of all reports of a study."""
        return (event for report in self.of(study) for event in report.events)

    def of_images(self, index: CTIndex) -> list[DoseReport]:
        """The reports of the studies of images, with the events that made them where there are any.

        A report has the events of all series of its study. The other events do not concern these
        images.
        """
        studies = {info.study_uid for info in index.slices}
        events = {uid for info in index.slices for uid in info.event_uids}
        found = (report for study in studies if study for report in self.of(study))
        return [_of_events(report, events) for report in found]

    def remove_old(self) -> None:
        """Remove reports that came long ago."""
        with suppress(OSError):  # it is tried again
            for study in self.folder.iterdir():
                if time.time() - study.stat().st_mtime > KEPT_S:
                    shutil.rmtree(study)


def _of_events(report: DoseReport, uids: Collection[str]) -> DoseReport:
    made = tuple(event for event in report.events if event.event_uid in uids)
    return replace(report, events=made) if made else report
