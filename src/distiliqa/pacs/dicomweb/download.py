"""What was downloaded, told by where it is on the server, not by a folder that soon is no more."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from distiliqa.ct import Problem
from distiliqa.scoring.result import ScoringRun


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

    def problems(self, problems: Iterable[Problem]) -> tuple[Problem, ...]:
        """Problems with the URLs of what they are with."""
        return tuple(Problem(self.text(path), self.text(reason)) for path, reason in problems)

    def run(self, run: ScoringRun) -> ScoringRun:
        """A run over what was downloaded, as one over the study on the server."""
        return replace(
            run,
            inputs=(self.url,),
            slices=tuple(replace(each, path=self.text(each.path)) for each in run.slices),
            failed=self.problems(run.failed),
            left_out=self.problems(run.left_out),
            sha256={self.text(path): digest for path, digest in run.sha256.items()},
        )

    def _url(self, found: re.Match[str]) -> str:
        series = f"{self.url}/series/{found['series']}"
        return series if found["object"] is None else f"{series}/instances/{found['object']}"
