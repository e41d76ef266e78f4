"""Predictions of a network, and of a model folder as it scores."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

import distiliqa
from distiliqa.ct.window import Window
from distiliqa.lab.data.ratings import RatedImage
from distiliqa.lab.evaluate.predictor import predict, predictions_of


class MeanAndTop:
    """Stands for a network with two outputs that looks through its own window."""

    window = Window(400, 0)
    image_size = 32

    def __init__(self) -> None:
        self.shapes: list[tuple[int, ...]] = []

    def predict(self, images: NDArray[np.float32]) -> NDArray[np.float32]:
        self.shapes.append(images.shape)
        return np.stack([images.mean((1, 2, 3)), images.max((1, 2, 3))], axis=1)


def test_predictors_see_windowed_slices_in_batches(tmp_path: Path) -> None:
    images, expected = [], []
    for i in range(5):
        hu = np.random.default_rng(i).uniform(-150, 150, (32, 32)).astype(np.float32)
        np.save(tmp_path / f"{i}.npy", hu)
        images.append(RatedImage(f"{i}.npy", tmp_path / f"{i}.npy", 0.0))
        expected.append([(hu.mean() + 200) / 400, (hu.max() + 200) / 400])
    predictor = MeanAndTop()
    outputs = predict(predictor, images, cache_folder=tmp_path / "cache", batch_size=2)
    assert predictor.shapes == [(2, 1, 32, 32), (2, 1, 32, 32), (1, 1, 32, 32)]
    np.testing.assert_allclose(outputs, expected, atol=1e-4)


def test_a_shipped_model_scores_as_it_does_elsewhere(tmp_path: Path) -> None:
    folder = Path(distiliqa.__file__).parent / "examples" / "body_phantom" / "dose_010"
    paths = sorted(folder.iterdir())[:2]
    images = [RatedImage(path.name, path, 1.0) for path in paths]
    found = predictions_of(Path("compact"), images, cache_folder=tmp_path)
    expected = [distiliqa.load_model().score(list(distiliqa.read_ct(path)))[0] for path in paths]
    np.testing.assert_allclose(found.scores, [score.score for score in expected], atol=1e-5)
    assert found.intervals is not None
    np.testing.assert_allclose(found.intervals, [score.interval for score in expected], atol=1e-5)
    assert found.out_of_domain is not None
    assert found.out_of_domain.tolist() == [score.out_of_domain for score in expected]
    assert found.scale == (0, 4)
    assert found.coverage == pytest.approx(0.9)
