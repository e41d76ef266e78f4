from __future__ import annotations

from pathlib import Path

import numpy as np
import torch

from distiliqa.lab.data.composites import RADIUS, Composer, Disc, composed_labels, versions_of
from distiliqa.lab.data.label_maps import Labels
from distiliqa.lab.data.ratings import RatedImage


def image(source: str | None, patient: str = "0") -> RatedImage:
    return RatedImage("n", Path("n"), 0.0, None, source, {"patient": patient})


IMAGES = [image("a"), image("a"), image("a", "1"), image("b"), image(None), image("a")]


def labels(*levels: float, processed: tuple[float, ...] = ()) -> Labels:
    quality = torch.tensor(levels)[:, None, None].expand(-1, 16, 16).contiguous()
    known = torch.tensor(processed or (float("nan"),) * len(levels))
    return Labels(quality, torch.ones(len(levels), 16, 16), known)


def test_versions_have_one_source_and_one_patient() -> None:
    assert sorted(versions_of(IMAGES, range(6))) == [[0, 1, 5], [2], [3]]
    assert versions_of(IMAGES, [0, 4]) == [[0]]


def test_a_disc_is_of_another_version_with_a_map_among_the_positions() -> None:
    known = labels(4, 3, 3, 3, 3, 3)
    known.weight[5] = 0
    known.weight[0, :8] = 0
    composer, rng = Composer(IMAGES, known, range(6), 0.5), np.random.default_rng(0)
    drawn = [composer.drawn(0, rng) for _ in range(200)]
    discs = [disc for disc in drawn if disc is not None]
    assert 70 < len(discs) < 130
    assert {disc.partner for disc in discs} == {1}
    assert all(disc.row >= 256 and RADIUS[0] <= disc.radius <= RADIUS[1] for disc in discs)
    assert composer.drawn(2, rng) is composer.drawn(5, rng) is None
    assert Composer(IMAGES, known, [0, 3], 1.0).drawn(0, rng) is None


def test_the_labels_of_a_composite_are_exact() -> None:
    """Pixel by pixel: the mean over tissue of what lies inside and what lies outside."""
    known = labels(4, 1, processed=(1.0, 1.0))
    known.weight[1, :8] = 0.25
    disc = Disc(1, 200.0, 250.0, 77.0)
    quality, weight, processed = composed_labels(known, 0, disc)
    inside = disc.inside(512).numpy()
    assert inside.sum() == np.sum(np.hypot(*np.ogrid[-200:312, -250:262]) <= 77)
    tissue = np.where(inside, np.kron(known.weight[1], np.ones((32, 32))), 1.0)
    rated = np.where(inside, 1.0, 4.0)
    blocks = (tissue * rated).reshape(16, 32, 16, 32).sum(axis=(1, 3))
    sums = tissue.reshape(16, 32, 16, 32).sum(axis=(1, 3))
    np.testing.assert_allclose(weight, sums / 1024, rtol=1e-5)
    np.testing.assert_allclose(quality, blocks / sums, rtol=1e-5)
    assert processed == 1
    differ = composed_labels(labels(4, 1, processed=(1.0, 0.0)), 0, disc)
    assert torch.isnan(differ[2])
