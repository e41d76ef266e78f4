from __future__ import annotations

import shutil
from copy import deepcopy
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from tests.support.tensors import batch

from distiliqa import load_model
from distiliqa.ct import CTSlice
from distiliqa.errors import ModelFolderError
from distiliqa.models.attributes import Attribute, scale_of
from distiliqa.models.config import ModelConfig
from distiliqa.models.folder import ONNX, WEIGHTS, find_model, read_config, write_config
from distiliqa.models.score_map import ScoreMap
from distiliqa.models.score_scale import ScoreScale
from distiliqa.torch import QualityScore

TOLERANCE = 1e-4
# Points of a scale of 0 to 4, on real slices.
BFLOAT16, HALF = 0.05, 0.01


def test_equals_the_score_of_slices(quality: QualityScore, real: list[CTSlice]) -> None:
    expected = [slice_.score for slice_ in load_model().score(real)]
    found = quality(batch(*(ct.hu for ct in real)))
    assert found.shape == (3,)
    np.testing.assert_allclose(found, expected, atol=TOLERANCE)


@pytest.mark.parametrize("shape", [(64, 64), (300, 700)])
def test_equals_the_score_of_other_sizes(
    quality: QualityScore, real: list[CTSlice], shape: tuple[int, int]
) -> None:
    rows, columns = shape
    hu = np.tile(real[0].hu[150:450, 100:450], (1, 2))[:rows, :columns]
    expected = load_model().score(hu).score
    assert quality(batch(hu)).item() == pytest.approx(expected, abs=TOLERANCE)


def test_equals_the_score_of_a_model_with_its_weights_in_onnx(
    later_folder: Path, real: list[CTSlice]
) -> None:
    assert not (later_folder / WEIGHTS).exists()
    scored = load_model(later_folder).score(real)
    assert all(slice_.score < slice_.raw_score for slice_ in scored)  # held back
    found = QualityScore(later_folder)(batch(*(ct.hu for ct in real)))
    np.testing.assert_allclose(found, [slice_.score for slice_ in scored], atol=TOLERANCE)


@pytest.mark.parametrize("rises", [True, False])
def test_equals_the_score_of_a_model_with_a_map(
    later_folder: Path, real: list[CTSlice], tmp_path: Path, rises: bool
) -> None:
    config = read_config(later_folder)
    scale = ScoreScale(1.0, 5.0, "as our readers rate it", rises)
    slope = 1.2 if rises else -1.2
    score_map = ScoreMap(config.scale, -2 * slope, slope, 30, 10, 2, "", 0.3, 0.4, 0.9)
    changed = replace(config, scale=scale, score_map=score_map)
    _equals_the_score(_with(changed, later_folder, tmp_path / "ours"), real)


def test_equals_the_score_of_a_model_with_attributes(
    later_folder: Path, real: list[CTSlice], tmp_path: Path
) -> None:
    config = read_config(later_folder)
    attributes = tuple(
        Attribute(name, 0.0, high, best)
        for name, high, best in (("a", 4, 2), ("b", 4, 4), ("c", 4, 0), ("d", 2, 2), ("e", 9, 3))
    )
    changed = replace(
        config, scale=scale_of(attributes), attributes=attributes, processed_calibration=None
    )
    _equals_the_score(_with(changed, later_folder, tmp_path / "ours"), real)


def _with(config: ModelConfig, source: Path, folder: Path) -> Path:
    shutil.copytree(source, folder)
    write_config(folder, config)
    return folder


def _equals_the_score(folder: Path, slices: list[CTSlice]) -> None:
    hu = batch(*(ct.hu for ct in slices), np.full((512, 512), -1000, np.float32))
    expected = [slice_.score for slice_ in load_model(folder).score([*hu[:, 0].numpy()])]
    score = QualityScore(folder)
    found = score(hu)
    np.testing.assert_allclose(found, expected, atol=TOLERANCE)
    assert found[-1] == score.scale.worst


def test_an_altered_file_is_refused(tmp_path: Path, later_folder: Path) -> None:
    shutil.copytree(later_folder, tmp_path / "model")
    with (tmp_path / "model" / ONNX).open("ab") as file:
        file.write(b"\0")
    with pytest.raises(ModelFolderError, match=r"is not the file that config\.json describes"):
        QualityScore(tmp_path / "model")


def test_a_score_does_not_depend_on_the_batch(quality: QualityScore, real: list[CTSlice]) -> None:
    hu = batch(*(ct.hu for ct in real), np.full((512, 512), -1000, np.float32))
    quality.train()  # as a module that holds it does; the network stays as it is
    together, alone = quality(hu), torch.cat([quality(one[None]) for one in hu])
    assert quality.training
    assert not any(module.training for module in quality.network.modules())
    np.testing.assert_allclose(together, alone, atol=1e-5)
    assert together[3] == quality.scale.worst
    assert len(quality(hu[:0])) == 0


def test_says_what_it_is(quality: QualityScore) -> None:
    config = read_config(find_model("compact"))
    assert quality.higher_is_better
    assert quality.score_range == (0, 4)
    assert (quality.window, quality.image_size) == (config.window, 512)
    assert not any(weight.requires_grad for weight in quality.parameters())


def test_the_gradient_is_that_of_finite_differences(
    later_folder: Path, real: list[CTSlice]
) -> None:
    """In float64, by random parts of the way up; what the window clips has no gradient."""
    score = QualityScore(later_folder).double()
    hu = batch(real[0].hu).double().requires_grad_()
    found = score(hu)
    assert found.dtype == torch.float64
    (gradient,) = torch.autograd.grad(found.sum(), hu)
    clipped = (hu < score.window.lower) | (hu > score.window.upper)
    assert not gradient[clipped].any()
    inside = (hu > score.window.lower) & (hu < score.window.upper)  # at its ends there is a bend
    for seed in range(2):
        way = torch.rand(hu.shape, generator=torch.Generator().manual_seed(seed)).double()
        way *= gradient.sign() * inside
        step = 1e-4
        with torch.no_grad():
            slope = (score(hu + step * way) - score(hu - step * way)) / (2 * step)
        torch.testing.assert_close(slope.sum(), (gradient * way).sum(), rtol=1e-4, atol=0)


@pytest.mark.parametrize(
    ("dtype", "tolerance"), [(torch.bfloat16, BFLOAT16), (torch.float16, HALF)]
)
def test_half_precision_is_near(
    quality: QualityScore, real: list[CTSlice], dtype: torch.dtype, tolerance: float
) -> None:
    hu = batch(*(ct.hu for ct in real))
    with torch.no_grad():
        expected = quality(hu)
        found = deepcopy(quality).to(dtype)(hu)
        assert found.dtype == torch.float32
        np.testing.assert_allclose(found, expected, atol=tolerance)
        with torch.autocast("cpu", dtype):
            np.testing.assert_allclose(quality(hu), expected, atol=tolerance)


def test_nothing_stays_on_the_cpu(quality: QualityScore) -> None:
    """On a device without values, a tensor of the CPU among its own would be an error."""
    there = deepcopy(quality).to("meta")
    assert there.score_checked(torch.zeros(2, 1, 300, 600, device="meta")).device.type == "meta"
