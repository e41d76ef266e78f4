"""Labels of processed and of worse scans: what must cost, and what must not."""

from __future__ import annotations

from itertools import pairwise

import pytest

from distiliqa.lab.label.simulated_label import Scan, Subject, labeled
from distiliqa.simulate.degradation import Degradation
from distiliqa.simulate.motion import Motion
from distiliqa.simulate.processing.kinds import KINDS
from distiliqa.simulate.processing.processing import Processing

LITTLE = 0.02  # in the logarithm of detectability: some 0.04 points


def label(subject: Subject, scan: Scan, *processing: Processing) -> float:
    return float(subject.anatomy.mean(labeled(subject, scan, processing).detectability))


def ladder(subject: Subject, scan: Scan, kind: str) -> list[float]:
    return [label(subject, scan, Processing(kind, rung)) for rung in KINDS[kind].ladder]


@pytest.mark.parametrize(
    "kind",
    [
        "white_noise",
        "ct_noise",
        "blotchy_noise",
        "gaussian_blur",
        "sharpening",
        "median",
        "bilateral",
        "non_local_means",
        "total_variation",
        "smear",
        "ghost",
        "jpeg",
        "contrast_loss",
    ],
)
def test_labels_fall_along_the_ladder(subject: Subject, full: Scan, kind: str) -> None:
    found = ladder(subject, full, kind)

    assert all(low <= high + LITTLE for high, low in pairwise(found))
    assert found[-1] < found[0] - 0.3


def test_labels_fall_with_the_dose(subject: Subject, full: Scan, quarter: Scan) -> None:
    tenth = subject.scan(Degradation(dose=0.1), 2)

    assert label(subject, full) > label(subject, quarter) + 0.3
    assert label(subject, quarter) > label(subject, tenth) + 0.2


@pytest.mark.parametrize(
    "kind", [name for name, one in KINDS.items() if one.family == "denoiser" and not one.needs]
)
def test_no_denoiser_adds_information(
    subject: Subject, full: Scan, quarter: Scan, kind: str
) -> None:
    assert max(ladder(subject, full, kind)) <= label(subject, full) + LITTLE
    assert max(ladder(subject, quarter, kind)) < label(subject, full) - LITTLE


@pytest.mark.parametrize("one", [Processing("shift", 2), Processing("hu_offset", 10)], ids=str)
def test_what_no_reader_sees_costs_nothing(subject: Subject, full: Scan, one: Processing) -> None:
    assert label(subject, full, one) == pytest.approx(label(subject, full), abs=2 * LITTLE)


def test_motion_costs_by_its_displacement(subject: Subject, full: Scan) -> None:
    moved = [
        label(subject, subject.scan(Degradation(motion=Motion(shift=(mm, 0.0))), 2))
        for mm in (0.5, 1.0, 2.0, 4.0)
    ]

    assert all(low < high for high, low in pairwise([label(subject, full), *moved]))


def test_two_faults_cost_more_than_each(subject: Subject, full: Scan) -> None:
    noise, blur = Processing("ct_noise", 15), Processing("gaussian_blur", 2)

    both = label(subject, full, blur, noise)

    assert both < min(label(subject, full, noise), label(subject, full, blur))


def test_noise_left_is_relative_to_the_scan(subject: Subject, full: Scan) -> None:
    assert labeled(subject, full).noise_left == pytest.approx(1)
    assert labeled(subject, full, [Processing("non_local_means", 1.5)]).noise_left < 0.5
