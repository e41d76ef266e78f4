from __future__ import annotations

import numpy as np
import pytest
from tools.phantom.blurred_body import body

from distiliqa.metrics.body_outline import body_outline
from distiliqa.metrics.skin_lines import lines, skin

# From the front, the back, the patient's right and left.
VIEWS = (
    lambda image: image.T,
    lambda image: image[::-1].T,
    lambda image: image,
    lambda image: image[:, ::-1],
)


def skins(hu: np.ndarray) -> list[np.ndarray]:
    """First pixel of the body on each line, view by view."""
    outline = body_outline(hu)
    assert outline is not None
    found, view = skin(outline), lines(outline.shape).view
    return [found[view == at] for at in range(4)]


def test_lines_run_into_the_slice_from_four_sides():
    image = np.arange(12).reshape(3, 4)
    found = lines(image.shape)
    for at, view in enumerate(VIEWS):
        chosen = np.flatnonzero(found.view == at)
        seen = view(image)
        pixels = np.arange(seen.shape[1])[:, np.newaxis]
        assert (found.length[chosen] == seen.shape[1]).all()
        np.testing.assert_array_equal(found.places(chosen, pixels).T, seen)


def test_skins_lie_at_the_first_pixel_of_the_body():
    y, x = np.mgrid[:256, :256]
    hu = np.where(np.hypot(y - 128, x - 120) < 60, 40.0, -1000.0)
    for view, found in zip(VIEWS, skins(hu), strict=True):
        seen = view(hu) > -300
        expected = np.where(seen.any(axis=1), seen.argmax(axis=1), -1)
        assert (found == expected)[found >= 0].all()
        assert np.count_nonzero(found >= 0) >= 100


@pytest.mark.parametrize("size", [250, 333])
def test_sides_that_blocks_do_not_divide(size: int):
    hu = body(0.4, size=size)
    for view, found in zip(VIEWS, skins(hu), strict=True):
        inside = np.flatnonzero(found > 0)
        assert len(inside) > size / 2
        seen = view(hu)
        assert (seen[inside, found[inside]] > -300).all()
        assert np.median(seen[inside, found[inside] - 1]) < -300


def test_a_body_at_the_edge_has_no_skin_there():
    y, x = np.mgrid[:256, :256]
    hu = np.where(np.hypot(y - 128, x - 20) < 60, 40.0, -1000.0)
    _, _, right, left = skins(hu)
    assert (right[100:156] == -1).all()
    assert (left[100:156] > 0).all()
