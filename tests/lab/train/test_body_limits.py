from __future__ import annotations

from dataclasses import asdict

import numpy as np
import pytest

from distiliqa.lab.train.body_limits import body_limits, tissue_limits
from distiliqa.metrics import BodyShape, BodyTissue


def tissues(rng: np.random.Generator, count: int, shift: float = 0.0) -> list[BodyTissue]:
    """Of trunks of one patient, who is as lean and narrow as ``shift`` says."""
    spread = rng.uniform(-1, 1, (count, 8))
    return [
        BodyTissue(
            aspect=1.4 - 0.1 * shift + 0.1 * a,
            air=0.5 + 0.1 * b,
            bone=0.05 * (1 + 0.3 * c),
            ring=0.3 + 0.1 * d,
            fat=0.3 * (1 + 0.2 * e),
            soft=0.4 + 0.1 * shift + 0.1 * f,
            peak=0.4 + 0.1 * g,
            roundness=0.8 + 0.1 * h,
        )
        for a, b, c, d, e, f, g, h in spread
    ]


def of_patients(*shifts: float) -> tuple[list[BodyTissue], list[str]]:
    rng = np.random.default_rng(0)
    found = [tissues(rng, 50, shift) for shift in shifts]
    return [t for patient in found for t in patient], [
        str(n) for n in range(len(shifts)) for _ in range(50)
    ]


def test_nearly_all_training_images_lie_within_the_limits():
    known, cases = of_patients(*[0.0] * 6)
    limits = tissue_limits(known, cases)
    for measure in ("aspect", "air", "bone", "fat"):
        low = getattr(limits, f"min_{measure}")
        assert np.mean([getattr(tissue, measure) < low for tissue in known]) <= 0.01
    for measure in ("bone", "ring", "soft", "peak", "roundness"):
        high = getattr(limits, f"max_{measure}")
        assert np.mean([getattr(tissue, measure) > high for tissue in known]) <= 0.01


def test_the_margin_is_wider_the_more_patients_differ():
    alike = tissue_limits(*of_patients(*[0.0] * 6))
    apart = tissue_limits(*of_patients(0.0, 0.0, 0.0, 0.0, 0.0, 2.0))
    # Rings are alike in all patients, so that the margin alone moves their limit.
    assert apart.max_ring > alike.max_ring + 0.02


def test_the_limit_of_roundness_lies_between_the_roundest_body_and_a_disc():
    limits = tissue_limits(*of_patients(*[0.0] * 6))
    assert limits.max_roundness == pytest.approx(0.9 + 2 / 3 * 0.1, abs=0.01)


def test_a_trunk_with_little_bone_is_no_phantom():
    known, cases = of_patients(*[0.0] * 6)
    assert 0 < tissue_limits(known, cases).min_bone < 0.2 * min(one.bone for one in known)


def test_three_of_a_hundred_images_of_a_patient_left_out_may_lie_beyond():
    rng = np.random.default_rng(7)
    known, cases = of_patients(*[0.0] * 10)
    limits = tissue_limits(known, cases)
    odd = [t for t in tissues(rng, 1000) if t.soft > limits.max_soft or t.ring > limits.max_ring]
    assert len(odd) / 1000 <= 0.05


def test_one_patient_alone_has_the_usual_margin():
    known, _ = of_patients(0.0)
    limits = tissue_limits(known, ["one"] * len(known))
    odd, middle = np.quantile([tissue.ring for tissue in known], [0.99, 0.5])
    assert limits.max_ring == pytest.approx(odd + 0.5 * (odd - middle))


def test_bodies_of_which_little_is_known_set_no_limits():
    shapes = [BodyShape(None, 1.0, None, True)]
    assert body_limits(shapes, ["one"]) == {"deepest_cleft": 1.0}
    few = [BodyShape(300.0, 0.5, 150.0, True, tissue) for tissue in of_patients(0.0)[0][:10]]
    assert set(body_limits(few, ["one"] * 10)) == {
        *("deepest_cleft", "smallest_mm", "least_contrast_hu", "most_contrast_hu")
    }
    many = few * 2
    assert all(np.isfinite(v) for v in asdict(body_limits(many, ["one"] * 20)["tissue"]).values())
