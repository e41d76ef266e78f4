from __future__ import annotations

import base64
import io
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from distiliqa.report.example_pictures import draw_slices
from distiliqa.report.pictures import LEGEND
from distiliqa.scoring.model import load_model
from distiliqa.scoring.result import ScoringRun
from distiliqa.scoring.run import score_inputs


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
