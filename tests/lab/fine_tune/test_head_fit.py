"""Ridge regression towards a head: closed forms, missing labels, and what noise does to it."""

from __future__ import annotations

import numpy as np

from distiliqa.lab.fine_tune.head_fit import Head, fit_head

RNG = np.random.default_rng(0)
GROUPS = [f"p{n // 4}" for n in range(200)]
X = RNG.normal(3, [1.0, 5.0, 0.1, 2.0], (200, 4))
START = Head(np.zeros((1, 4)), np.array([1.0]))


def test_exact_labels_are_reproduced() -> None:
    true = Head(np.array([[0.5, -0.2, 3.0, 0.0], [0, 1, 0, 0]]), np.array([2.0, -1.0]))
    start = Head(np.zeros((2, 4)), np.zeros(2))
    found = fit_head(X, true(X), GROUPS, start)
    np.testing.assert_allclose(found(X), true(X), atol=0.2)  # of some 20


def test_noise_leaves_the_head_as_it_was() -> None:
    rng = np.random.default_rng(3)
    start = Head(np.array([[0.5, 0.1, 0.0, 0.0]]), np.array([0.0]))
    labels = start(X) + rng.normal(0.7, 1, (200, 1))
    found = fit_head(X, labels, GROUPS, start)
    assert abs(float((found(X) - start(X)).mean()) - 0.7) < 0.15
    change = (found(X) - start(X)).std()
    assert change < 0.2


def test_images_without_a_label_do_not_count() -> None:
    labels = X[:, :1].copy()
    labels[::3] = np.nan
    kept = np.flatnonzero(np.isfinite(labels[:, 0]))
    full = fit_head(X[kept], labels[kept], [GROUPS[at] for at in kept], START)
    found = fit_head(X, labels, GROUPS, START)
    np.testing.assert_allclose(found.weight, full.weight)


def test_more_channels_than_images_are_no_trouble() -> None:
    wide = RNG.normal(size=(40, 300))
    labels = wide[:, :1] + RNG.normal(0, 0.1, (40, 1))
    found = fit_head(wide, labels, GROUPS[:40], Head(np.zeros((1, 300)), np.zeros(1)))
    assert np.isfinite(found.weight).all()
    assert np.corrcoef(found(wide)[:, 0], labels[:, 0])[0, 1] > 0.5


def test_patients_decide_on_the_penalty() -> None:
    """Channels that name the patient explain the labels of known patients alone."""
    patients = np.repeat(np.arange(50), 4)
    named = np.eye(50)[patients]
    labels = np.random.default_rng(1).normal(0, 1, 50)[patients][:, None]
    found = fit_head(
        named, labels, [str(p) for p in patients], Head(np.zeros((1, 50)), np.zeros(1))
    )
    assert np.abs(found(named)).max() < 0.2
