from __future__ import annotations

import warnings

import numpy as np
import pytest
import torch
from tests.support.slices import noisy_body

from distiliqa.ct import SOFT_TISSUE, crop_or_pad
from distiliqa.metrics.slice_parts import SliceParts
from distiliqa.scoring.prepare import emptiness
from distiliqa.torch.hu_batch import (
    check_batch,
    cropped_or_padded,
    shows_no_patient,
    windowed,
)


@pytest.mark.parametrize("shape", [(64, 64), (513, 511), (600, 40), (512, 512), (33, 1024)])
def test_crops_and_pads_as_scoring_does(shape: tuple[int, int]) -> None:
    hu = np.random.default_rng(0).normal(0, 400, shape).astype(np.float32)
    expected, _ = crop_or_pad(hu, 512)
    found = cropped_or_padded(torch.from_numpy(hu)[None, None], 512)
    assert np.array_equal(found[0, 0].numpy(), expected)
    seen = windowed(found, SOFT_TISSUE)[0, 0].numpy()
    assert np.array_equal(seen, SOFT_TISSUE.apply(expected))


def slices() -> list[np.ndarray]:
    y, x = np.mgrid[:160, :200]
    table = np.where(abs(y - 150) < 3, 100, -1000)
    rod = np.where(np.hypot(y - 80, x - 100) < 6, 60, -1000)
    return [
        noisy_body(200)[:160],
        np.where((x > 20) & (x < 40), 30, -3024),
        table,
        rod,
        np.full((160, 200), -1000.0),
        np.full((160, 200), 300.0),
        np.where(x < 100, -1000, -140),
    ]


def test_finds_no_patient_where_scoring_finds_none() -> None:
    hu = np.stack(slices()).astype(np.float32)
    expected = [emptiness(SliceParts(one, None), SOFT_TISSUE) is not None for one in hu]
    assert True in expected
    assert False in expected
    assert shows_no_patient(torch.from_numpy(hu)[:, None], SOFT_TISSUE).tolist() == expected


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        (np.zeros((1, 1, 64, 64)), "ndarray; give a tensor"),
        (torch.zeros(64, 64), r"shape \(64, 64\)"),
        (torch.zeros(2, 3, 64, 64), r"shape \(2, 3, 64, 64\); a batch of slices is \(B, 1, H, W\)"),
        (torch.zeros(1, 1, 64, 31), "64 x 31 pixels; at least 32 x 32"),
        (torch.zeros(1, 1, 64, 64, dtype=torch.bool), "values of type torch.bool"),
        (torch.full((1, 1, 32, 32), float("nan")), "1024 pixels are NaN or infinite"),
        (torch.full((1, 1, 32, 32), 7e4).half(), "1024 pixels are NaN or infinite"),
        (torch.ones(1, 1, 32, 32).to_sparse(), r"layout torch.sparse_coo; give a dense tensor"),
    ],
)
def test_what_is_no_batch_in_hu_is_refused_in_one_line(given: object, problem: str) -> None:
    with pytest.raises(ValueError, match=problem) as caught:
        check_batch(given)
    assert "\n" not in str(caught.value)


def test_values_after_a_window_are_warned_about() -> None:
    seen = torch.linspace(0, 1, 1024).reshape(1, 1, 32, 32)
    with pytest.warns(UserWarning, match=r"values from 0 to 1 look unlike HU .*: give HU"):
        assert torch.equal(check_batch(seen), seen)
    for sound in (torch.zeros(1, 1, 32, 32), 2 * seen, seen - 0.5, seen[:0]):
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            check_batch(sound)


def test_integers_and_half_precision_are_widened() -> None:
    for dtype in (torch.int16, torch.uint16, torch.uint32, torch.bfloat16):
        assert check_batch(torch.zeros(1, 1, 32, 32, dtype=dtype)).dtype == torch.float32
    assert check_batch(torch.zeros(1, 1, 32, 32, dtype=torch.float64)).dtype == torch.float64
