from __future__ import annotations

import pytest

from distiliqa.metrics import BodyShape
from distiliqa.model_folder import Domain
from distiliqa.scoring.domain import OUTSIDE, PARTED, SMALLER, UNIFORM, VARIED, judged

KNOWN = Domain(0.05, 100, 40, 180.0, deepest_cleft=0.8, least_contrast_hu=50, most_contrast_hu=1200)
TRUNK, FOREARM = BodyShape(280.0, 0.4, 150.0, True), BodyShape(90.0, 0.1, 800.0, True)
LEGS, PHANTOM = BodyShape(230.0, 1.0, 150.0, True), BodyShape(200.0, 0.0, 10.0, True)
NOT_HU = BodyShape(None, 0.1, 2400.0, True)


@pytest.mark.parametrize(
    ("shape", "distance", "expected", "told"),
    [
        (TRUNK, 0.4, 0.4, ()),
        (TRUNK, 1.5, 1.5, (OUTSIDE,)),
        (FOREARM, 0.4, 2.0, (SMALLER,)),
        (FOREARM, 3.0, 3.0, (OUTSIDE, SMALLER)),
        (LEGS, 0.4, 1.25, (PARTED,)),
        (PHANTOM, 0.4, 5.0, (UNIFORM,)),
        (NOT_HU, 0.4, 2.0, (VARIED,)),
        (BodyShape(None, 0.1, None, True), 0.4, 0.4, ()),
        (BodyShape(0.0, 0.0, 0.0, True), 0.4, 0.4, ()),
    ],
)
def test_a_slice_is_as_far_as_what_is_strangest_in_it(
    shape: BodyShape, distance: float, expected: float, told: tuple[str, ...]
):
    found, sentences = judged(KNOWN, distance, shape)
    assert found == pytest.approx(expected)
    assert set(sentences) == set(told)


def test_a_model_that_was_told_no_shapes_minds_none():
    assert judged(Domain(0.05, 100, 40), 0.4, FOREARM) == (0.4, ())
    assert judged(Domain(0.05, 100, 40), 0.4, LEGS) == (0.4, ())
    assert judged(Domain(0.05, 100, 40), 0.4, PHANTOM) == (0.4, ())
    assert judged(Domain(0.05, 100, 40), 0.4, NOT_HU) == (0.4, ())
