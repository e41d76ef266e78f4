"""The model that is checked, and the images it is checked on."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from distiliqa.ct import CTSlice, index_ct
from distiliqa.errors import DistiliqaError
from distiliqa.foreign_json import read_json
from distiliqa.lab.data.rated_folder import TEST
from distiliqa.lab.data.ratings import RatedImage, read_ratings
from distiliqa.lab.data.simulation_recipe import SHIPPED_SCALE
from distiliqa.lab.label.reader_scale import ReaderScale
from distiliqa.scoring.model import Model
from distiliqa.scoring.slice_score import SliceScore
from distiliqa.terminal import track
from tools.make_model.images import SCALE
from tools.make_model.patients import Patients, Role


class Slice(NamedTuple):
    """A real slice, and the patient by the name that the list of patients has."""

    patient: str
    role: Role
    path: Path
    ct: CTSlice


@dataclass(frozen=True)
class Subject:
    """A model and its images.

    Attributes
    ----------
    data : holds ct-dev and ct-more.
    work : folder of all that is made for the check.
    patients : who trained, who did not, and their slices.
    made : folder of ``make model``, with the scale of the labels, denoising networks, simulated
        images and the training run; None for the scale of the package, and without the rest.
    packages : unpacked packages with images of other kinds, see `tools.model_check.strangers`.
    slices : held-out slices at most, for a trial; None for all.
    """

    model: Model
    data: Path
    work: Path
    patients: Patients
    made: Path | None = None
    packages: Path | None = None
    slices: int | None = None
    _scores: dict[Path, list[SliceScore]] = field(default_factory=dict, compare=False)

    @property
    def normal_folders(self) -> list[Path]:
        """Folders of real slices at normal dose; ``data`` itself where it has no such folder."""
        places = (self.data / "ct-dev" / "normal_dose", self.data / "ct-more" / "normal_dose")
        return [place for place in places if place.is_dir()] or [self.data]

    @cached_property
    def never_trained(self) -> list[Slice]:
        """Chosen slices of all patients that no training sees."""
        found = {
            info.sop_uid: info for folder in self.normal_folders for info in index_ct(folder).slices
        }
        return [
            Slice(
                patient.patient,
                patient.role,
                Path(found[one.sop_uid].path),
                found[one.sop_uid].read(),
            )
            for patient in self.patients.of("held_out", "check")
            for one in patient.slices
            if one.sop_uid in found
        ]

    @cached_property
    def held_out_slices(self) -> list[Slice]:
        """Chosen slices of the held-out patients.

        A trial of few slices takes one of each patient, in turn.

        Raises
        ------
        DistiliqaError : there is none.
        """
        found = [one for one in self.never_trained if one.role == "held_out"]
        if not found:
            raise DistiliqaError(
                "holds no slice of a held-out patient", path=self.data, remedy="check --data"
            )
        if self.slices is None:
            return found
        names = [one.patient for one in found]
        turns = [names[:at].count(name) for at, name in enumerate(names)]
        order = sorted(range(len(found)), key=lambda at: turns[at])
        return [found[at] for at in sorted(order[: self.slices])]

    @property
    def held_out(self) -> list[CTSlice]:
        """`held_out_slices` without their patients."""
        return [one.ct for one in self.held_out_slices]

    @cached_property
    def scale(self) -> ReaderScale:
        """Scale of the labels."""
        made = self.made and self.made / "scale" / SCALE
        return ReaderScale.load(made if made and made.is_file() else SHIPPED_SCALE)

    @cached_property
    def networks(self) -> dict[str, Path]:
        """Weights of denoising networks by name: those that training saw, and those it did not."""
        folder = self.made and self.made / "denoisers"
        found = sorted(folder.rglob("*.safetensors")) if folder else []
        return {path.stem: path for path in found}

    def rated(self, folder: Path) -> tuple[RatedImage, ...]:
        """Images of held-out patients in a simulated data set."""
        return read_ratings(folder, folder / TEST)

    def rated_scores(self, folder: Path) -> list[SliceScore]:
        """Scores of `rated`, which are computed once."""
        if folder not in self._scores:
            images = self.rated(folder)
            slices = (read(image.path) for image in images)
            self._scores[folder] = self.score(slices, folder.name, len(images))
        return self._scores[folder]

    @cached_property
    def pairs(self) -> list[dict[str, Path]]:
        """The paths of each pair of doses, "full" and "quarter"."""
        folder = self.data / "ct-dev" / "dose_pairs"
        if not (table := folder / "pairs.csv").is_file():
            return []
        with table.open(newline="", encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
        places = [
            (folder / r["patient"] / r["kernel"], f"z{float(r['z']):08.2f}.IMA") for r in rows
        ]
        return [{d: place / d / name for d in ("full", "quarter")} for place, name in places]

    @cached_property
    def ratings(self) -> dict[Path, float]:
        """The images that radiologists rated, and their mean ratings."""
        folder = self.data / "ct-dev" / "ldctiqac2023"
        if not (scores := folder / "scores.json").is_file():
            return {}
        return {folder / name: float(rating) for name, rating in read_json(scores).items()}

    def score(self, slices: Iterable[CTSlice], what: str, count: int) -> list[SliceScore]:
        """Score slices one after the other with a progress bar."""
        return list(track(self.model.score_slices(slices), what, count))


def read(path: Path) -> CTSlice:
    """The only slice of a file."""
    return index_ct(path).slices[0].read()


def changed(ct: CTSlice, hu: NDArray[np.number]) -> CTSlice:
    """A slice with other pixels and the same facts."""
    return replace(ct, hu=hu.astype(np.float32), info=replace(ct.info, decode=None))
