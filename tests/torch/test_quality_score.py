from __future__ import annotations

import shutil
from copy import deepcopy
from pathlib import Path

import numpy as np
import pytest
import torch
from tests.support.tensors import batch

from distiliqa import load_model
from distiliqa.ct import CTSlice
from distiliqa.errors import ModelFolderError
from distiliqa.models.folder import ONNX, WEIGHTS, find_model, read_config
from distiliqa.models.processed import ProcessedCalibration
from distiliqa.models.score_scale import ScoreScale
from distiliqa.scoring import hold_back
from distiliqa.torch import QualityScore
from distiliqa.torch.quality_score import held_back

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


@pytest.mark.parametrize("higher_is_better", [True, False])
def test_scores_are_held_back_as_those_of_arrays(higher_is_better: bool) -> None:
    scale = ScoreScale(0.0, 4.0, "made up", higher_is_better)
    calibration = ProcessedCalibration(0.3, 0.9, 1.5)
    scores, probabilities = [-0.1, 0.2, 2.0, 3.9, 4.2], [0.0, 0.3, 0.31, 0.8, 1.0]
    for probability in probabilities:
        found = held_back(
            torch.tensor(scores), torch.full((5,), probability), calibration, scale
        ).tolist()
        counted = calibration.counts(probability)
        expected = [
            hold_back.held_back(score, probability, calibration, scale) if counted else score
            for score in scores
        ]
        assert found == pytest.approx(expected, abs=1e-6)
