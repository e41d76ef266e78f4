from __future__ import annotations

import pytest

from distiliqa.ct.dicom.acquisition_facts import contradicts


@pytest.mark.parametrize(
    ("exposure", "current", "times", "pitch"),
    [
        (246, 492, [0.5], None),
        (393, 629, [0.5], 0.8),
        (267, 641, [0.5], 1.2),
        (243, 358, [0.679, 0.75], 1.104),
        (43, 123, [0.35, 0.35], 1.388),
        (120, 396, [0.5], None),
        (40, 43, [0.42], None),
        (1, 10, [0.05], 1.0),
        (10268, None, [1.186], None),
        (10268, 150, [], None),
        (10268, 150, [0.0], None),
        (None, 150, [1.186], None),
    ],
)
def test_what_agrees_or_cannot_be_judged(exposure, current, times, pitch):
    assert not contradicts(exposure, current, times, pitch)


@pytest.mark.parametrize(
    ("exposure", "current", "times", "pitch"),
    [
        (10268, 150, [1.186], None),
        (7837, 440, [0.843], None),
        (5, 184, [0.5, 0.5], 0.984),
        (17, 568, [0.5], 0.992),
        (57, 393, [0.965, 0.8], 1.375),
        (27, 160, [0.87], None),
        (7, 160, [1.0], 1.375),
    ],
)
def test_what_no_pitch_explains(exposure, current, times, pitch):
    assert contradicts(exposure, current, times, pitch)
