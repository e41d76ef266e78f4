from __future__ import annotations

import base64
import io
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from distiliqa.ct import SOFT_TISSUE
from distiliqa.models.score_scale import ScoreScale
from distiliqa.report.pictures import (
    LEGEND,
    as_data_uri,
    draw_slices,
    heatmap_picture,
    map_colors,
    windowed,
)
from distiliqa.scoring.model import load_model
from distiliqa.scoring.result import ScoringRun
from distiliqa.scoring.run import score_inputs

SCALE = ScoreScale(0.0, 4.0, "made up")


def gray(colors: np.ndarray) -> np.ndarray:
    return np.asarray(Image.fromarray(np.uint8(255 * colors)).convert("L"), dtype=float)


def test_a_slice_is_seen_through_the_window():
    hu = np.array([[-1000, -135], [40, 3000]], np.float32)
    assert np.asarray(windowed(hu, SOFT_TISSUE)).tolist() == [[0, 0], [128, 255]]


def test_the_map_is_a_ramp_in_gray_and_even():
    steps = np.diff(gray(map_colors(np.linspace(4, 0, 9)[np.newaxis], SCALE))[0])
    assert (steps > 0).all()
    assert steps.max() < 2 * steps.min()


def test_the_worst_end_is_bright_whatever_the_direction():
    worst_first = map_colors(np.array([[0.0, 4.0]]), SCALE)
    upside_down = map_colors(np.array([[4.0, 0.0]]), ScoreScale(0.0, 4.0, "loss", False))
    assert gray(worst_first)[0, 0] > 200 > 60 > gray(worst_first)[0, 1]
    assert worst_first == pytest.approx(upside_down)


def test_a_heatmap_lies_over_the_slice_that_the_model_saw():
    hu, heatmap = np.zeros((256, 256), np.float32), np.full((4, 4), 4, np.float32)
    heatmap[0, 3] = 0
    picture = heatmap_picture(windowed(hu, SOFT_TISSUE), heatmap, SCALE)
    assert picture.size == (256 + LEGEND, 256)
    seen = gray(np.asarray(picture) / 255)
    assert seen[20, 215] > 2 * seen[20, 40]  # the worst corner
    assert seen[20, 215] > 2 * seen[235, 215]


@pytest.mark.parametrize(("high", "least"), [(4.0, 20), (100.0, 12), (1.0, 11)])
def test_the_numbers_of_the_legend_are_large_and_whole(high: float, least: int):
    hu, heatmap = np.zeros((512, 512), np.float32), np.zeros((4, 4), np.float32)
    scale = ScoreScale(0.0, high, "a")
    legend = gray(np.asarray(heatmap_picture(windowed(hu, SOFT_TISSUE), heatmap, scale)) / 255)
    numbers = legend[:, 512 + 22 :] < 128
    assert not numbers[:, -1].any()
    rows = np.flatnonzero(numbers[240:272].any(axis=1))  # of the number in the middle
    assert rows[-1] - rows[0] >= least


def test_patches_without_a_score_stay_gray_and_leave_their_neighbors_alone():
    hu, heatmap = np.full((512, 512), 40, np.float32), np.full((4, 4), 4, np.float32)
    whole = np.asarray(heatmap_picture(windowed(hu, SOFT_TISSUE), heatmap, SCALE))
    heatmap[:, 0] = np.nan
    seen = np.asarray(heatmap_picture(windowed(hu, SOFT_TISSUE), heatmap, SCALE))
    assert (seen[:, :128] == 128).all()
    np.testing.assert_array_equal(seen[:, 128:512], whole[:, 128:512])


def test_a_picture_travels_inside_a_page():
    uri = as_data_uri(Image.new("L", (8, 4)))
    head, data = uri.split(",")
    assert head == "data:image/jpeg;base64"
    assert Image.open(io.BytesIO(base64.b64decode(data))).size == (8, 4)


def opened(uri: str) -> Image.Image:
    return Image.open(io.BytesIO(base64.b64decode(uri.partition(",")[2])))


@pytest.mark.parametrize("size", [256, 512])
def test_pictures_have_the_size_that_the_model_sees(run: ScoringRun, size: int):
    each = replace(run.slices[0], heatmap=np.full((8, 8), 2, np.float32))
    drawn = draw_slices([each], replace(run.model, image_size=size))[each.path, each.frame]
    assert opened(drawn.image).size == (size, size)
    assert opened(drawn.heatmap).size == (size + LEGEND, size)
    middle = (slice(size // 2 - 16, size // 2 + 16),) * 2
    assert np.asarray(opened(drawn.image), dtype=float)[middle].std() > 1  # the patient, 64 x 64
    assert np.asarray(opened(drawn.heatmap).convert("L"), dtype=float)[middle].std() > 1


def test_a_slice_that_is_damaged_since_has_an_empty_picture(
    tmp_path: Path, tiny_model: Path, write_series: Callable[..., Path]
):
    run = score_inputs([write_series(tmp_path / "in", 2)], load_model(tiny_model))
    whole = Path(run.slices[0].path).read_bytes()
    Path(run.slices[0].path).write_bytes(whole[: len(whole) // 2])
    damaged, intact = draw_slices(run.slices, run.model).values()
    assert damaged.image == ""
    assert intact.image
