"""What each degradation does to a slice, and that nothing else happens."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import Tensor

from distiliqa.simulate.acquisition import Acquisition
from distiliqa.simulate.degradation import Degradation
from distiliqa.simulate.faults import Rod
from distiliqa.simulate.kernels import Kernel
from distiliqa.simulate.motion import Motion
from distiliqa.simulate.noise import Beam
from distiliqa.simulate.processing.processing import Processing
from distiliqa.simulate.simulator import degrade, degraded

DEGRADATIONS = {
    "dose": Degradation(dose=0.25),
    "views": Degradation(views=72),
    "kernel": Degradation(kernel=Kernel(0.06)),
    "motion": Degradation(motion=Motion((4.0, 0.0), rotation=1.0)),
    "breathing": Degradation(motion=Motion(breathing=0.03)),
    "ring": Degradation(ring=0.05),
    "rod": Degradation(rods=(Rod(10.0, 10.0, 4.0, "iron"),)),
    "hardening": Degradation(hardening=1.0),
    "truncation": Degradation(truncation=180.0),
    "smoothing": Degradation(dose=0.5, smoothing=1.0),
}


def change(body: Tensor, made: Acquisition, worse: Degradation, seed: int = 0) -> Tensor:
    return degrade(body, 3.0, made, worse, [seed]) - body


def test_nothing_worse_is_nothing_changed(body: Tensor, made: Acquisition) -> None:
    assert torch.equal(degrade(body, 3.0, made, Degradation(), [0]), body)


@pytest.mark.parametrize(
    "worse",
    [
        Degradation(dose=1 - 1e-6),
        Degradation(views=288, ring=1e-9),
        Degradation(kernel=Kernel(0.1201)),
        Degradation(motion=Motion((1e-3, 0))),
        Degradation(truncation=480.0),
        Degradation(hardening=1e-6),
    ],
)
def test_next_to_nothing_changes_next_to_nothing(
    body: Tensor, made: Acquisition, worse: Degradation
) -> None:
    difference = change(body, made, worse)
    assert float(difference[body > -200].abs().mean()) < 0.5
    assert float(difference.abs().max()) < 3  # no edge is lost


@pytest.mark.parametrize("name", DEGRADATIONS)
def test_each_leaves_its_mark_and_keeps_to_its_seed(
    body: Tensor, made: Acquisition, name: str
) -> None:
    worse = DEGRADATIONS[name]
    first = change(body, made, worse)
    assert float(first[body > -200].abs().mean()) > 0.3
    assert torch.isfinite(first).all()
    assert torch.equal(first, change(body, made, worse))


@pytest.mark.parametrize(("diameter", "sign"), [(80.0, 1), (180.0, -1)])
def test_truncation_changes_most_at_the_rim_of_the_field(
    body: Tensor, made: Acquisition, diameter: float, sign: int
) -> None:
    """Beyond the detector, the last value falls to 0 over 60 mm.

    In the middle of a body this is too little, and near its skin too much.
    """
    difference = sign * change(body, made, Degradation(truncation=diameter))
    y, x = np.mgrid[:96, :96] - 48
    radius = torch.from_numpy(np.hypot(x, y)) * 3.0 / (diameter / 2)
    tissue = body[0] > -200
    middle, rim = (
        float(difference[0][tissue & (low <= radius) & (radius < high)].mean())
        for low, high in ((0.0, 0.3), (0.8, 1.0))
    )
    assert rim > 1.2 * middle > 0


@pytest.mark.parametrize("name", ["dose", "ring", "rod"])
def test_another_seed_is_another_draw(body: Tensor, made: Acquisition, name: str) -> None:
    worse = DEGRADATIONS[name]
    assert not torch.equal(change(body, made, worse), change(body, made, worse, seed=1))


def test_a_batch_is_its_slices(body: Tensor, made: Acquisition) -> None:
    worse = Degradation(dose=0.3, views=144, ring=0.02)
    both = degrade(torch.cat([body, body.flip(-1)]), 3.0, made, worse, [5, 6])
    alone = degrade(body.flip(-1), 3.0, made, worse, [6])
    assert torch.allclose(both[1:], alone, atol=0.05)


def test_fewer_views_and_less_dose_are_worse(body: Tensor, made: Acquisition) -> None:
    inside = body > -200
    views = [change(body, made, Degradation(views=v))[inside].std() for v in (192, 96, 48)]
    doses = [change(body, made, Degradation(dose=d))[inside].std() for d in (0.5, 0.25, 0.1)]
    assert views == sorted(views)
    assert doses == sorted(doses)


def test_fewer_views_at_the_same_dose_have_streaks_but_no_more_noise(
    body: Tensor, made: Acquisition
) -> None:
    few, kept = (Degradation(views=48, keep_dose=keep) for keep in (False, True))
    silent = replace(made, beam=replace(made.beam, photons=float("inf")))
    assert torch.equal(change(body, made, kept), change(body, silent, few))
    assert change(body, made, few)[body > -200].std() > change(body, made, kept)[body > -200].std()
    computed = replace(made, noise_free=True)
    noise = [
        degrade(body, 3.0, computed, worse, [1]) - degrade(body, 3.0, silent, worse, [1])
        for worse in (Degradation(), replace(kept, views=144), replace(few, views=144))
    ]
    whole, same, more = (float(image[body > -200].std()) for image in noise)
    assert same == pytest.approx(whole, rel=0.1)
    assert more > 1.2 * whole


def test_a_sharper_kernel_has_more_noise_and_a_softer_one_less(
    body: Tensor, made: Acquisition
) -> None:
    noise = []
    for half in (0.06, 0.12, 0.16):
        quiet = degrade(body, 3.0, made, Degradation(kernel=Kernel(half)), [0])
        noisy = degrade(body, 3.0, made, Degradation(dose=0.2, kernel=Kernel(half)), [0])
        noise.append(float((noisy - quiet)[body > -200].std()))
    assert noise == sorted(noise)


def test_iron_is_darker_than_titanium_beside_it(body: Tensor, made: Acquisition) -> None:
    clean = replace(made, beam=replace(made.beam, photons=1e12, electronic=0.0))
    iron, titanium = (
        change(body, clean, Degradation(rods=(Rod(-20, 0, 5.0, m), Rod(25, 0, 5.0, m))))
        for m in ("iron", "titanium")
    )
    between = 0, 48, 49
    assert float(iron[between]) < float(titanium[between]) < 0


def test_padding_stays(body: Tensor, made: Acquisition) -> None:
    padded = body.clone()
    padded[..., :3, :] = -3024
    worse = degrade(padded, 3.0, made, Degradation(dose=0.1), [0])
    assert (worse[..., :3, :] == -3024).all()
    assert float(worse[..., 3:, :].min()) >= -1024


@pytest.mark.parametrize("wrong", [{"dose": 0.0}, {"dose": 2.0}, {"views": 3}])
def test_impossible_settings_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=next(iter(wrong))):
        Degradation(**wrong)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="compares a GPU, which is missing here")
def test_a_gpu_agrees(body: Tensor, made: Acquisition) -> None:
    worse = Degradation(dose=0.25, views=144)
    there = degrade(body.cuda(), 3.0, made, worse, [3]).cpu()
    assert torch.allclose(there, degrade(body, 3.0, made, worse, [3]), atol=1.0)


@pytest.mark.parametrize(
    ("worse", "dose"),
    [
        (Degradation(dose=0.5), 0.5),
        (Degradation(dose=0.5, views=25), 0.125),
        (Degradation(dose=0.5, views=25, keep_dose=True), 0.5),
        (Degradation(views=200), 1.0),
    ],
)
def test_views_that_are_left_out_save_dose(worse: Degradation, dose: float) -> None:
    assert worse.relative_dose(100) == dose


def test_the_texture_is_the_same_all_over_the_slice(made: Acquisition) -> None:
    """A kernel is applied to parallel views: near the source noise is no finer, as a fan's is."""
    beam = Beam(photons=1e6, bowtie_radius=0.0)
    made = replace(made, kernel=Kernel(0.1, 2.5), beam=beam, noise_free=True)
    thin = torch.full((4, 128, 128), -900.0)  # nearly equal noise in all rays
    noise = degrade(thin, 3.0, made, Degradation(), [1, 2, 3, 4]) - thin

    def mean_frequency(rows: slice, columns: slice) -> float:
        tapered = noise[:, rows, columns] * torch.outer(*[torch.hann_window(32)] * 2)
        power = torch.fft.fft2(tapered).abs().square().mean(0)
        axis = torch.fft.fftfreq(32, 3.0)
        return float((torch.hypot(axis, axis[:, None]) * power).sum() / power.sum())

    middle = mean_frequency(slice(48, 80), slice(48, 80))
    for edge in (slice(0, 32), slice(96, 128)):
        assert mean_frequency(slice(48, 80), edge) == pytest.approx(middle, rel=0.04)


def test_processing_has_another_direction_than_motion_of_the_same_scan(
    body: Tensor, made: Acquisition
) -> None:
    """Directions of the scan are drawn from the seed itself, as those of a processing would be."""
    hu, seed, steps = body[0].numpy(), 5, (Processing("shift", 12.0),)
    found = degraded(hu, 3.0, made, Degradation(), seed, steps)
    along_motion = replace(steps[0], seed=seed).prepared(hu, 3.0)(hu)
    assert np.abs(found - along_motion).mean() > 10
    np.testing.assert_array_equal(found, degraded(hu, 3.0, made, Degradation(), seed, steps))
