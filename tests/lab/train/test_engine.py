"""The network that training compiles, and progress bars."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import torch

from distiliqa.errors import RecipeError
from distiliqa.lab.network.network import Network
from distiliqa.lab.network.sizes import NetworkConfig
from distiliqa.lab.train.engine import compile_network, make_trainer
from distiliqa.lab.train.recipe import Recipe
from distiliqa.lab.train.recipe_sections import StepSection

CONFIG = NetworkConfig(
    stem="strided", stem_blocks=5, stem_width=4, patch=1, depth=1, width=16, heads=2, mlp=16
)


@pytest.mark.parametrize(("terminal", "bar"), [("1", True), ("", False)])
def test_a_log_has_no_progress_bars(
    terminal: str, bar: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FORCE_COLOR", terminal)  # rich takes it for a terminal
    trainer = make_trainer(Recipe(), StepSection(), tmp_path, [])
    assert (trainer.progress_bar_callback is not None) == bar


def test_without_a_compiler_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda _: None)
    with pytest.raises(RecipeError, match=r"needs a C\+\+ compiler; install one, or set it to"):
        compile_network(Network(CONFIG))


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("g++") is None, reason="no C++ compiler here")
def test_outputs_gradients_and_names_are_those_of_the_eager_network() -> None:
    torch.manual_seed(0)
    eager = Network(CONFIG)
    compiled = Network(CONFIG)
    compiled.load_state_dict(eager.state_dict())
    compile_network(compiled)
    image = torch.rand(2, 1, 512, 512)
    for network in (eager, compiled):
        whole, part = network(image), network.heads_of_crop(image[..., :256, :256], (0, 256)).scores
        (whole + part).square().sum().backward()
    assert compiled.state_dict().keys() == eager.state_dict().keys()
    for (name, one), other in zip(eager.named_parameters(), compiled.parameters(), strict=True):
        torch.testing.assert_close(other.grad, one.grad, rtol=1e-3, atol=1e-4, msg=name)
    for one, other in zip(eager.buffers(), compiled.buffers(), strict=True):
        torch.testing.assert_close(other, one)
