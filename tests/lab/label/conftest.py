"""A computed trunk with the noise of a scan, and the subject that a label knows."""

from __future__ import annotations

import numpy as np
import pytest
from tests.support.public_data import trunk

from distiliqa.lab.label.simulated_label import Scan, Subject
from distiliqa.simulate.acquisition import Acquisition
from distiliqa.simulate.degradation import Degradation
from distiliqa.simulate.kernels import STANDARD
from distiliqa.simulate.noise import Beam
from distiliqa.simulate.scanners import FanBeam

SPACING = 1.5


@pytest.fixture(scope="session")
def subject() -> Subject:
    """256 x 256 pixels of a trunk, with noise of 12 HU."""
    fan = FanBeam(595.0, 1085.6, channels=480, pitch=1.97, views=576)
    made = Acquisition(fan, Beam(photons=1e6), STANDARD)
    return Subject(trunk(0)[::2, ::2].astype(np.float32), SPACING, made, seed=1)


@pytest.fixture(scope="session")
def full(subject: Subject) -> Scan:
    return subject.scan(Degradation(dose=0.999), 2)


@pytest.fixture(scope="session")
def quarter(subject: Subject) -> Scan:
    return subject.scan(Degradation(dose=0.25), 2)
