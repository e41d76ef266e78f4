"""Which layers learn, and their shares of the learning rate."""

from __future__ import annotations

from dataclasses import replace

import pytest

from distiliqa.lab.network.network import Network
from distiliqa.lab.network.sizes import PRESETS
from distiliqa.lab.train.layer_rates import SHARE, parameter_groups

SIZES = replace(PRESETS["compact"], stem_width=4, depth=3, width=16, heads=2, mlp=16)


def shares(network: Network, layers: str, decay: float) -> dict[str, float]:
    groups = parameter_groups(network, layers, decay)  # type: ignore[arg-type]
    share = {id(p): group[SHARE] for group in groups for p in group["params"]}
    return {
        name: share[id(parameter)]
        for name, parameter in network.named_parameters()
        if id(parameter) in share
    }


def test_each_layer_learns_less_than_the_next() -> None:
    found = shares(Network(SIZES), "all", 0.5)
    assert found["vit.heads.weight"] == 1
    assert found["vit.encoder.layers.encoder_layer_2.mlp.0.weight"] == 0.5
    assert found["vit.encoder.layers.encoder_layer_0.mlp.0.weight"] == 0.125
    assert found["vit.class_token"] == 0.0625
    assert found["vit.conv_proj.weight"] == 0.5**5
    assert len(found) == len(list(Network(SIZES).parameters()))


@pytest.mark.parametrize(("layers", "frozen"), [("head", "vit.encoder"), ("transformer", "stem")])
def test_frozen_layers_have_no_gradient(layers: str, frozen: str) -> None:
    network = Network(SIZES)
    found = shares(network, layers, 1.0)
    assert set(found.values()) == {1.0}
    for name, parameter in network.named_parameters():
        assert parameter.requires_grad == (name in found)
        if name.startswith((frozen, "stem.", "vit.conv_proj.")):
            assert name not in found
