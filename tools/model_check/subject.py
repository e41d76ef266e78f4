"""The model that is checked, and the images it is checked on."""

from __future__ import annotations

import csv
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TypeVar

from rich.console import Console
from rich.progress import track

from distiliqa.ct import CTSlice, index_ct
from distiliqa.errors import DistiliqaError
from distiliqa.foreign_json import read_json
from distiliqa.lab.data.ratings import RatedImage, read_ratings
from distiliqa.scoring.model import Model
from distiliqa.scoring.slice_score import SliceScore

T = TypeVar("T")


@dataclass(frozen=True)
class Subject:
    """A model and its images.

    Attributes
    ----------
    data : holds normal_dose, dose_pairs and ldctiqac2023.
    simulated : a simulated dataset with its test.json.
    cases : the held-out patients to take; all of test.json where empty.
    """

    model: Model
    data: Path
    simulated: Path
    cases: Collection[str] = ()

    @cached_property
    def rated(self) -> list[RatedImage]:
        """The simulated images of the held-out patients."""
        ratings = self.simulated / "test.json"
        images = read_ratings(self.simulated, ratings)
        chosen = [image for image in images if not self.cases or image.case in self.cases]
        if not chosen:
            there = ", ".join(sorted({str(image.case) for image in images}))
            raise DistiliqaError("no such case", path=ratings, remedy=f"it has {there}")
        return chosen

    @cached_property
    def normal_dose(self) -> list[CTSlice]:
        refs = index_ct(self.data / "normal_dose").slices
        return [ref.read() for ref in progress(refs, "reading", len(refs))]

    @cached_property
    def normal_scores(self) -> list[SliceScore]:
        """The scores of `normal_dose`."""
        return self.score(self.normal_dose, "normal dose", len(self.normal_dose))

    @cached_property
    def rated_scores(self) -> list[SliceScore]:
        """The scores of `rated`."""
        slices = (read(image.path) for image in self.rated)
        return self.score(slices, "held-out patients", len(self.rated))

    @cached_property
    def held_out(self) -> list[CTSlice]:
        """The normal-dose slices of the held-out patients."""
        cases = {image.case for image in self.rated}
        found = [ct for ct in self.normal_dose if ct.patient_id in cases]
        if not found:
            raise DistiliqaError(
                f"holds no slice of the held-out {', '.join(sorted(map(str, cases)))}",
                path=self.data / "normal_dose",
                remedy="check --data and --simulated",
            )
        return found

    @cached_property
    def pairs(self) -> list[dict[str, Path]]:
        """The paths of each real pair by dose, "full" and "quarter"."""
        folder = self.data / "dose_pairs"
        if not (table := folder / "pairs.csv").is_file():
            raise DistiliqaError("no such file", path=table, remedy="check --data")
        with table.open(newline="", encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
        places = [
            (folder / r["patient"] / r["kernel"], f"z{float(r['z']):08.2f}.IMA") for r in rows
        ]
        return [{d: place / d / name for d in ("full", "quarter")} for place, name in places]

    @cached_property
    def ratings(self) -> dict[Path, float]:
        """The images that radiologists rated, and their mean ratings."""
        folder = self.data / "ldctiqac2023"
        return {folder / name: float(r) for name, r in read_json(folder / "scores.json").items()}

    def score(self, slices: Iterable[CTSlice], what: str, count: int) -> list[SliceScore]:
        """Score slices one after the other with a progress bar."""
        return list(progress(self.model.score_slices(slices), what, count))


def progress(items: Iterable[T], what: str, count: int) -> Iterable[T]:
    return track(items, what, total=count, console=Console(stderr=True))


def read(path: Path) -> CTSlice:
    """The only slice of a file."""
    return index_ct(path).slices[0].read()
