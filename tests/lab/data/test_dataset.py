"""Symmetries and the draw of the augmentation."""

from __future__ import annotations

from collections import Counter
from itertools import product
from pathlib import Path

import numpy as np
import pytest
import torch
from torch.utils.data import DataLoader

from distiliqa.errors import RecipeError
from distiliqa.lab.data.cache import SliceCache
from distiliqa.lab.data.dataset import SYMMETRIES, RatedDataset, apply_symmetry
from distiliqa.lab.data.label_maps import Labels
from distiliqa.lab.data.ratings import RatedImage
from distiliqa.lab.train.loaders import ResidentSlices

N, SIZE = 6, 16


@pytest.fixture
def cache(tmp_path: Path) -> SliceCache:
    levels = np.random.default_rng(0).integers(0, 65536, (N, SIZE, SIZE), dtype=np.uint16)
    np.save(tmp_path / "cache.npy", levels)
    return SliceCache(tmp_path / "cache.npy")


@pytest.fixture
def images() -> list[RatedImage]:
    return [RatedImage(str(i), Path(str(i)), i / 10) for i in range(N)]


def transforms(dataset: RatedDataset, epoch: int) -> list[int]:
    dataset.set_epoch(epoch)
    return [dataset[i]["transform"] for i in range(len(dataset))]


def test_the_eight_symmetries_differ() -> None:
    image = torch.arange(9.0).reshape(1, 3, 3)
    results = {tuple(apply_symmetry(image, t).flatten().tolist()) for t in range(SYMMETRIES)}
    assert len(results) == SYMMETRIES
    assert torch.equal(apply_symmetry(image, 0), image)
    assert torch.equal(apply_symmetry(image, 1), image.flip(-2))
    assert torch.equal(apply_symmetry(image, 6), image.flip(-1).transpose(-1, -2))


@pytest.mark.parametrize("rotations", [(0, 1), (0, 1, 2, 3)])
def test_the_published_chain_is_uniform_over_them(rotations: tuple[int, ...]) -> None:
    image = torch.arange(9.0).reshape(1, 3, 3)
    drawn: Counter[tuple[float, ...]] = Counter()
    for vertical, horizontal, rotation, transpose in product((0, 1), (0, 1), rotations, (0, 1)):
        result = image.flip(-2) if vertical else image
        result = result.flip(-1) if horizontal else result
        result = torch.rot90(result, rotation, (-2, -1))
        result = result.transpose(-2, -1) if transpose else result
        drawn[tuple(result.flatten().tolist())] += 1
    ours = {tuple(apply_symmetry(image, t).flatten().tolist()) for t in range(SYMMETRIES)}
    assert set(drawn) == ours
    assert len(set(drawn.values())) == 1


def test_items_without_augmentation(cache: SliceCache, images: list[RatedImage]) -> None:
    item = RatedDataset(images, cache, [4, 2])[1]
    assert torch.equal(item["image"], torch.from_numpy(cache.array(2))[None])
    assert item["image"].dtype == item["score"].dtype == torch.float32
    assert item["score"].shape == ()
    assert item["score"].item() == pytest.approx(0.2)
    assert (item["index"], item["transform"]) == (2, 0)


def test_items_carry_their_symmetry(cache: SliceCache, images: list[RatedImage]) -> None:
    dataset = RatedDataset(images, cache, range(N), augmentation="dihedral", seed=3)
    for epoch in range(4):
        dataset.set_epoch(epoch)
        for i in range(N):
            item = dataset[i]
            original = torch.from_numpy(cache.array(i))[None]
            assert torch.equal(item["image"], apply_symmetry(original, item["transform"]))
            assert item["image"].is_contiguous()


def test_draw_depends_on_seed_epoch_and_position_only(
    cache: SliceCache, images: list[RatedImage]
) -> None:
    whole = RatedDataset(images, cache, range(N), augmentation="dihedral", seed=3)
    part = RatedDataset(images, cache, [5, 1], augmentation="dihedral", seed=3)
    other = RatedDataset(images, cache, range(N), augmentation="dihedral", seed=4)
    drawn = [transforms(whole, epoch) for epoch in range(20)]
    assert transforms(part, 7) == [drawn[7][5], drawn[7][1]]
    assert transforms(whole, 0) == drawn[0] != drawn[1]
    assert [transforms(other, epoch) for epoch in range(20)] != drawn
    assert {t for epoch in drawn for t in epoch} == set(range(SYMMETRIES))


def test_draw_is_fair(cache: SliceCache, images: list[RatedImage]) -> None:
    dataset = RatedDataset(images, cache, [0], augmentation="dihedral")
    counts = Counter(transforms(dataset, epoch)[0] for epoch in range(1600))
    # 200 expected, standard deviation 13.
    assert all(140 < counts[t] < 260 for t in range(SYMMETRIES))


def test_rescale_is_reported_and_keeps_the_size(
    cache: SliceCache, images: list[RatedImage]
) -> None:
    dataset = RatedDataset(images, cache, range(N), augmentation="dihedral+rescale", seed=1)
    items = []
    for epoch in range(20):
        dataset.set_epoch(epoch)
        items += [dataset[i] for i in range(N)]
    rescaled = [item for item in items if item["scale"] != 1]
    assert 40 < len(rescaled) < 80
    assert all(0.9 <= item["scale"] <= 1.1 for item in rescaled)
    for item in rescaled:
        assert item["image"].shape == (1, SIZE, SIZE)
        assert 0 <= item["image"].min() <= item["image"].max() <= 1


def test_items_without_pixels_report_the_same_draw(
    cache: SliceCache, images: list[RatedImage]
) -> None:
    dataset = RatedDataset(images, cache, range(N), augmentation="dihedral+rescale", seed=1)
    whole = [dataset[i] for i in range(N)]
    dataset.pixels = False
    for i, item in enumerate(whole):
        del item["image"]
        assert dataset[i] == item


def test_persistent_workers_see_the_epoch(cache: SliceCache, images: list[RatedImage]) -> None:
    dataset = RatedDataset(images, cache, range(N), augmentation="dihedral", seed=3)
    loader = DataLoader(dataset, batch_size=N, num_workers=1, persistent_workers=True)
    for epoch in range(3):
        expected = transforms(dataset, epoch)
        (batch,) = loader
        assert batch["transform"].tolist() == expected


def test_an_unknown_augmentation_is_named(cache: SliceCache, images: list[RatedImage]) -> None:
    with pytest.raises(RecipeError, match="no augmentation 'flip'; choose none, dihedral"):
        RatedDataset(images, cache, range(N), augmentation="flip")  # type: ignore[arg-type]


def mapped(tmp_path: Path) -> tuple[list[RatedImage], SliceCache, Labels]:
    """Three versions of a slice, whose pixels are their quality: 0 to 1 in blocks."""
    rng = np.random.default_rng(1)
    quality = rng.random((3, 16, 16)).astype(np.float32)
    pixels = quality.repeat(32, axis=1).repeat(32, axis=2)
    np.save(tmp_path / "mapped.npy", np.rint(65535 * pixels).astype(np.uint16))
    scores = quality.mean(axis=(1, 2)).tolist()
    images = [RatedImage(str(i), Path(str(i)), scores[i], source="a") for i in range(3)]
    processed = torch.tensor([1.0, 1.0, 0.0])
    labels = Labels(torch.from_numpy(quality), torch.ones(3, 16, 16), processed)
    return images, SliceCache(tmp_path / "mapped.npy"), labels


def test_maps_follow_symmetries_and_discs_exactly(tmp_path: Path) -> None:
    images, cache, labels = mapped(tmp_path)
    dataset = RatedDataset(
        images, cache, range(3), augmentation="dihedral", labels=labels, composites=0.6
    )
    resident = ResidentSlices(cache, torch.device("cpu"))
    discs, transforms = 0, set()
    for epoch in range(12):
        dataset.set_epoch(epoch)
        for item in (dataset[at] for at in range(3)):
            blocks = item["image"][0].reshape(16, 32, 16, 32).mean(dim=(1, 3))
            torch.testing.assert_close(blocks, item["quality"], atol=1e-4, rtol=0)
            torch.testing.assert_close(item["score"], blocks.mean(), atol=1e-4, rtol=0)
            own = torch.tensor(images[item["index"]].score)
            torch.testing.assert_close(item["image_score"], own)
            discs += bool(item["disc"][3])
            transforms.add(item["transform"])
            places = [torch.tensor([item[name]]) for name in ("index", "transform", "scale")]
            (again,) = resident.shown(*places, item["disc"][None])
            torch.testing.assert_close(again, item["image"])
    assert 12 < discs < 32
    assert len(transforms) == SYMMETRIES


def test_without_discs_labels_are_those_of_the_image(tmp_path: Path) -> None:
    images, cache, labels = mapped(tmp_path)
    item = RatedDataset(images, cache, [2], labels=labels)[0]
    assert torch.equal(item["quality"], labels.quality[2])
    assert (item["score"], item["processed"], item["disc"][3]) == (item["image_score"], 0, 0)
