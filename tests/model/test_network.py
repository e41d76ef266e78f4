from __future__ import annotations

import pytest
import torch

from distiliqa.errors import RecipeError
from distiliqa.model.config import PRESETS, NetworkConfig
from distiliqa.model.network import Network


def parameters(network: Network) -> int:
    return sum(parameter.numel() for parameter in network.parameters())


def test_published_network_has_the_published_size_and_shapes():
    network = Network(PRESETS["published"])
    assert round(parameters(network) / 1e6, 1) == 85.9
    assert network.stem.blocks[4][0].weight.shape == (128, 64, 3, 3)
    assert network.vit.encoder.pos_embedding.shape == (1, 197, 768)


def test_compact_network_is_compact():
    assert parameters(Network(PRESETS["compact"].with_outputs(5))) < 8_000_000


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


@pytest.mark.parametrize(
    ("sizes", "words"),
    [
        ({"heads": 7}, "do not divide"),
        ({"depth": 0}, "depth is 0"),
        ({"stem": "resnet"}, "use 'published' or 'strided'"),
        ({"stem": "strided", "stem_blocks": 0}, "stem_blocks is 0"),
        ({"stem": "strided", "stem_blocks": 6, "patch": 16}, "do not divide 512"),
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
        assert torch.equal(network.forward_crop(image, (0, 0)), network(image))


def test_a_crop_has_the_position_embeddings_of_its_place():
    network, crop = small_strided(), torch.rand(1, 1, 256, 256)
    grid = torch.zeros(1, 16 * 16, 16)
    grid.view(1, 16, 16, 16)[:, 3:11, 8:16] = torch.rand(1, 8, 8, 16)
    with torch.no_grad():
        without = network.forward_crop(crop, (100, 250))
        network.vit.encoder.pos_embedding[:, 1:] += grid
        inside = network.forward_crop(crop, (100, 250))
        network.vit.encoder.pos_embedding[:, 1:][grid == 0] += 7.0
        outside = network.forward_crop(crop, (100, 250))
    assert not torch.allclose(inside, without)
    assert torch.equal(outside, inside)
