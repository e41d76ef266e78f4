"""The score as a module, and slices to score."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

pytest.importorskip("torch")

import numpy as np
import torch
from tests.support.tensors import batch
from torch import Tensor

from distiliqa.ct import CTSlice, read_ct
from distiliqa.lab.network.graph import ScoringGraph
from distiliqa.lab.network.network import Network
from distiliqa.lab.network.onnx_export import export_network
from distiliqa.lab.network.sizes import NetworkConfig
from distiliqa.models.config import ModelConfig
from distiliqa.models.processed import ProcessedCalibration
from distiliqa.models.score_scale import ScoreScale
from distiliqa.torch import QualityScore

SMALL = NetworkConfig(
    stem="strided", stem_blocks=4, stem_width=2, stem_channels="doubled", first_kernel=5, patch=2,
    depth=1, width=16, heads=2, mlp=16, outputs=5, map=True, processed=True,
)  # fmt: skip


@pytest.fixture(scope="session")
def quality() -> QualityScore:
    """The shipped model."""
    return QualityScore()


@pytest.fixture(scope="session")
def later_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder as exports write it: weights in ``model.onnx`` alone, and a head for processing.

    Its outputs are as large as the scale, and the probability of processing is about a half.
    """
    pytest.importorskip("onnxscript")
    torch.manual_seed(0)
    network = Network(SMALL).eval()
    with torch.no_grad():
        network.vit.heads.weight.mul_(2)
        network.vit.heads.bias.add_(2)
    config = ModelConfig("later", "2", {}, 0, ScoreScale(0, 4, "made up"), heatmap=(16, 16))
    calibration = ProcessedCalibration(0.1, 0.8, 1.0)
    config = replace(config, processed=True, processed_calibration=calibration)
    images = np.random.default_rng(0).random((2, 1, 512, 512), np.float32)
    folder = tmp_path_factory.mktemp("later")
    export_network(ScoringGraph(network), folder, config, "# later", images)
    return folder


@pytest.fixture(scope="session")
def real(shared_data: Path) -> list[CTSlice]:
    """Slices of three scanners; two have padding below air outside the field of view."""
    root = shared_data / "ct-dev" / "normal_dose"
    names = ("kits", "cmb_crc", "ny_sbu_covid")
    return [next(read_ct(min((root / name).rglob("*.dcm")))) for name in names]


@pytest.fixture(scope="session")
def doses(shared_data: Path) -> tuple[Tensor, Tensor]:
    """Two slices at full and at a quarter of the dose, (2, 1, 512, 512) each, HU."""
    root = shared_data / "ct-dev" / "dose_pairs" / "L143" / "B30f"
    full, quarter = ([ct.hu for ct in read_ct(root / dose)][:2] for dose in ("full", "quarter"))
    return batch(*full), batch(*quarter)
