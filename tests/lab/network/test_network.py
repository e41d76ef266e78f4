from __future__ import annotations

import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

from distiliqa.errors import RecipeError
from distiliqa.lab.network.graph import DomainReference, ScoringGraph
from distiliqa.lab.network.network import Network
from distiliqa.lab.network.sizes import PRESETS, NetworkConfig
from distiliqa.lab.network.stem import CROP, PublishedStem


def parameters(network: Network) -> int:
    return sum(parameter.numel() for parameter in network.parameters())


def test_published_network_has_the_published_size_and_shapes():
    network = Network(PRESETS["published"])
    assert round(parameters(network) / 1e6, 1) == 85.9
    assert network.stem.blocks[4][0].weight.shape == (128, 64, 3, 3)
    assert network.vit.encoder.pos_embedding.shape == (1, 197, 768)


def test_compact_network_is_compact():
    """With all its heads: 3 M parameters, 1.2 GFLOP; a multiplication and an addition are two."""
    sizes = PRESETS["compact"].with_outputs(5).with_heads(map=True, processed=True)
    graph = ScoringGraph(Network(sizes).eval(), DomainReference(torch.zeros(400), torch.eye(400)))
    assert len(graph.names) == 4
    with FlopCounterMode(display=False) as counted, torch.no_grad():
        graph(torch.rand(1, 1, 512, 512))
    assert 0.8e9 < counted.get_total_flops() <= 1.2e9
    assert parameters(graph.network) <= 3_000_000
    assert sizes.patches_a_side == 16


@pytest.mark.parametrize("blocks", [0, 1, 5])
def test_published_stem_gives_224_pixels_whatever_its_depth(blocks):
    config = NetworkConfig(
        stem_blocks=blocks, stem_width=2, depth=1, width=16, heads=2, mlp=16, outputs=3
    )
    network = Network(config).eval()
    with torch.inference_mode():
        assert network.stem(torch.rand(1, 1, 512, 512)).shape == (1, 3, 224, 224)
        assert network(torch.rand(1, 1, 512, 512)).shape == (1, 3)


@pytest.mark.parametrize(("stem", "rows"), [("strided", (0, 511)), ("published", (32, 489))])
def test_rows_of_the_slice_that_reach_the_output(stem, rows):
    torch.manual_seed(0)
    patch = 1 if stem == "strided" else 16
    config = NetworkConfig(
        stem=stem, stem_blocks=5, stem_width=4, patch=patch, depth=1, width=16, heads=2, mlp=16
    )
    image = torch.rand(1, 1, 512, 512, requires_grad=True)
    Network(config).eval()(image).sum().backward()
    reached = image.grad[0, 0].abs().sum(dim=1).nonzero()[:, 0]
    assert (reached.min(), reached.max()) == rows


def trained_stem(blocks: int) -> PublishedStem:
    """A small stem whose normalizations are those of an image."""
    torch.manual_seed(blocks)
    stem = PublishedStem(blocks, 1)
    for part in stem.modules():
        if isinstance(part, torch.nn.BatchNorm2d):
            part.momentum = 1.0
    with torch.no_grad():
        stem(torch.rand(1, 1, 512, 512))
    return stem.eval()


def full_frame(stem: PublishedStem, image: torch.Tensor) -> torch.Tensor:
    return stem.downsample(stem.blocks(image))[:, :, CROP, CROP]


@pytest.mark.parametrize("blocks", [0, 1, 2, 5])
def test_what_reaches_the_output_is_all_that_a_trained_stem_computes(blocks):
    stem, image = trained_stem(blocks), torch.rand(1, 1, 512, 512)
    with torch.inference_mode():
        whole = full_frame(stem, image)
        torch.testing.assert_close(stem(image), whole, atol=1e-5, rtol=0)
        assert whole.std() > 0.1
    assert stem.reach == slice(32, 480 + 2 * blocks)


@pytest.mark.parametrize("blocks", [0, 3, 5])
def test_the_reach_is_exact_on_all_sides(blocks):
    """By the full frame: pixels outside change nothing, those just inside do."""
    stem, image = trained_stem(blocks), torch.rand(1, 1, 512, 512, requires_grad=True)
    weights = torch.rand(1, 3, 224, 224)
    for part in (*stem.blocks, stem.downsample):
        part[-1] = torch.nn.Softplus()  # what a rectifier cuts off is reached all the same
    (full_frame(stem, image) * weights).sum().backward()
    for axis in (0, 1):
        reached = image.grad[0, 0].abs().sum(dim=axis).nonzero()[:, 0]
        assert (reached.min(), reached.max()) == (stem.reach.start, stem.reach.stop - 1)


def test_training_sees_the_whole_image():
    stem, image = trained_stem(2).train(), torch.zeros(1, 1, 512, 512)
    image[..., :20, :] = 1  # outside of what reaches the output
    before = stem.blocks[0][1].running_mean.clone()
    stem(image)
    with_edge = stem.blocks[0][1].running_mean.clone()
    stem.blocks[0][1].running_mean.copy_(before)
    stem(torch.zeros(1, 1, 512, 512))
    assert not torch.allclose(stem.blocks[0][1].running_mean, with_edge)


@pytest.mark.parametrize(
    ("sizes", "words"),
    [
        ({"heads": 7}, "do not divide"),
        ({"depth": 0}, "depth is 0"),
        ({"stem": "resnet"}, "use 'published' or 'strided'"),
        ({"stem": "strided", "stem_blocks": 0}, "stem_blocks is 0"),
        ({"stem": "strided", "stem_blocks": 6, "patch": 16}, "do not divide 512"),
        ({"first_kernel": 4}, "first_kernel is 4"),
        ({"stem_channels": "tripled"}, "use 'grown' or 'doubled'"),
        ({"map": True}, "only a strided stem"),
    ],
)
def test_impossible_sizes_are_refused(sizes, words):
    with pytest.raises(RecipeError, match=words):
        NetworkConfig(**sizes)


def small_strided() -> Network:
    torch.manual_seed(0)
    config = NetworkConfig(
        stem="strided", stem_blocks=5, stem_width=4, patch=1, depth=1, width=16, heads=2, mlp=16
    )
    return Network(config).eval()


def test_a_crop_of_everything_is_the_whole_image():
    network, image = small_strided(), torch.rand(2, 1, 512, 512)
    with torch.inference_mode():
        assert torch.equal(network.heads_of_crop(image, (0, 0)).scores, network(image))


def test_a_crop_has_the_position_embeddings_of_its_place():
    network, crop = small_strided(), torch.rand(1, 1, 256, 256)
    grid = torch.zeros(1, 16 * 16, 16)
    grid.view(1, 16, 16, 16)[:, 3:11, 8:16] = torch.rand(1, 8, 8, 16)
    with torch.no_grad():
        without = network.heads_of_crop(crop, (100, 250)).scores
        network.vit.encoder.pos_embedding[:, 1:] += grid
        inside = network.heads_of_crop(crop, (100, 250)).scores
        network.vit.encoder.pos_embedding[:, 1:][grid == 0] += 7.0
        outside = network.heads_of_crop(crop, (100, 250)).scores
    assert not torch.allclose(inside, without)
    assert torch.equal(outside, inside)


def test_the_map_of_a_crop_is_that_of_its_part():
    torch.manual_seed(0)
    config = NetworkConfig(
        stem="strided", stem_blocks=1, stem_width=4, stem_channels="doubled", first_kernel=5,
        patch=16, depth=1, width=16, heads=2, mlp=16, map=True, processed=True,
    )  # fmt: skip
    network, image = Network(config).train(), torch.zeros(2, 1, 512, 512)
    image[..., 256:288, 288:320] = torch.rand(32, 32)  # block 8, 9
    heads = network.heads_of_crop(image[..., 128:384, 256:512], (128, 256))
    assert heads.map.shape == (2, 8, 8)
    assert heads.processed.shape == (2,)
    unlike = (heads.map[0] - heads.map[0].median()).abs()
    assert divmod(int(unlike.argmax()), 8) == (4, 1)


def test_the_heads_do_not_change_the_scores():
    config = small_strided().config
    torch.manual_seed(0)
    plain = Network(config).eval()
    full = Network(config.with_heads(map=True, processed=True)).eval()
    full.load_state_dict(plain.state_dict(), strict=False)
    image = torch.rand(1, 1, 512, 512)
    with torch.inference_mode():
        assert torch.equal(full(image), plain(image))
