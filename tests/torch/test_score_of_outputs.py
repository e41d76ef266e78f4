from __future__ import annotations

import pytest
import torch

from distiliqa.models.processed import ProcessedCalibration
from distiliqa.models.score_scale import ScoreScale
from distiliqa.scoring import hold_back
from distiliqa.torch.score_of_outputs import held_back


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
