"""Bringing slices into one pose, and maps of their parts back."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from distiliqa.lab.network.pose import pose_of, posed, unposed

SIDE = 64


@pytest.fixture
def slices() -> Tensor:
    """(3, 1, 64, 64): blobs away from the border, of no symmetry."""
    images = torch.zeros(3, 1, SIDE, SIDE)
    values = torch.rand(3, 1, 30, 26, generator=torch.Generator().manual_seed(0))
    images[:, :, 14:44, 20:46] = values * torch.linspace(1, 0.2, 30)[:, None]
    return images


MOVES = {
    "rows flipped": lambda x: x.flip(2),
    "columns flipped": lambda x: x.flip(3),
    "both flipped": lambda x: x.flip(2, 3),
    "shifted": lambda x: x.roll((4, -6), (2, 3)),
    "flipped and shifted": lambda x: x.flip(3).roll((-2, 3), (2, 3)),
}


@pytest.mark.parametrize("move", MOVES.values(), ids=MOVES)
def test_what_shows_the_same_has_one_pose(slices: Tensor, move) -> None:
    moved = move(slices)
    assert not torch.equal(moved, slices)
    assert torch.equal(posed(moved, pose_of(moved)), posed(slices, pose_of(slices)))


def test_a_pose_only_moves_pixels(slices: Tensor) -> None:
    found = posed(slices, pose_of(slices))
    assert torch.equal(found.flatten(1).sort().values, slices.flatten(1).sort().values)
    assert (pose_of(found).offset.abs() == 0).all()
    assert (pose_of(found).direction == 1).all()


def test_content_is_moved_by_an_eighth_of_the_side_at_most() -> None:
    image = torch.zeros(1, 1, SIDE, SIDE)
    image[:, :, :4, 60:] = 1
    assert pose_of(image).offset.tolist() == [[-8, 8]]
    assert float(posed(image, pose_of(image)).sum()) == 16


def test_nothing_has_a_pose_too() -> None:
    air, full = torch.zeros(1, 1, SIDE, SIDE), torch.ones(1, 1, SIDE, SIDE)
    for image in (air, full):
        assert torch.equal(posed(image, pose_of(image)), image)


def test_each_slice_of_a_batch_has_its_own(slices: Tensor) -> None:
    batch = torch.cat([slices[:1], slices[1:2].flip(2), slices[2:].flip(3)])
    alone = torch.cat([posed(image, pose_of(image)) for image in batch.split(1)])
    assert torch.equal(posed(batch, pose_of(batch)), alone)


@pytest.mark.parametrize("move", MOVES.values(), ids=MOVES)
def test_a_map_lies_on_the_slice_that_was_given(slices: Tensor, move) -> None:
    """A map of pixels, made of the posed slice, is the slice."""
    moved = move(slices)
    pose = pose_of(moved)
    back = unposed(posed(moved, pose)[:, 0], pose, stride=1)
    assert torch.allclose(back, moved[:, 0], atol=1e-5)


def test_a_map_of_parts_follows_them_by_parts_of_a_part() -> None:
    image = torch.zeros(1, 1, SIDE, SIDE)
    image[:, :, 20:36, 20:36] = torch.linspace(0.2, 1, 16)
    pose = pose_of(image)
    parts = torch.nn.functional.avg_pool2d(posed(image, pose), 8)[:, 0]
    back = unposed(parts, pose, stride=8)[0]
    weights = back / back.sum()
    at = torch.arange(8) * 8 + 3.5
    profile = image[0, 0].sum(dim=1)
    middle = float((profile * torch.arange(SIDE)).sum() / profile.sum())
    assert float((weights.sum(dim=1) * at).sum()) == pytest.approx(middle, abs=0.5)


def test_content_about_a_pixel_keeps_its_pose_whatever_rounding_does() -> None:
    """As phantoms have it that are drawn about the pixel at half the side."""
    at = torch.arange(SIDE) - SIDE // 2
    disc = ((at[:, None] ** 2 + at**2) < 20**2).float()[None, None]
    for noise in (0.0, 1e-6, -1e-6):
        assert pose_of(disc * (1 + noise * at)).offset.tolist() == [[1, 1]]
        assert pose_of((disc * (1 + noise * at)).flip(2, 3)).offset.tolist() == [[-1, -1]]
