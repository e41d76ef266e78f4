"""Scores of a model with a map: score, outputs, spread, interval, heatmap and empty slices."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from tests.support.made import made_score

from distiliqa.models.config import ModelConfig
from distiliqa.models.interval_calibration import IntervalCalibration
from distiliqa.models.processed import ProcessedCalibration
from distiliqa.models.score_map import ScoreMap
from distiliqa.models.score_scale import ScoreScale
from distiliqa.scoring.apply_map import mapped

NETWORK, LIKERT = ScoreScale(0.0, 4.0, "quality"), ScoreScale(1.0, 5.0, "Likert")
MAP = ScoreMap(NETWORK, -2.0, 1.0, 30, 10, 2, "0" * 64, 0.3, 0.5, 0.9)
CONFIG = ModelConfig(
    "site", "1", {}, 2, LIKERT, score_map=MAP,
    interval_calibration=IntervalCalibration(0.9, 1.0, 0.5, 30, 10),
)  # fmt: skip


def test_all_is_on_the_scale_of_the_readers() -> None:
    heatmap = np.array([[2.0, np.nan]], np.float32)
    scored = made_score(2.0, outputs=(1.5, 2.5), spread=0.7, heatmap=heatmap)
    found = mapped(scored, CONFIG, MAP)
    assert found.score == pytest.approx(3)
    assert found.unmapped == 2
    outputs = 1 + 4 / (1 + np.exp(2 - np.array([1.5, 2.5])))
    assert found.outputs == pytest.approx(outputs)
    assert found.spread == pytest.approx(outputs.std(ddof=1))
    half = found.spread + 0.5  # type: ignore[operator]
    assert found.interval == pytest.approx((3 - half, 3 + half))
    assert found.heatmap is not None
    assert found.heatmap[0, 0] == pytest.approx(3)
    assert np.isnan(found.heatmap[0, 1])


def test_an_empty_slice_has_the_worst_rating() -> None:
    found = mapped(made_score(0.0, empty=True), CONFIG, MAP)
    assert (found.score, found.interval) == (1, None)
    falling = replace(CONFIG, scale=ScoreScale(1.0, 5.0, "school mark", higher_is_better=False))
    assert mapped(made_score(0.0, empty=True), falling, replace(MAP, slope=-1.0)).score == 5


@pytest.mark.parametrize("higher", [True, False])
def test_the_interval_of_a_processed_slice_reaches_further_down(higher: bool) -> None:
    scale = replace(LIKERT, higher_is_better=higher)
    score_map = MAP if higher else replace(MAP, intercept=2.0, slope=-1.0)
    config = replace(
        CONFIG,
        scale=scale,
        score_map=score_map,
        processed=True,
        processed_calibration=ProcessedCalibration(0.5, held_back=0.4, widened=2.0),
    )
    scored = made_score(2.6, outputs=(3.0, 3.0), processed=1.0, counts_as_processed=True)
    plain = mapped(replace(scored, counts_as_processed=False), config, score_map).interval
    found = mapped(scored, config, score_map).interval
    assert plain is not None
    assert found is not None
    worst = score_map.of_one(1.0, scale)
    expected = (min(plain[0], worst), max(plain[1], score_map.of_one(3.0, scale)))
    if not higher:
        expected = (min(plain[0], score_map.of_one(3.0, scale)), max(plain[1], worst))
    assert found == pytest.approx(expected)
    assert found != plain
