"""What a training step does besides the loss: crops, and the moving average of the weights."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn
from torch.optim import SGD

from distiliqa.lab.network.network import Features, Heads, Network
from distiliqa.lab.network.sizes import NetworkConfig
from distiliqa.lab.train.batch_labels import Batch, BatchLabels
from distiliqa.lab.train.merit import merit_of
from distiliqa.lab.train.recipe_sections import StepSection
from distiliqa.lab.train.teacher import TeacherModule
from distiliqa.statistics.agreement import agreement


def module(**step: float) -> TeacherModule:
    torch.manual_seed(0)
    config = NetworkConfig(
        stem="strided", stem_blocks=5, stem_width=4, patch=1, depth=1, width=16, heads=2, mlp=16
    )
    return TeacherModule(Network(config), StepSection(**step), seed=3)


def batch_of(images: Tensor) -> Batch:
    count = len(images)
    index = torch.arange(count)
    return {"image": images, "score": torch.ones(count), "index": index, "transform": index}


@pytest.fixture
def cropped(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, ...]]:
    """Shapes and corners of the crops that a network was asked for."""
    asked: list[tuple[int, ...]] = []
    forward = Network.heads_of_crop

    def spy(self: Network, crop: Tensor, corner: tuple[int, int]) -> Heads:
        asked.append((*crop.shape[2:], *corner))
        return forward(self, crop, corner)

    monkeypatch.setattr(Network, "heads_of_crop", spy)
    return asked


def test_as_many_batches_are_crops_as_the_recipe_says(cropped: list[tuple[int, ...]]) -> None:
    images, teacher = torch.rand(2, 1, 512, 512), module(crops=0.5)
    for number in range(40):
        teacher.predict_batch(batch_of(images), number)
    assert 10 < len(cropped) < 30
    assert {crop[:2] for crop in cropped} == {(256, 256)}
    assert all(0 <= row <= 256 and 0 <= column <= 256 for _, _, row, column in cropped)
    assert len(set(cropped)) > 5
    first = list(cropped)
    cropped.clear()
    again = module(crops=0.5)
    for number in range(40):
        again.predict_batch(batch_of(images), number)
    assert cropped == first


def test_crops_leave_the_statistics_of_whole_images(cropped: list[tuple[int, ...]]) -> None:
    teacher = module(crops=0.99)
    norms = [part for part in teacher.network.modules() if isinstance(part, nn.BatchNorm2d)]
    before = [norm.running_mean.clone() for norm in norms]
    teacher.predict_batch(batch_of(torch.rand(2, 1, 512, 512)), 0)
    assert cropped
    assert all(torch.equal(norm.running_mean, old) for norm, old in zip(norms, before, strict=True))
    teacher.network(torch.rand(2, 1, 512, 512))
    assert not torch.equal(norms[0].running_mean, before[0])


def test_whole_images_are_shifted_as_far_as_the_recipe_says(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    seen: list[Tensor] = []
    features = Network.features

    def spy(self: Network, image: Tensor) -> Features:
        seen.append(image)
        return features(self, image)

    monkeypatch.setattr(Network, "features", spy)
    images, teacher = torch.zeros(1, 1, 512, 512), module(shifts=16)
    images[..., 200, 300] = 1.0
    for number in range(40):
        teacher.predict_batch(batch_of(images), number)
    places = [tuple(image[0, 0].nonzero()[0].tolist()) for image in seen]
    rows, columns = zip(*places, strict=True)
    assert all(image.sum() == 1 for image in seen)
    assert 184 <= min(rows) < 190 < 210 < max(rows) <= 216
    assert 284 <= min(columns) < 290 < 310 < max(columns) <= 316


def test_quality_maps_are_shifted_by_parts_of_blocks() -> None:
    weight = torch.zeros(1, 16, 16)
    weight[0, 4, 4], weight[0, 5, 4] = 1.0, 0.5
    quality = torch.zeros(1, 16, 16)
    quality[0, 4, 4], quality[0, 5, 4] = 4.0, 1.0
    score = torch.full((1,), 3.0)
    down = BatchLabels(score, score, quality, weight).of_shifted(8, 0)
    assert down.score == 3
    assert down.weight is not None
    assert down.quality is not None
    shares = torch.tensor([0.75, 0.375 + 0.25, 0.125])
    torch.testing.assert_close(down.weight[0, 4:7, 4], shares)
    torch.testing.assert_close(down.quality[0, 4:7, 4], torch.tensor([3.0, 1.375, 0.125]) / shares)
    back = BatchLabels(score, score, quality, weight).of_shifted(0, -16)
    assert back.weight is not None
    torch.testing.assert_close(back.weight[0, 4, 3:5], torch.tensor([0.5, 0.5]))
    assert BatchLabels(score, score).of_shifted(8, 8).weight is None


def test_whole_images_are_also_shown_under_a_symmetry_with_a_penalty() -> None:
    images = torch.rand(2, 1, 512, 512)
    plain, double = module(consistency=1.0), module(consistency=2.0)
    outputs, penalty, _ = plain.predict_batch(batch_of(images), 0)
    again, twice, _ = double.predict_batch(batch_of(images), 0)
    assert outputs.shape == (2, 1)
    assert torch.equal(outputs, again)
    assert penalty > 0
    torch.testing.assert_close(twice, 2 * penalty)
    assert module().predict_batch(batch_of(images), 0).penalty == 0


def test_the_order_of_versions_of_a_slice_is_a_loss_of_its_own() -> None:
    labels = torch.tensor([0.0, 3.0])
    batch: Batch = {**batch_of(torch.rand(2, 1, 512, 512)), "score": labels}
    apart: Batch = {**batch, "version_of": torch.tensor([0, 1])}
    of_one: Batch = {**batch, "version_of": torch.tensor([0, 0])}
    teacher = module(pair_weight=2.0)
    outputs, penalty, _ = teacher.predict_batch(of_one, 0)
    wrong = 3 - (outputs[1, 0] - outputs[0, 0])
    torch.testing.assert_close(penalty, 2 * wrong.abs())
    assert teacher.predict_batch(apart, 0).penalty == 0
    assert module().predict_batch(of_one, 0).penalty == 0


def test_the_kept_network_is_the_moving_average() -> None:
    teacher = module(averaging=0.75)
    weight = teacher.network.vit.heads.weight
    values = [0.0, 1.0, 3.0]
    optimizer = SGD([weight], lr=0.1)
    for value in values:

        def learned(value: float = value) -> float:
            with torch.no_grad():
                weight.fill_(value)
            return 0.0

        teacher.optimizer_step(0, 0, optimizer, learned)
    expected = 0.75 * (0.75 * 0.0 + 0.25 * 1.0) + 0.25 * 3.0
    torch.testing.assert_close(teacher.kept.vit.heads.weight, torch.full_like(weight, expected))
    assert teacher.kept is not teacher.network
    assert not any(parameter.requires_grad for parameter in teacher.kept.parameters())


def test_without_averaging_the_learning_network_is_kept() -> None:
    teacher = module()
    assert teacher.kept is teacher.network


def merit(predicted: list[float], select_on: str, span: float = 4.0) -> float:
    found = agreement(predicted, [0.0, 1.0, 2.0, 4.0])
    rising = predicted[-1] >= predicted[0]
    return merit_of(found, rising=rising, select_on=select_on, span=span)


def test_the_epoch_that_is_kept_is_chosen_by_what_the_recipe_says() -> None:
    ordered, close = [1.0, 2.0, 3.0, 5.0], [0.0, 1.0, 2.0, 4.2]
    assert merit(ordered, "held_out") > merit(close, "held_out")
    for select_on in ("error", "error_and_correlation"):
        assert merit(ordered, select_on) < merit(close, select_on)
    assert merit([0.0, 1.0, 2.0, 4.0], "error_and_correlation") == pytest.approx(1)
    assert merit([4.0, 2.0, 1.0, 0.0], "held_out") < 0
    assert merit(close, "error", 8.0) == pytest.approx(merit(close, "error") / 2)


def test_the_order_of_versions_counts_like_the_error() -> None:
    labels = [0.0, 1.0, 2.0, 4.0]
    found = agreement([0.4, 1.4, 2.4, 4.4], labels)
    merits = [
        merit_of(found, rising=True, select_on="error_and_ladders", span=4.0, ordered=ordered)
        for ordered in (1.0, 0.5)
    ]
    assert merits == pytest.approx([0.9, 0.4])


def test_the_heads_add_their_weighted_losses() -> None:
    config = NetworkConfig(
        stem="strided", stem_blocks=5, stem_width=4, patch=1, depth=1, width=16, heads=2, mlp=16,
        map=True, processed=True,
    )  # fmt: skip
    step = StepSection(map_weight=2.0, processed_weight=3.0)
    teacher = TeacherModule(Network(config), step, seed=3)
    with torch.no_grad():
        for head in (teacher.network.map, teacher.network.processed):
            head.weight.zero_()
            head.bias.fill_(1.0)
    weight = torch.zeros(2, 16, 16)
    weight[0, 3, 4], weight[0, 5, 5] = 0.5, 0.25
    labels = {
        "quality": torch.full((2, 16, 16), 3.0),
        "weight": weight,
        "processed": torch.tensor([0.0, torch.nan]),
    }
    batch: Batch = {**batch_of(torch.rand(2, 1, 512, 512)), **labels}
    expected = 2.0 * 2.0 + 3.0 * float(torch.nn.functional.softplus(torch.tensor(1.0)))
    assert teacher.predict_batch(batch, 0).penalty.item() == pytest.approx(expected, abs=1e-5)
    unknown: Batch = {**batch, "weight": 0 * weight, "processed": torch.full((2,), torch.nan)}
    assert teacher.predict_batch(unknown, 0).penalty.item() == 0


def test_crops_of_images_with_maps_lie_on_blocks(cropped: list[tuple[int, ...]]) -> None:
    maps = {"quality": torch.rand(2, 16, 16), "weight": torch.ones(2, 16, 16)}
    batch: Batch = {**batch_of(torch.rand(2, 1, 512, 512)), **maps}
    _, _, labels = module(crops=0.99).predict_batch(batch, 0)
    ((_, _, row, column),) = cropped
    assert row % 32 == column % 32 == 0
    part = maps["quality"][:, row // 32 : row // 32 + 8, column // 32 : column // 32 + 8]
    torch.testing.assert_close(labels.score, part.mean(dim=(1, 2)))
    torch.testing.assert_close(labels.apart, labels.score - 1)


def test_frozen_layers_are_known_before_there_is_an_optimizer() -> None:
    learning = {n for n, p in module(layers="head").network.named_parameters() if p.requires_grad}
    assert learning == {"vit.heads.weight", "vit.heads.bias"}
