"""Scores of DICOM series, what the DICOM world says of results made of them, and servers."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from socketserver import BaseServer

import numpy as np
import pydicom
import pytest
from pydicom.dataset import Dataset
from pydicom.uid import EnhancedCTImageStorage
from tests.support.fake_pacs import FakePacs, serving_pacs
from tests.support.faulty_server import Faulty, serving
from tests.support.orthanc import PLUGIN, Orthanc, free_port, running_orthanc

import distiliqa
from distiliqa.ct import SliceInfo, index_ct
from distiliqa.models.config import ModelConfig
from distiliqa.models.folder import ONNX
from distiliqa.models.interval_calibration import IntervalCalibration
from distiliqa.models.score_scale import ScoreScale
from distiliqa.scoring.series_score import SeriesScore
from distiliqa.scoring.slice_score import SliceScore

FAKE_SERIES = "1.2.4"
# A third is written inexactly in decimals.
THIRD = 1 / 3


@pytest.fixture(scope="session")
def model() -> ModelConfig:
    scale = ScoreScale(0.0, 4.0, "made up by the tests")
    calibration = IntervalCalibration(coverage=0.9, quantile=2.0, floor=0.1, images=100, cases=4)
    files = {ONNX: "ab" * 32}
    return ModelConfig("tiny", "1.0", {}, 5, scale, interval_calibration=calibration, files=files)


@pytest.fixture(scope="session")
def scored(model: ModelConfig) -> Callable[..., list[SeriesScore]]:
    """Scores, made up, of all series under a path: ``scored(path, interval=None)``.

    Keywords are fields of `SliceScore`.
    """

    def score(path: Path, **fields: object) -> list[SeriesScore]:
        series: dict[str, list[SliceInfo]] = {}
        for ref in index_ct(path).slices:
            series.setdefault(ref.series, []).append(ref)
        return [SeriesScore(uid, _slices(refs, model, fields)) for uid, refs in series.items()]

    return score


def _slices(
    refs: Iterable[SliceInfo], model: ModelConfig, fields: dict[str, object]
) -> tuple[SliceScore, ...]:
    return tuple(
        SliceScore(
            **{
                "score": n + THIRD,
                "outputs": (n + THIRD,),
                "spread": None,
                "warnings": (),
                "model": "tiny 1.0",
                "window": model.window,
                "info": ref,
                "noise_hu": 10 + THIRD,
                "interval": (n - THIRD, n + 2 * THIRD),
                "distance": 0.5 + n,
            }
            | fields
        )
        for n, ref in enumerate(refs)
    )


@pytest.fixture(scope="session")
def dicom_errors() -> Callable[[Path], list[str]]:
    """The errors that dciodvfy finds in a DICOM file."""
    if shutil.which("dciodvfy") is None:
        pytest.skip("no dciodvfy (Debian's dicom3tools) on this machine")

    def errors(path: Path) -> list[str]:
        done = subprocess.run(["dciodvfy", str(path)], capture_output=True, text=True)
        lines = (done.stdout + done.stderr).splitlines()
        found = [line for line in lines if line.startswith("Error")]
        assert bool(done.returncode) == bool(found), lines
        return found

    return errors


@pytest.fixture(scope="session")
def write_enhanced(write_ct: Callable[..., Path]) -> Callable[..., Path]:
    """Write an Enhanced CT of some 64 x 64 frames 2 mm apart: ``write_enhanced(path, 3)``."""

    def write(path: Path, count: int, **tags: object) -> Path:
        alone = {"ImagePositionPatient": None, "SOPClassUID": EnhancedCTImageStorage}
        write_ct(path, np.zeros((64, 64)), **alone, **tags)
        dataset = pydicom.dcmread(path)
        dataset.NumberOfFrames = count
        dataset.PixelData = bytes(2 * 64 * 64 * count)
        dataset.PerFrameFunctionalGroupsSequence = [_at(2.0 * n) for n in range(count)]
        dataset.save_as(path)
        return path

    return write


def _at(z: float) -> Dataset:
    position, group = Dataset(), Dataset()
    position.ImagePositionPatient = [-100, -100, z]
    group.PlanePositionSequence = [position]
    return group


@pytest.fixture(autouse=True)
def _servers_stop_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Those of the standard library look only every half second whether they should."""
    monkeypatch.setattr(BaseServer.serve_forever, "__defaults__", (0.01,))


@pytest.fixture(scope="session")
def needs_orthanc() -> None:
    if shutil.which("Orthanc") is None or not PLUGIN.exists():
        pytest.skip("needs Debian's orthanc and orthanc-dicomweb")


@pytest.fixture(scope="session")
def shared_orthanc(
    needs_orthanc: None, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Orthanc]:
    folder = tmp_path_factory.mktemp("orthanc")
    with running_orthanc(folder, free_port(), free_port()) as server:
        yield server


@pytest.fixture
def orthanc(shared_orthanc: Orthanc) -> Orthanc:
    """An Orthanc without any images in it."""
    shared_orthanc.empty()
    return shared_orthanc


@pytest.fixture(scope="session")
def example() -> Path:
    """The example series of full dose: 4 slices."""
    return Path(distiliqa.__file__).parent / "examples" / "body_phantom" / "dose_100"


@pytest.fixture
def faulty() -> Iterator[Faulty]:
    """Set ``answers``; ``seen`` has the headers of each request."""
    with serving() as state:
        yield state


@pytest.fixture
def fake_pacs(write_series: Callable[..., Path], tmp_path: Path) -> Iterator[FakePacs]:
    """A server of one study with a series of four slices; it behaves as its fields say."""
    folder = write_series(tmp_path / "stored", 4, SeriesInstanceUID=FAKE_SERIES)
    with serving_pacs({FAKE_SERIES: sorted(folder.glob("*.dcm"))}) as pacs:
        yield pacs


@pytest.fixture
def scouts(write_series: Callable[..., Path], tmp_path: Path) -> list[Path]:
    """The files of a series of two localizers, for a server."""
    kind = ["ORIGINAL", "PRIMARY", "LOCALIZER"]
    folder = write_series(tmp_path / "scouts", 2, SeriesInstanceUID="1.2.5", ImageType=kind)
    return sorted(folder.glob("*.dcm"))
