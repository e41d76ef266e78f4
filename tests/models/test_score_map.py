"""The map of scores: strictly monotone, within the scale, and read back from config.json."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from distiliqa.errors import ModelFolderError
from distiliqa.models.folder import read_config, write_config
from distiliqa.models.score_map import ScoreMap
from distiliqa.models.score_scale import ScoreScale

LIKERT = ScoreScale(1.0, 5.0, "Likert")
MAP = ScoreMap(ScoreScale(0.0, 4.0, "quality"), -2.0, 1.0, 30, 10, 2, "0" * 64, 0.3, 0.5, 0.9)


def test_it_is_monotone_and_stays_on_the_scale() -> None:
    found = MAP.apply(np.linspace(-3, 8, 200), LIKERT)
    assert (np.diff(found) > 0).all()
    assert 1 < found.min() < found.max() < 5
    assert MAP.of_one(2.0, LIKERT) == pytest.approx(3.0)
    assert replace(MAP, slope=-1.0, intercept=2.0).of_one(0.0, LIKERT) > 4


def test_extreme_scores_give_the_ends() -> None:
    assert MAP.apply([-1e6, 1e6], LIKERT).tolist() == pytest.approx([1, 5])


def test_it_is_part_of_the_configuration(tiny_model: Path, tmp_path: Path) -> None:
    config = replace(read_config(tiny_model), scale=LIKERT, score_map=MAP)
    write_config(tmp_path, config)
    found = read_config(tmp_path)
    assert found.score_map == MAP
    assert found.network_scale == MAP.of
    text = (tmp_path / "config.json").read_text()
    (tmp_path / "config.json").write_text(text.replace('"slope": 1.0', '"slope": 0.0'))
    with pytest.raises(ModelFolderError, match="a map of scores has a slope"):
        read_config(tmp_path)
