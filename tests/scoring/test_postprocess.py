"""Scores of models that rate attributes: values on their own scales, and mean closeness."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from tests.support.made import made_slice
from tests.support.slices import noisy_body

from distiliqa.models.attributes import Attribute, scale_of
from distiliqa.models.config import HEATMAP, OUTPUT, ModelConfig
from distiliqa.scoring import postprocess as module
from distiliqa.scoring.model import Model
from distiliqa.scoring.postprocess import postprocess
from distiliqa.scoring.prepare import prepare

ATTRIBUTES = (Attribute("noise", 1, 14, 7), Attribute("contrast", 1, 5, 5))
CONFIG = ModelConfig("a", "1", {}, 2, scale_of(ATTRIBUTES), attributes=ATTRIBUTES)


def test_the_score_is_the_mean_closeness() -> None:
    prepared = prepare(made_slice(noisy_body(256)), CONFIG)
    found = postprocess(prepared, {OUTPUT: np.array([3.5, 6.0], np.float32)}, CONFIG)
    assert found.attributes == {"noise": 3.5, "contrast": 5.0}
    assert found.outputs == pytest.approx((0.5, 1.0))
    assert found.score == pytest.approx(0.75)
    assert found.spread is None


def test_an_empty_slice_has_no_attributes() -> None:
    prepared = prepare(made_slice(np.full((64, 64), -1000.0)), CONFIG)
    found = postprocess(prepared, {OUTPUT: np.array([7.0, 5.0], np.float32)}, CONFIG)
    assert (found.score, found.attributes) == (0, None)


def test_attributes_are_as_many_as_outputs() -> None:
    with pytest.raises(ValueError, match="2 attributes for 3 outputs"):
        replace(CONFIG, outputs=3)


def test_other_models_are_as_they_were(model: Model) -> None:
    found = model.score(noisy_body(256))
    assert not isinstance(found, list)
    assert (found.attributes, found.unmapped) == (None, None)
    assert found.score == pytest.approx(np.mean(found.outputs))


def test_a_heatmap_that_nobody_keeps_is_not_made(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[object] = []
    monkeypatch.setattr(module, "_without_air", lambda heatmap, image: made.append(heatmap))
    prepared = prepare(made_slice(noisy_body(256)), CONFIG)
    found = {OUTPUT: np.array([3.5, 6.0], np.float32), HEATMAP: np.ones((16, 16), np.float32)}
    assert postprocess(prepared, found, CONFIG, keep_heatmap=False).heatmap is None
    assert not made
    postprocess(prepared, found, CONFIG)
    assert len(made) == 1
