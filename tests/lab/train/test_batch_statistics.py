"""Running statistics of a stem that does not learn, and of crops."""

from __future__ import annotations

from dataclasses import replace

import torch

from distiliqa.lab.network.network import Network
from distiliqa.lab.network.sizes import PRESETS
from distiliqa.lab.train.batch_statistics import keep_frozen_statistics, statistics_kept

SIZES = replace(PRESETS["compact"], stem_width=4, depth=3, width=16, heads=2, mlp=16)


def test_a_frozen_stem_keeps_its_statistics() -> None:
    network = Network(SIZES).train()
    keep_frozen_statistics(network, "transformer")
    before = {name: value.clone() for name, value in network.stem.state_dict().items()}
    network(torch.rand(2, 1, 512, 512))
    for name, value in network.stem.state_dict().items():
        assert torch.equal(value, before[name])
    network.train()
    keep_frozen_statistics(network, "all")
    network(torch.rand(2, 1, 512, 512))
    changed = [not torch.equal(v, before[n]) for n, v in network.stem.state_dict().items()]
    assert any(changed)


def test_crops_are_normalized_by_their_own_statistics_and_leave_none() -> None:
    network = Network(SIZES).train()
    before = {name: value.clone() for name, value in network.stem.state_dict().items()}
    with statistics_kept(network):
        network(torch.rand(2, 1, 512, 512))
    for name, value in network.stem.state_dict().items():
        assert torch.equal(value, before[name])
