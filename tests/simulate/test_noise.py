"""Photons of the beam, and read-out."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
import torch

from distiliqa.simulate.attenuation import WATER_PER_MM
from distiliqa.simulate.noise import Beam, incident_photons, readout
from distiliqa.simulate.scanners import ParallelBeam

RAYS = ParallelBeam(channels=601, pitch=1.0, views=4)
FLAT = Beam(photons=100.0, bowtie_radius=0.0, modulation=0.0)
AIR = torch.zeros(4, 601)


def test_a_thicker_slice_is_the_sum_of_more_readings() -> None:
    one = 3500 / 17 / 70
    assert readout(0.6) == readout(0.3) == pytest.approx(one * math.sqrt(2))
    assert readout(2.4) == pytest.approx(2 * readout(0.6))


def test_a_fan_has_more_rays_away_from_the_axis() -> None:
    assert incident_photons(AIR, RAYS, FLAT).unique().tolist() == [100.0]
    found = incident_photons(AIR, replace(RAYS, source_to_center=500.0), FLAT)[0]
    assert float(found[300]) == pytest.approx(100)
    assert float(found[600]) == pytest.approx(100 / 0.8)  # 300 of 500 mm: a cosine of 0.8


def test_the_bow_tie_is_half_a_cylinder_and_flat_at_its_ends() -> None:
    found = incident_photons(AIR, RAYS, replace(FLAT, bowtie_radius=100.0))[0]
    missing = 100 - 80  # mm, 60 mm away from the axis of a cylinder of 100 mm
    assert float(found[360]) == pytest.approx(100 * math.exp(-missing * WATER_PER_MM), rel=1e-5)
    assert found[300 + 91 :].unique().numel() == 1


def test_the_bow_tie_is_that_of_a_published_filter() -> None:
    """Aluminum of the large filter of XCIST, 0.0634 /mm, less its middle; 540 mm to the axis."""
    found = incident_photons(AIR, RAYS, replace(FLAT, bowtie_radius=Beam().bowtie_radius))[0]
    for angle, aluminum_mm in ((0.1009, 1.125), (0.2001, 11.105), (0.3005, 27.65), (0.4008, 33.1)):
        place = 300 + round(540 * math.sin(angle))
        assert -math.log(float(found[place]) / 100) == pytest.approx(0.0634 * aluminum_mm, abs=0.12)
