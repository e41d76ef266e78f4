"""The scatter plot has a color a case where that can be told apart."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from matplotlib.image import imread

from distiliqa.lab.data.ratings import RatedImage
from distiliqa.lab.evaluate.evaluation import evaluate
from distiliqa.lab.evaluate.evaluation_files import write_scatter


@pytest.mark.parametrize(("cases", "colored"), [(1, 1), (4, 4), (20, 1)])
def test_colors(
    images: list[RatedImage], predicted: np.ndarray, cases: int, colored: int, tmp_path: Path
) -> None:
    images = [replace(image, case=f"C{i % cases}") for i, image in enumerate(images)]
    write_scatter(evaluate(predicted, images, resamples=5), tmp_path / "scatter.png")
    picture = imread(tmp_path / "scatter.png")[..., :3]
    saturated = picture[np.ptp(picture, axis=-1) > 0.3]
    hues = {tuple(np.argsort(pixel)) for pixel in np.round(saturated, 1)}
    assert (len(hues) > 1) == (colored > 1)


def test_one_image_and_one_value(tmp_path: Path) -> None:
    image = RatedImage("a", Path("a"), 1.0)
    write_scatter(evaluate([1.0], [image], resamples=5), tmp_path / "scatter.png")
    assert (tmp_path / "scatter.png").stat().st_size > 1000
