"""How a slice was made, from its header and its noise."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from tools.phantom.body import body_phantom
from tools.phantom.scan import scan
from torch import Tensor

from distiliqa.ct.slice_info import Acquisition as Header
from distiliqa.simulate.acquisition import PHOTONS_PER_MAS_MM, Acquisition, acquisition_of
from distiliqa.simulate.degradation import Degradation
from distiliqa.simulate.kernels import Kernel, named_kernel
from distiliqa.simulate.noise import Beam
from distiliqa.simulate.scanners import SCANNERS
from distiliqa.simulate.simulator import degrade

AIR = np.full((64, 64), -1000.0)


def test_a_slice_without_soft_tissue_goes_by_its_header() -> None:
    header = Header(exposure_mas=200, slice_thickness_mm=2, kernel="LUNG", scanner="LightSpeed VCT")
    made = acquisition_of(AIR, 4.0, header)
    assert made.beam.photons == PHOTONS_PER_MAS_MM * 400
    assert made.kernel == named_kernel("LUNG")
    assert made.geometry == SCANNERS["lightspeed"].geometry


def test_nothing_known_is_a_million_photons() -> None:
    assert acquisition_of(AIR, 4.0).beam.photons == Beam().photons


@pytest.mark.parametrize("photons", [3e5, 3e6])
def test_photons_are_found_again(made: Acquisition, photons: float) -> None:
    y, x = np.mgrid[:96, :96] - 48
    clean = np.where(np.hypot(x, y) < 40, 50.0, -1000.0)
    true = replace(made, beam=replace(made.beam, photons=photons), kernel=named_kernel("B30f"))
    noisy = scan(clean, (3.0, 3.0), seed=0, acquisition=true)
    found = acquisition_of(noisy, 3.0, Header(kernel="B30f"), made.geometry)
    assert found.beam.photons == pytest.approx(photons, rel=0.25)


@pytest.mark.parametrize("photons", [3e5, 5e6])
def test_anatomy_does_not_count_as_noise(photons: float) -> None:
    clean = body_phantom(0.0, seed=7)
    true = replace(Acquisition(), kernel=named_kernel("D45f"))
    true = replace(true, beam=replace(true.beam, photons=photons))
    noisy = scan(clean, (0.74, 0.74), seed=0, acquisition=true)
    found = acquisition_of(noisy, 0.74, Header(kernel="D45f"))
    assert found.beam.photons == pytest.approx(photons, rel=0.15)


@pytest.mark.parametrize("kernel", [Kernel(0.08, 3.0), Kernel(0.15, 4.0)])
def test_another_texture_is_as_strong(body: Tensor, made: Acquisition, kernel: Kernel) -> None:
    noise = [
        degrade(body, 3.0, acquisition, Degradation(dose=0.2), [1]) - body
        for acquisition in (made, made.with_texture(kernel))
    ]
    strong, other = (float(image[body > -200].std()) for image in noise)
    assert other == pytest.approx(strong, rel=0.15)
    assert not torch.allclose(*noise, atol=1.0)


def test_with_other_views_a_lower_dose_is_as_noisy(body: Tensor, made: Acquisition) -> None:
    noise = [
        degrade(body, 3.0, acquisition, Degradation(dose=0.2), [1]) - body
        for acquisition in (made, made.with_views(180))
    ]
    strong, other = (float(image[body > -200].std()) for image in noise)
    assert other == pytest.approx(strong, rel=0.05)
