"""The limit of what a network knows."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from distiliqa.lab.network.graph import image_statistics
from distiliqa.lab.network.network import Features
from distiliqa.lab.network.transformer import Tokens
from distiliqa.lab.train.domain_reference import Bodies, fit_domain, shrunk_covariance, whitened
from distiliqa.metrics import BodyShape

TRUNKS = [
    BodyShape(300.0, 0.5, 150, True),
    BodyShape(200.0, 0.3, 120, True),
    BodyShape(None, 0.6, None, True),
]


def trunks(count: int) -> Bodies:
    return Bodies((TRUNKS * count)[:count], ["one"] * count)


def statistics(rng: np.random.Generator, count: int, shift: float = 0.0) -> torch.Tensor:
    """Of images with 6 channels of very different scales, moved together by ``shift``."""
    scale = 10.0 ** np.arange(-2, 4)[:, None, None]
    values = scale * (rng.standard_normal((count, 6, 8, 8)) + rng.standard_normal((count, 1, 1, 1)))
    grid = torch.from_numpy(values + scale * shift).float()
    image = torch.from_numpy(rng.random((count, 1, 16, 16))).float()
    return image_statistics(Features(image, grid, Tokens(grid[:, :, 0, 0], None), None))


def test_what_is_like_training_is_inside_and_what_is_not_is_outside() -> None:
    rng = np.random.default_rng(0)
    known, others = (statistics(rng, n).double().numpy() for n in (400, 300))
    cases = [f"case {n % 4}" for n in range(400)]
    unknown = ["unknown"] * 300
    reference, domain = fit_domain(known, cases, others, unknown, trunks(400), false_alarms=0.05)
    assert (domain.false_alarms, domain.images, domain.checked) == (0.05, 400, 700)
    assert float((reference(statistics(rng, 1000)) > 1).float().mean()) == pytest.approx(
        0.05, abs=0.04
    )
    assert (reference(statistics(rng, 50, shift=20.0)) > 1).all()
    flat = torch.full((1, 6, 8, 8), 0.5)
    nothing = image_statistics(
        Features(torch.zeros(1, 1, 16, 16), flat, Tokens(flat[:, :, 0, 0], None), None)
    )
    assert torch.isfinite(reference(nothing)).all()


def test_the_limit_is_that_of_patients_who_are_not_known() -> None:
    rng = np.random.default_rng(4)
    patients = [5 * rng.standard_normal(6) for _ in range(8)]
    known = np.concatenate([p + rng.standard_normal((40, 6)) for p in patients[:7]])
    cases = [str(n // 40) for n in range(280)]
    others = patients[7] + rng.standard_normal((40, 6))
    reference, _ = fit_domain(known, cases, others, ["7"] * 40, trunks(280))
    alone, _ = fit_domain(known, ["one"] * 280, known, ["one"] * 280, trunks(280))
    assert np.linalg.norm(alone.whitening) > np.linalg.norm(reference.whitening)


def test_a_patient_held_out_is_compared_with_other_sites_only() -> None:
    rng = np.random.default_rng(6)
    sites = [20 * rng.standard_normal(6) for _ in range(3)]
    known = np.concatenate([site + rng.standard_normal((40, 6)) for site in sites])
    groups = [str(n // 40) for n in range(120)]
    others = sites[0] + rng.standard_normal((40, 6))

    def nearest(group: str) -> float:
        """How wide the limit is that a tenth of all images would keep."""
        given = (known, groups, others, [group] * 40, trunks(120))
        reference, domain = fit_domain(*given, false_alarms=0.9)
        assert domain.checked == 160
        return 1 / float(np.linalg.norm(reference.whitening))

    assert nearest("0") > 1.5 * nearest("another site")


def test_the_limits_of_shape_lie_beyond_what_was_seen() -> None:
    rows = np.random.default_rng(5).standard_normal((301, 6))
    odd = [BodyShape(20.0, 1.0, 5.0, True)]
    one = ["one"] * 301
    _, domain = fit_domain(rows, one, rows, one, Bodies([*trunks(300).shapes, *odd], one))
    assert domain.most_contrast_hu == pytest.approx(165.0)
    assert domain.smallest_mm == pytest.approx(180.0)
    assert domain.deepest_cleft == pytest.approx(0.8)
    assert domain.least_contrast_hu == pytest.approx(60.0)
    unseen = Bodies([BodyShape(None, 1.0, None, True)] * 301, one)
    _, blind = fit_domain(rows, one, rows, one, unseen)
    assert (blind.smallest_mm, blind.deepest_cleft, blind.least_contrast_hu) == (None, 1.0, 0.0)
    assert (blind.most_contrast_hu, blind.tissue) == (None, None)


def test_whitened_rows_have_unit_covariance() -> None:
    rng = np.random.default_rng(1)
    rows = rng.standard_normal((5000, 4)) @ rng.standard_normal((4, 4)) * [1, 10, 100, 0.1] + 3
    mean, whitening = whitened(rows)
    white = (rows - mean) @ whitening
    np.testing.assert_allclose(np.cov(white.T), np.eye(4), atol=0.03)


def test_the_covariance_is_drawn_the_more_to_a_multiple_of_one_the_fewer_the_rows() -> None:
    rng = np.random.default_rng(2)
    true = np.diag([4.0, 1.0, 1.0, 1.0])
    errors, corners = [], []
    for count in (6, 60, 6000):
        rows = rng.standard_normal((count, 4)) @ np.sqrt(true)
        rows -= rows.mean(axis=0)
        found = shrunk_covariance(rows)
        assert np.linalg.eigvalsh(found).min() > 0
        errors.append(np.linalg.norm(found - true))
        corners.append(abs(found[0, 0] - (rows.T @ rows / count)[0, 0]))
    assert errors[2] < errors[0]
    assert corners[2] < 0.02 < corners[0]


def test_fewer_rows_than_columns_are_enough() -> None:
    rng = np.random.default_rng(3)
    _, whitening = whitened(rng.standard_normal((5, 20)))
    assert np.isfinite(whitening).all()
