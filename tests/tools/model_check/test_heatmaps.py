from __future__ import annotations

import numpy as np
import pytest
from tests.support.made import made_slice
from tools.model_check.heatmaps import lowest_inside, trials
from tools.model_check.ladder_images import RungImages


@pytest.mark.parametrize("parts", [16, 64])
def test_the_lowest_part_is_in_the_disc_or_half_a_part_away(parts: int):
    quality, side = np.ones((parts, parts)), 512 // parts
    quality[3, 5] = 0
    middle = (3.5 * side, 5.5 * side)
    assert lowest_inside(quality, middle, 1)
    assert lowest_inside(quality, (middle[0], middle[1] + 32 + side / 2), 32)
    assert not lowest_inside(quality, (middle[0], middle[1] + 33 + side / 2), 32)


def rungs(weight: np.ndarray, quality: np.ndarray) -> RungImages:
    images = np.stack([np.zeros((512, 512)), np.full((512, 512), 99)]).astype(np.int16)
    return RungImages(images, np.array([4.0, 1.0]), quality, weight)


def test_a_disc_of_the_worse_rung_is_put_into_tissue():
    weight = np.zeros((16, 16), np.float32)
    weight[8, 9] = 1
    quality = np.stack([np.full((16, 16), 4.0), np.full((16, 16), 1.0)]).astype(np.float32)
    ct = made_slice(np.zeros((512, 512), np.float32))
    found = list(trials(ct, rungs(weight, quality), 1))
    assert [trial.radius for trial in found] == [32, 56]
    assert all(trial.label_points for trial in found)
    for trial in found:
        assert trial.center == (8.5 * 32, 9.5 * 32)
        area = np.pi * trial.radius**2
        assert (trial.ct.hu == 99).sum() == pytest.approx(area, rel=0.02)


def test_trials_where_the_label_points_elsewhere_are_marked():
    weight = np.ones((16, 16), np.float32)
    better = np.full((16, 16), 4.0)
    better[0, 0] = 0.5
    quality = np.stack([better, np.full((16, 16), 1.0)]).astype(np.float32)
    ct = made_slice(np.zeros((512, 512), np.float32))
    found = list(trials(ct, rungs(weight, quality), 1))
    assert all(trial.label_points == (np.hypot(*trial.center) < 100) for trial in found)
