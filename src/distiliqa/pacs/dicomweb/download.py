"""What was downloaded, named by where it is on the server, not by a folder that goes soon."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from distiliqa.ct import Problem
from distiliqa.scoring.inputs import Found, find_slices


@dataclass(frozen=True)
class Download:
    """A study in a folder, as `Study.download` leaves it.

    Attributes
    ----------
    url : of the study, see `Study.url`.
    folder : holds ``<series UID>/<SOP Instance UID>.dcm``.
    paths : the folders of the series of which something came.
    missing : the objects that did not come, by the paths that they would have, and why; the folder
        of a series that the server does not list whole.
    """

    url: str
    folder: Path
    paths: tuple[str, ...]
    missing: tuple[Problem, ...] = ()

    def text(self, text: str) -> str:
        """``text`` with the URL (WADO-RS, PS3.18, section 10.4) in place of each path."""
        slash = r"[/\\]"
        folder = re.escape(str(self.folder))
        series = rf"{folder}{slash}(?P<series>[0-9.]+)(?:{slash}(?P<object>[0-9.]+)\.dcm)?"
        return re.sub(series, self._url, text)

    def find(self) -> Found:
        """The slices that came, as slices of the study on the server."""
        return find_slices(self.paths, self.missing).named([self.url], self.text)

    def _url(self, found: re.Match[str]) -> str:
        series = f"{self.url}/series/{found['series']}"
        return series if found["object"] is None else f"{series}/instances/{found['object']}"
