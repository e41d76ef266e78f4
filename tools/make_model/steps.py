"""The steps of a model, in their order, and what each depends on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from tools.make_model import denoisers, images, model_folder, networks, sources
from tools.make_model.patients import Patients, load_patients
from tools.make_model.settings import FILE, ModelSettings
from tools.make_model.step import Outcome, Step


@dataclass(frozen=True)
class Inputs:
    """Inputs of a model.

    Attributes
    ----------
    home : folder of the settings, where the log goes in the end.
    data : CT folders.
    work : folder of all that is made; each step has a folder of its name there.
    check_data : rated images and pairs of doses, from which nothing is learned.
    """

    settings: ModelSettings
    home: Path
    data: Sequence[Path]
    work: Path
    check_data: Path | None = None

    @cached_property
    def patients(self) -> Patients:
        """The patients, fixed before training."""
        return load_patients(self.settings.patients)

    @property
    def pretraining_cases(self) -> list[str]:
        """Names of the pretraining patients."""
        return [patient.patient for patient in self.patients.of("pretraining")]

    @property
    def sites(self) -> dict[str, str]:
        """The site of each patient."""
        return {patient.patient: patient.site for patient in self.patients.patients}

    @property
    def training_images(self) -> Path:
        """The data set that networks learn from."""
        return self.work / "simulate" / "training"


def steps_of(inputs: Inputs) -> list[Step]:
    """All steps; a step reads what those in ``after`` have left in their folders."""
    return [*_image_steps(inputs), *_network_steps(inputs), *_model_steps(inputs)]


def _image_steps(inputs: Inputs) -> list[Step]:
    settings, work = inputs.settings, inputs.work

    def copied(out: Path) -> Outcome:
        return sources.copy_sources(inputs.patients, inputs.data, out)

    def scale(out: Path) -> Outcome:
        return images.scale_of_readers(
            sources.training_files(work / "sources", inputs.patients, settings.scale.regions), out
        )

    def networks_of_noise(out: Path) -> Outcome:
        return denoisers.train_denoisers(settings.denoisers, work / "sources" / "training", out)

    def simulated(out: Path) -> Outcome:
        return images.simulate_images(
            settings.images, work / "sources", work / "scale", work / "denoisers", out
        )

    return [
        Step("sources", copied, {"patients": settings.patients}),
        Step("scale", scale, {"scale": settings.scale.model_dump()}, ("sources",)),
        Step("denoisers", networks_of_noise, _plain(settings.denoisers), ("sources",)),
        Step(
            "simulate",
            simulated,
            {
                **_plain(settings.images),
                **{f"{name} recipe": one.recipe for name, one in settings.images.items()},
            },
            ("sources", "scale", "denoisers"),
        ),
    ]


def _plain(sections: Any) -> dict[str, Any]:
    """Settings by name without files, which count by their content."""
    return {name: one.model_dump(exclude={"recipe"}) for name, one in sections.items()}


def _network_steps(inputs: Inputs) -> list[Step]:
    settings, work = inputs.settings, inputs.work

    def pretrained(out: Path) -> Outcome:
        return networks.pretrain(
            settings.pretraining, inputs.training_images, inputs.pretraining_cases, out
        )

    def teachers(out: Path) -> Outcome:
        return networks.train_all_teachers(
            settings.teachers,
            inputs.training_images,
            networks.start_weights(work / "pretrain"),
            inputs.pretraining_cases,
            out,
        )

    def student(out: Path) -> Outcome:
        return networks.distil(settings.student, work / "teachers", out)

    return [
        Step("pretrain", pretrained, {"recipe": settings.pretraining}, ("simulate",)),
        Step("teachers", teachers, {"recipe": settings.teachers}, ("simulate", "pretrain")),
        Step("student", student, {"recipe": settings.student}, ("teachers",)),
    ]


def _model_steps(inputs: Inputs) -> list[Step]:
    settings, work = inputs.settings, inputs.work
    model = work / "export" / settings.name

    def exported(out: Path) -> Outcome:
        return model_folder.export(
            settings.name,
            settings.version,
            networks.student_run(settings.student, work / "student"),
            settings.domain,
            settings.notes,
            inputs.sites,
            out,
        )

    def checked(out: Path) -> Outcome:
        return model_folder.check(model, work, inputs.home / FILE, inputs.check_data, out)

    def figures(out: Path) -> Outcome:
        return model_folder.finish(model, work / "check", work / "sources", settings.figure, out)

    notes = {note.name: note for note in settings.notes}
    named = {"name": settings.name, "version": settings.version, **notes}
    named["domain"] = settings.domain.model_dump()
    return [
        Step("export", exported, named, ("student",)),
        Step("check", checked, {}, ("export",)),
        Step("figures", figures, {"figure": settings.figure.model_dump()}, ("check",)),
    ]
