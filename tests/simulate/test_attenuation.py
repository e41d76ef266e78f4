"""From HU to what is scanned, and back."""

from __future__ import annotations

import numpy as np
import torch

from distiliqa.simulate.attenuation import WATER_PER_MM, as_stored, attenuation, square_in_air

HU = np.array([[0.0, -2000.0, 1000.0], [-1000.0, 40.0, -500.0]], np.float32)


def test_a_slice_is_scanned_in_a_square_of_air() -> None:
    found = square_in_air(HU)
    assert found.tolist() == [[0, -1000, 1000], [-1000, 40, -500], [-1000] * 3]
    assert HU[0, 1] == -2000
    both = square_in_air(torch.from_numpy(np.stack([HU, HU + 1])))
    assert both.shape == (2, 3, 3)
    assert both[0].tolist() == found.tolist()


def test_water_and_air_attenuate_as_they_do() -> None:
    expected = WATER_PER_MM * np.array([[1, 0, 2], [0, 1.04, 0.5], [0, 0, 0]])
    np.testing.assert_allclose(attenuation(square_in_air(HU)), expected, rtol=1e-6)


def test_what_is_stored_has_12_bits_and_its_padding() -> None:
    changed = square_in_air(HU) + np.float32(2500)
    expected = [[2500, -2000, 3071], [1500, 2540, 2000]]
    assert as_stored(changed, HU).tolist() == expected
    assert as_stored(torch.from_numpy(changed), torch.from_numpy(HU)).tolist() == expected
