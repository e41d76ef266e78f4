from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from distiliqa.ct import index_ct
from distiliqa.metrics import BodyTissue, body_shape
from distiliqa.models.folder import find_model, read_config
from distiliqa.scoring.domain import check_domain

FAT, MUSCLE, BONE = -100.0, 55.0, 900.0


def ellipses(*parts: tuple[float, float, float, float, float], side: int = 512) -> np.ndarray:
    """Ellipses one over the other in air: x and y, half axes (all pixels of 512), HU."""
    y, x = (np.mgrid[:side, :side] - side / 2) * 512 / side
    image = np.full((side, side), -1000.0)
    for right, down, wide, high, hu in parts:
        image[((x - right) / wide) ** 2 + ((y - down) / high) ** 2 < 1] = hu
    return image


TRUNK = ((0, 0, 210, 140, FAT), (0, 0, 180, 110, MUSCLE), (0, 60, 25, 25, BONE))
HEAD = ((0, 0, 130, 170, 40.0), (0, 0, 122, 162, BONE), (0, 0, 104, 144, 35.0))


def tissue(image: np.ndarray) -> BodyTissue:
    found = body_shape(image).tissue
    assert found is not None
    return found


@pytest.mark.parametrize("block", [4, 8, 16])
def test_a_trunk_is_made_of_what_was_painted(block: int):
    blocks = np.full((64, 64), -1000.0)
    blocks[20:48, 10:52] = FAT
    blocks[24:44, 14:48] = MUSCLE
    blocks[36:40, 28:32] = BONE
    found, area = tissue(np.kron(blocks, np.ones((block, block)))), 28 * 42
    assert found.aspect == pytest.approx(42 / 28, rel=0.02)
    assert found.air == pytest.approx(1 - area / 64**2)
    assert found.bone == pytest.approx(16 / area)
    assert found.fat == pytest.approx(1 - 20 * 34 / area)
    assert found.soft == pytest.approx((20 * 34 - 16) / area)
    assert found.ring == 0


def test_a_head_has_a_ring_of_bone_and_is_higher_than_wide():
    found = tissue(ellipses(*HEAD))
    assert found.ring == 1
    assert found.aspect == pytest.approx(130 / 170, rel=0.03)
    assert found.bone > 0.2
    assert found.peak > 0.9


def test_water_is_one_tissue_without_bone():
    found = tissue(ellipses((0, 0, 150, 150, 0.5)))
    assert (found.bone, found.ring, found.peak) == (0, 0, 1)
    assert found.fat < 0.02  # its edge
    assert found.aspect == pytest.approx(1, abs=0.02)
    assert found.roundness > 0.99


def test_a_body_is_the_less_round_the_wider_it_is():
    wide, head = tissue(ellipses(*TRUNK)).roundness, tissue(ellipses(*HEAD)).roundness
    # An ellipse of axes a and b has this share inside the disc of its area.
    assert wide == pytest.approx(4 / np.pi * np.arctan(np.sqrt(140 / 210)), abs=0.01)
    assert wide < head < 0.95


def test_a_table_and_a_head_holder_do_not_count():
    image = ellipses((0, 0, 160, 200, 500.0), (0, 0, 154, 194, -1000.0))
    image[480:488, 40:470] = 300.0
    head = ellipses(*HEAD)
    found, alone = tissue(np.maximum(image, head)), tissue(head)
    assert (found.ring, found.aspect) == (alone.ring, pytest.approx(alone.aspect, abs=0.01))


def test_neither_noise_nor_blur_makes_it_another_body():
    image = ellipses(*TRUNK)
    noisy = image + np.random.default_rng(0).normal(0, 80, image.shape)
    found, alone = tissue(noisy), tissue(image)
    assert found.aspect == pytest.approx(alone.aspect, rel=0.02)
    for name in ("air", "bone", "fat", "soft"):
        assert getattr(found, name) == pytest.approx(getattr(alone, name), abs=0.06), name


def test_no_body_is_made_of_nothing_and_numbers_that_are_not_hu_have_no_air():
    assert body_shape(np.full((512, 512), -1000.0)).tissue is None
    assert tissue(ellipses(*TRUNK) + 1000.0).air == 0


def test_real_trunks_are_in_the_domain_of_the_shipped_model(shared_data: Path):
    domain = read_config(find_model("compact")).domain
    assert domain is not None
    refs = index_ct(shared_data / "ct-dev" / "normal_dose").slices
    slices = [ref.read() for ref in refs]
    shapes = [body_shape(ct.hu, ct.spacing_mm) for ct in slices]
    flagged = [check_domain(domain, 0.0, shape)[0] > 1 for shape in shapes]
    assert np.mean(flagged) <= 0.05
