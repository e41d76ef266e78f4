"""Agreement with the labels of simulated images of held-out patients.

Images of all faults are drawn by the recipe of the training images with another seed. Those of the
challenge are its twelve scans. Intervals draw patients.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import compress
from operator import sub
from statistics import fmean

from distiliqa.lab.data.ratings import RatedImage
from distiliqa.scoring.slice_score import SliceScore
from distiliqa.simulate.processing.kinds import KINDS
from distiliqa.statistics.agreement import mae, plcc, srocc
from distiliqa.statistics.group_bootstrap import bootstrap
from tools.make_model.settings import ModelSettings
from tools.model_check.acceptance import Row, Section, line
from tools.model_check.simulated_images import ALL_FAULTS, CHALLENGE, simulated_images
from tools.model_check.subject import Subject

MIN_SROCC, MIN_CHALLENGE = 0.90, 0.96
METRICS = {"PLCC": plcc, "SROCC": srocc}
FAULTS = ("motion", "ring", "metal", "hardening", "truncation")


def simulated(subject: Subject, settings: ModelSettings) -> Section:
    """SROCC on all faults, and PLCC and SROCC on scans like those of the challenge."""
    faults = simulated_images(subject, settings, ALL_FAULTS)
    challenge = simulated_images(subject, settings, CHALLENGE)
    images, scored = subject.rated(faults), subject.rated_scores(faults)
    lines = [_agreement("simulated, all faults: SROCC", images, scored, "SROCC", MIN_SROCC)]
    like, their = subject.rated(challenge), subject.rated_scores(challenge)
    lines += [
        _agreement(f"scans of the challenge: {name}", like, their, name, MIN_CHALLENGE)
        for name in METRICS
    ]
    about = (
        f"Images of {len({image.case for image in images})} patients that no training saw, with "
        "labels; every processing and every fault of a scan. Below, images that have a fault, "
        "alone or with others; then the scans of the challenge by slice, whose mean errors show "
        "how much a score depends on the anatomy."
    )
    tables = lines, _by_fault(images, scored), _by_slice(like, their)
    return Section("Simulated images", about, tables)


def _agreement(
    what: str,
    images: Sequence[RatedImage],
    scored: Sequence[SliceScore],
    metric: str,
    at_least: float,
) -> Row:
    labels = [image.score for image in images]
    scores = [score.score for score in scored]
    cases = [str(image.case) for image in images]
    bounds = bootstrap(scores, labels, cases).bounds[metric.lower()]
    value = METRICS[metric](scores, labels)
    level = _of_noise_level(scored, labels, metric)
    return line(what, len(images), value, at_least=at_least, interval=bounds, noise_level=level)


def _of_noise_level(
    scored: Sequence[SliceScore], labels: Sequence[float], metric: str
) -> float | None:
    """The same metric of the noise level, whose sign is turned; None where it knows less."""
    levels = [score.noise_hu for score in scored]
    known = [at for at, level in enumerate(levels) if level is not None]
    if len(known) < len(levels) / 2:
        return None
    turned = [-(levels[at] or 0.0) for at in known]
    return METRICS[metric](turned, [labels[at] for at in known])


def _by_fault(images: Sequence[RatedImage], scored: Sequence[SliceScore]) -> list[Row]:
    faults = [_faults(image) for image in images]
    there = set[str]().union(*faults)
    return [
        {"fault": name, **_errors(images, scored, [name in found for found in faults])}
        for name in ("none", *FAULTS, *KINDS)
        if name in there
    ]


def _by_slice(images: Sequence[RatedImage], scored: Sequence[SliceScore]) -> list[Row]:
    slices = [image.facts["slice"] for image in images]
    return [
        {"slice": name, **_errors(images, scored, [name == other for other in slices])}
        for name in sorted(set(slices))
    ]


def _errors(
    images: Sequence[RatedImage], scored: Sequence[SliceScore], counted: Sequence[bool]
) -> Row:
    """Agreement and errors of the scores of the images that count."""
    labels = [image.score for image in compress(images, counted)]
    scores = [score.score for score in compress(scored, counted)]
    return {
        "n": len(labels),
        "SROCC": srocc(scores, labels),
        "mean error": fmean(map(sub, scores, labels)),
        "mean absolute error": mae(scores, labels),
    }


def _faults(image: RatedImage) -> set[str]:
    """Faults of an image, by its row of the manifest; ``none`` for dose, views and kernel alone."""
    chain = image.facts.get("process", "")
    kinds = {part.partition(":")[0] for part in chain.split(";") if part}
    scan = {name for name in FAULTS if float(image.facts.get(name) or 0)}
    return kinds | scan or {"none"}
