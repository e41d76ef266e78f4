"""One core for each operation."""

from __future__ import annotations

import torch

from distiliqa.simulate.threads import in_bands, one_core_per_operation


@one_core_per_operation()
def threads() -> int:
    return torch.get_num_threads()


def test_torch_has_one_core_inside_and_all_outside() -> None:
    before = torch.get_num_threads()
    try:
        torch.set_num_threads(3)
        with one_core_per_operation():
            assert threads() == 1
            assert torch.get_num_threads() == 1
        assert torch.get_num_threads() == 3
    finally:
        torch.set_num_threads(before)


def test_bands_are_joined_in_order() -> None:
    before = torch.get_num_threads()
    try:
        torch.set_num_threads(3)
        with one_core_per_operation():
            joined = in_bands(lambda rows: rows.flatten().expand(2, -1), torch.arange(10)[:, None])
    finally:
        torch.set_num_threads(before)
    assert torch.equal(joined, torch.arange(10).expand(2, -1))
