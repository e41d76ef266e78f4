"""The two parts of what is wrong with a simulated image."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from torch import Tensor

from distiliqa.simulate.acquisition import Acquisition
from distiliqa.simulate.degradation import Degradation
from distiliqa.simulate.kernels import Kernel
from distiliqa.simulate.motion import Motion, blurred
from distiliqa.simulate.simulator import _share_left, degrade, degrade_in_parts

SPACING = 3.0


def spread(values: Tensor, body: Tensor) -> float:
    return float(values[body > -200].std())


@pytest.mark.parametrize("dose", [1.0, 0.25])
def test_noise_is_that_of_the_whole_dose(body: Tensor, made: Acquisition, dose: float) -> None:
    parts = degrade_in_parts(body, SPACING, made, Degradation(dose=dose), [1])
    again = degrade(body, SPACING, replace(made, noise_free=True), Degradation(dose=dose), [1])
    inside = body > -990  # below, values stop at air
    torch.testing.assert_close(parts.noise[inside], (again - body)[inside], atol=0.01, rtol=0)
    assert spread(parts.noise, body) > 1
    assert not parts.structure[inside].any()


def test_noise_grows_as_the_views_go(body: Tensor, made: Acquisition) -> None:
    whole, quarter = (
        degrade_in_parts(body, SPACING, made, Degradation(views=views), [1]) for views in (288, 72)
    )
    assert spread(quarter.noise, body) == pytest.approx(2 * spread(whole.noise, body), rel=0.1)
    assert spread(whole.structure, body) < 1e-3
    assert spread(quarter.structure, body) > 5


@pytest.mark.parametrize("dose", [1.0, 0.1])
def test_structure_is_what_every_scan_shows(body: Tensor, made: Acquisition, dose: float) -> None:
    worse = Degradation(dose=dose, views=60, ring=0.0)
    one, other = (degrade_in_parts(body, SPACING, made, worse, [seed]) for seed in (1, 2))
    torch.testing.assert_close(one.structure, other.structure)
    assert not torch.equal(one.noise, other.noise)


def test_a_kernel_is_no_fault_of_its_own(body: Tensor, made: Acquisition) -> None:
    soft, sharp = (
        degrade_in_parts(body, SPACING, made, Degradation(kernel=Kernel(half)), [1])
        for half in (0.07, 0.14)
    )
    assert not soft.structure.any()
    assert spread(sharp.noise, body) > 1.5 * spread(soft.noise, body)


def test_a_denoiser_leaves_less_noise_and_no_structure(body: Tensor, made: Acquisition) -> None:
    noisy, smooth = (
        degrade_in_parts(body, SPACING, made, Degradation(dose=0.1, smoothing=strength), [1])
        for strength in (0.0, 0.8)
    )
    assert spread(smooth.noise, body) < 0.8 * spread(noisy.noise, body)
    assert (smooth.structure.abs() <= noisy.structure.abs() + 1e-3).all()
    assert float(noisy.structure.abs().max()) < 1


def test_a_denoiser_leaves_of_streaks_what_it_leaves_in_each_place(
    body: Tensor, made: Acquisition
) -> None:
    streaked, smooth = (
        degrade_in_parts(
            body, SPACING, made, Degradation(views=40, keep_dose=True, smoothing=strength), [1]
        )
        for strength in (0.0, 1.2)
    )
    assert 0 < spread(smooth.structure, body) < spread(streaked.structure, body)
    plain = streaked.structure.abs() > 5
    left = smooth.structure[plain] / streaked.structure[plain]
    assert float(left.min()) >= 0
    assert float(left.max()) <= 1.001
    assert float(left.quantile(0.95) - left.quantile(0.05)) > 0.2


def test_bone_that_keeps_its_streaks_does_not_give_them_back_to_soft_tissue() -> None:
    structure = torch.zeros(1, 40, 80)
    structure[:, ::2], structure[:, 1::2] = 10.0, -10.0
    error = structure.clone()
    error[:, :, 40:] = 0.0
    error[:, :, :20] *= 50  # strong where it is left
    share = _share_left(structure, error, deviation=3.0)
    assert float(share[:, :, :30].min()) == pytest.approx(1.0)
    assert float(share[:, :, 55:].max()) == pytest.approx(0.0, abs=1e-3)


@pytest.mark.parametrize("periods", [0.7, 12.0])
def test_the_blur_of_motion_is_no_streak(body: Tensor, made: Acquisition, periods: float) -> None:
    motion = Motion(shift=(4.0, 0.0), periods=periods)
    parts = degrade_in_parts(body, SPACING, made, Degradation(motion=motion), [1])
    blur = blurred(body + 1000, SPACING, motion) - (body + 1000)
    fault = parts.structure + blur
    assert 1 < spread(parts.structure, body) < spread(fault, body)


@pytest.mark.parametrize(
    ("motion", "other"),
    [
        (Motion(shift=(4.0, 0.0)), Motion(shift=(0.0, 4.0))),
        (Motion(shift=(0.0, 4.0)), Motion(shift=(4.0, 0.0))),
        (Motion(shift=(3.0, 3.0)), Motion(shift=(3.0, -3.0))),
        (Motion(breathing=0.05), Motion(rotation=4.0)),
        (Motion(rotation=4.0), Motion(breathing=0.05)),
    ],
    ids=str,
)
def test_blur_goes_the_way_of_the_motion(
    body: Tensor, made: Acquisition, motion: Motion, other: Motion
) -> None:
    quick, still = (
        Motion(**vars(motion) | {"periods": 12.0}),
        degrade(body, SPACING, made, Degradation(), [1]),
    )
    fault = degrade(body, SPACING, made, Degradation(motion=quick), [1]) - still
    tissue = body + 1000

    def likeness(guess: Motion) -> float:
        blur = blurred(tissue, SPACING, guess) - tissue
        return float(torch.corrcoef(torch.stack((blur.flatten(), fault.flatten())))[0, 1])

    assert likeness(motion) > 0.5
    assert likeness(motion) > likeness(other) + 0.1


def test_who_rests_is_not_blurred(body: Tensor) -> None:
    torch.testing.assert_close(
        blurred(body + 1000, SPACING, Motion()), body + 1000, atol=0.1, rtol=0
    )
