"""Published weights become a model folder that scores."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from tests.support.command_line import run

from distiliqa.lab.network import Network, NetworkConfig, load_network
from distiliqa.lab.network.published import to_published
from distiliqa.models.folder import read_config

TINY = NetworkConfig(stem_blocks=1, stem_width=2, depth=1, width=16, heads=2, mlp=16, outputs=5)


def test_golden_student_gives_the_published_outputs_from_its_folder(
    golden: Path, tmp_path: Path
) -> None:
    weights = golden / "student_tiny.weights.safetensors"
    status, output = run("import-weights", weights, tmp_path / "student")
    assert status == 0, output
    given = load_file(golden / "student_tiny.io.safetensors")
    with torch.inference_mode():
        outputs = load_network(tmp_path / "student")(given["input"])
    torch.testing.assert_close(outputs, given["output"], atol=1e-5, rtol=0)


def test_a_torch_file_scores_after_import(tmp_path: Path) -> None:
    torch.save(to_published(Network(TINY).state_dict()), tmp_path / "weights.pth")
    status, output = run(
        "import-weights", tmp_path / "weights.pth", tmp_path / "model", "--heads", 2,
        "--scale", "0,4", "--meaning", "mean rating", "--lower-is-better",
    )  # fmt: skip
    assert status == 0, output
    assert read_config(tmp_path / "model").scale.worst == 4
    np.save(tmp_path / "slice.npy", np.random.default_rng(0).normal(40, 10, (512, 512)))
    status, output = run("score", tmp_path / "slice.npy", "--model", tmp_path / "model")
    assert status == 0, output
    assert "mean rating" in output


@pytest.mark.parametrize("scale", ["4,0", "4", "low,high"])
def test_a_scale_that_is_none_is_refused(tmp_path: Path, scale: str) -> None:
    status, output = run(
        "import-weights", tmp_path / "weights.pth", tmp_path / "model", "--scale", scale
    )
    assert status == 2
    assert f"--scale {scale}: give" in output


@pytest.mark.parametrize("heads", [3, 0])
def test_heads_that_do_not_fit_are_refused(tmp_path: Path, heads: int) -> None:
    torch.save(to_published(Network(TINY).state_dict()), tmp_path / "weights.pth")
    status, output = run(
        "import-weights", tmp_path / "weights.pth", tmp_path / "model", "--heads", heads
    )
    assert status == 2
    assert output.count("\n") == 1
    assert "heads" in output
    assert not (tmp_path / "model").exists()
