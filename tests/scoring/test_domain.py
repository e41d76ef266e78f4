from __future__ import annotations

import pytest

from distiliqa.metrics import BodyShape
from distiliqa.model_folder import Domain
from distiliqa.scoring.domain import OUTSIDE, PARTED, SMALLER, judged

KNOWN = Domain(0.05, images=100, checked=40, smallest_mm=180.0, deepest_cleft=0.8)
TRUNK, FOREARM, LEGS = BodyShape(280.0, 0.4), BodyShape(90.0, 0.1), BodyShape(230.0, 1.0)


@pytest.mark.parametrize(
    ("shape", "distance", "expected", "told"),
    [
        (TRUNK, 0.4, 0.4, ()),
        (TRUNK, 1.5, 1.5, (OUTSIDE,)),
        (FOREARM, 0.4, 2.0, (SMALLER,)),
        (FOREARM, 3.0, 3.0, (OUTSIDE, SMALLER)),
        (LEGS, 0.4, 1.25, (PARTED,)),
        (BodyShape(None, 0.1), 0.4, 0.4, ()),
        (BodyShape(0.0, 0.0), 0.4, 0.4, ()),
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
