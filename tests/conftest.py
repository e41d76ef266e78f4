"""Fixtures that every part of the tests may use."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from tests.support import slices
from tests.support.chromium import chromium, is_installed

if TYPE_CHECKING:
    from distiliqa.scoring.model import Model

SHARED_DATA = Path(__file__).resolve().parents[2] / "shared" / "data"


def pytest_make_parametrize_id(val: object) -> str | None:
    """Name bytes by their number: gzip writes the time, and all processes need the same names."""
    return f"{len(val)} bytes" if isinstance(val, bytes) else None


@pytest.fixture(scope="session")
def shared_data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Real CT for development, beside the project; elsewhere a little that the project makes."""
    if SHARED_DATA.is_dir():
        return SHARED_DATA
    from tests.support.public_data import write_public_data

    return write_public_data(tmp_path_factory.mktemp("data"))


@pytest.fixture(scope="session")
def golden(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Outputs of the published programs; elsewhere those of second ones, made for the tests."""
    if SHARED_DATA.is_dir():
        return SHARED_DATA / "golden"
    from tests.support.published_doses import write_published_doses
    from tests.support.published_network import write_published_networks

    folder = tmp_path_factory.mktemp("golden")
    write_published_networks(folder)
    write_published_doses(folder / "ldct_mini")
    return folder


@pytest.fixture(scope="session")
def real_pairs() -> Path:
    """Slices of one patient at full and at a quarter of the dose, for figures of noise."""
    if not SHARED_DATA.is_dir():
        pytest.skip("no pairs of doses in ../shared/data")
    return SHARED_DATA / "ct-dev" / "dose_pairs" / "L143"


@pytest.fixture(scope="session", autouse=True)
def own_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """A cache folder of the tests' own: what was measured on this machine has no say in them."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture(scope="session", autouse=True)
def signals_as_in_a_terminal() -> Iterator[None]:
    """Heed the signals that tests send, which a shell ignores for what runs in the background."""
    heeded = {signal.SIGINT: signal.default_int_handler}
    if hasattr(signal, "SIGHUP"):
        heeded[signal.SIGHUP] = signal.SIG_DFL
    before = {which: signal.signal(which, how) for which, how in heeded.items()}
    yield
    for which, how in before.items():
        signal.signal(which, how)


@pytest.fixture(scope="session")
def write_ct() -> Callable[..., Path]:
    """Write one CT slice, see `tests.support.slices.write_ct`."""
    return slices.write_ct


@pytest.fixture(scope="session")
def write_series() -> Callable[..., Path]:
    """Write a series of noisy slices, see `tests.support.slices.write_series`."""
    return slices.write_series


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """A browser, see `tests.support.chromium`. Its tests are skipped where there is none."""
    if not is_installed():
        pytest.skip("no chromium and chromedriver here")
    pytest.importorskip("selenium")
    with chromium() as driver:
        yield driver


@pytest.fixture(scope="session")
def tiny_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a tiny model, see `tests.support.models.write_tiny_model`."""
    pytest.importorskip("onnx")
    from tests.support.models import write_tiny_model

    return write_tiny_model(tmp_path_factory.mktemp("models") / "tiny")


@pytest.fixture(scope="session")
def processed_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a tiny model that finds a noise under 10 HU too smooth, with intervals."""
    pytest.importorskip("onnx")
    from tests.support.made import CALIBRATED
    from tests.support.models import write_processed_model

    from distiliqa.models.config import IntervalCalibration

    intervals = IntervalCalibration(0.9, 1.0, 0.2, images=50, cases=3)
    folder = tmp_path_factory.mktemp("models") / "processed"
    return write_processed_model(folder, **CALIBRATED, interval_calibration=intervals)


@pytest.fixture(scope="session")
def model(tiny_model: Path) -> Model:
    """The tiny model, loaded."""
    from distiliqa.scoring.model import load_model

    return load_model(tiny_model)
