"""Detection of images that are out of domain."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from statistics import fmean

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter
from scipy.stats import mannwhitneyu

from distiliqa.ct import CTSlice, SliceInfo, index_ct
from distiliqa.lab.train.body_limits import body_limits
from distiliqa.metrics.body_shape import BodyShape, body_shape
from distiliqa.models.config import Domain
from distiliqa.scoring.domain import check_domain
from distiliqa.scoring.slice_score import SliceScore
from distiliqa.terminal import track
from tools.make_model.settings import ModelSettings
from tools.model_check import strangers, unlike
from tools.model_check.acceptance import Row, Section, bounded
from tools.model_check.simulated_images import ALL_FAULTS, simulated_images
from tools.model_check.subject import Subject

FALSE_ALARMS, FLAGGED = 0.05, 0.95
VERSIONS = ("as they are", "with noise of 100 HU", "blurred by 6 mm")
NOISE_HU, GRAIN = 100.0, 0.8  # standard deviation, and that of the kernel in pixels
BLUR_MM, USUAL_PIXEL_MM = 6.0, 0.75  # full width at half maximum
FWHM = 2.3548  # of a Gaussian, in standard deviations


def domain(subject: Subject, settings: ModelSettings) -> Section:
    """Share of other images that is out of domain, and of held-out patients that should not be."""
    facts = subject.model.config.domain
    if facts is None:
        return Section("Domain", "The model has no distance.", ())
    computed = {
        "natural images": (unlike.natural(), None),
        "MR of heads": (unlike.magnetic_resonance(), None),
        "computed PET": (unlike.emission(), unlike.BODY_MM),
        "computed heads": (unlike.heads(), unlike.HEAD_MM),
        "computed thighs and forearms": (unlike.extremities(), unlike.BODY_MM),
        "water and rod phantoms": (unlike.phantoms(), unlike.BODY_MM),
    }
    known = subject.rated_scores(simulated_images(subject, settings, ALL_FAULTS))
    normal = subject.held_out
    scored = {name: _score(subject, name, *images) for name, images in computed.items()}
    everyone = [score for found in scored.values() for score in found]
    rows = [
        _known("held-out patients, any dose and fault", known),
        _known(
            "their normal dose",
            subject.score(normal, "normal dose", len(normal)),
        ),
        *(_out_of_domain(name, found, known) for name, found in scored.items() if found),
        _out_of_domain("all of these", everyone, known),
    ]
    about = (
        "AUROC of the distance against the simulated images; bounds on the share out of domain. "
        f"{100 * facts.false_alarms:g} % of the {facts.checked} images that the limit was set on "
        "are beyond it; their sites are unknown to the images that they were compared with. "
        "Then real images; and what the body alone gives, its limits set on the other patients of "
        "all normal-dose slices, each patient left out in turn. Not to be had: "
        f"{'; '.join(strangers.NOT_TO_BE_HAD)}."
    )
    return Section("Domain", about, (rows, _real(subject), _body_alone(subject)))


def _score(
    subject: Subject,
    name: str,
    images: Iterable[NDArray[np.float32]],
    spacing_mm: tuple[float, float] | None,
) -> list[SliceScore]:
    slices = [CTSlice(hu, SliceInfo(spacing_mm=spacing_mm)) for hu in images]
    return subject.score(slices, name, len(slices))


def _known(name: str, scored: Sequence[SliceScore]) -> Row:
    return _row(name, scored, at_most=FALSE_ALARMS)


def _out_of_domain(name: str, scored: Sequence[SliceScore], known: Sequence[SliceScore]) -> Row:
    ranks = mannwhitneyu([score.distance for score in scored], [score.distance for score in known])
    area = float(ranks.statistic) / (len(scored) * len(known))
    return _row(name, scored, area, at_least=FLAGGED)


def _row(
    name: str, scored: Sequence[SliceScore], area: float | None = None, **limits: float
) -> Row:
    share = fmean(score.distance is not None and score.distance > 1 for score in scored)
    row = {"images": f"out of domain: {name}", "n": len(scored), "AUROC": area}
    return row | bounded(share, **limits)


def _real(subject: Subject) -> list[Row]:
    """Share of real strangers that is detected: by pixels and header, and by pixels alone."""
    by_kind: dict[str, list[CTSlice]] = {source.kind: [] for source in strangers.SOURCES}
    for stranger in strangers.found(subject.packages or strangers.PACKAGES, _own_data(subject)):
        by_kind[stranger.source.kind].append(stranger.ct)
    return [_detected(subject, kind, slices) for kind, slices in by_kind.items()]


def _own_data(subject: Subject) -> Path:
    return subject.data / "ct-more" / "strangers"


def _detected(subject: Subject, kind: str, slices: Sequence[CTSlice]) -> Row:
    spaced = [CTSlice(ct.hu, SliceInfo(spacing_mm=ct.spacing_mm)) for ct in slices]
    bare = [CTSlice(ct.hu, SliceInfo()) for ct in slices]
    shares = {
        "with header": _share(subject, kind, slices),
        "pixels and spacing": _share(subject, kind, spaced),
        "pixels alone": _share(subject, kind, bare),
    }
    row = {"images": f"out of domain, real: {kind}", "n": len(slices)} | shares
    return row | bounded(_least(shares.values()), at_least=FLAGGED)


def _least(shares: Iterable[float | None]) -> float | None:
    return min((share for share in shares if share is not None), default=None)


def _share(subject: Subject, kind: str, slices: Sequence[CTSlice]) -> float | None:
    """Share that is detected; None where no image of this kind is there."""
    if not slices:
        return None
    scored = subject.score(slices, kind, len(slices))
    return fmean(score.empty or score.out_of_domain for score in scored)


def _body_alone(subject: Subject) -> list[Row]:
    """Share of normal-dose slices that the limits of the body exclude, by version of the slice."""
    shapes, patients = zip(*track(_shapes(subject), "bodies", _count(subject)), strict=True)
    flagged: dict[str, list[bool]] = {name: [] for name in VERSIONS}
    for patient in set(patients):
        limits = _limits(
            [s for s, p in zip(shapes, patients, strict=True) if p != patient],
            [p for p in patients if p != patient],
        )
        for own in (s for s, p in zip(shapes, patients, strict=True) if p == patient):
            for name, shape in zip(VERSIONS, own, strict=True):
                flagged[name].append(check_domain(limits, 0.0, shape)[0] > 1)
    return [
        {"images": f"out of domain by the body, normal dose: {name}", "n": len(found)}
        | bounded(fmean(found), at_most=FALSE_ALARMS)
        for name, found in flagged.items()
    ]


def _limits(shapes: Sequence[Sequence[BodyShape]], patients: Sequence[str]) -> Domain:
    every = [shape for own in shapes for shape in own]
    cases = [case for own, case in zip(shapes, patients, strict=True) for _ in own]
    return replace(Domain(FALSE_ALARMS, len(every), 0), **body_limits(every, cases))


def _count(subject: Subject) -> int:
    return sum(len(index_ct(folder).slices) for folder in subject.normal_folders)


def _shapes(subject: Subject) -> Iterator[tuple[list[BodyShape], str]]:
    for folder in subject.normal_folders:
        for seed, ref in enumerate(index_ct(folder).slices):
            ct = ref.read()
            seen = _versions(ct.hu, ct.spacing_mm, seed)
            yield [body_shape(hu, ct.spacing_mm) for hu in seen], str(ct.patient_id)


def _versions(
    hu: NDArray[np.float32], spacing_mm: tuple[float, float] | None, seed: int
) -> Iterator[NDArray[np.float32]]:
    """Yield a slice in the order of `VERSIONS`; noise is that of about 5 % of the dose."""
    yield hu
    noise = gaussian_filter(np.random.default_rng(seed).standard_normal(hu.shape), GRAIN)
    yield (hu + NOISE_HU * noise / noise.std()).astype(np.float32)
    pixel = USUAL_PIXEL_MM if spacing_mm is None else spacing_mm[0]
    yield gaussian_filter(hu, BLUR_MM / FWHM / pixel)
