"""Fixtures that every part of the tests may use."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest
from numpy.typing import ArrayLike
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian, generate_uid

from distiliqa.models.folder import ONNX, WEIGHTS, ModelConfig, ScoreScale, write_config

SHARED_DATA = Path(__file__).resolve().parents[2] / "shared" / "data"


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Real CT for development, beside the project; tests that need it are skipped elsewhere."""
    if not SHARED_DATA.is_dir():
        pytest.skip("no ../shared/data beside the project")
    return SHARED_DATA


@pytest.fixture(scope="session", autouse=True)
def own_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """A cache folder of the tests' own: what was measured on this machine has no say in them."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture(scope="session")
def write_ct() -> Callable[..., Path]:
    """Write one classic CT slice: ``write_ct(path, hu, RescaleSlope=2, BodyPartExamined=None)``.

    Tags override the defaults, None removes one. The pixels are stored as int16 such that the
    rescale that ends up in the file gives ``hu`` back, to rounding. Returns the path.
    """

    def write(path: Path, hu: ArrayLike, **tags: Any) -> Path:
        dataset = ct_dataset(np.asarray(hu), seed=str(path), **tags)
        path.parent.mkdir(parents=True, exist_ok=True)
        dataset.save_as(path, enforce_file_format=True)
        return path

    return write


def ct_dataset(hu: np.ndarray, *, seed: str, **tags: Any) -> pydicom.Dataset:
    """A classic CT image of ``hu``, (rows, columns), with the tags scanners write."""
    dataset = pydicom.Dataset()
    dataset.file_meta = pydicom.dataset.FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    defaults = {
        "SOPClassUID": CTImageStorage,
        "SOPInstanceUID": generate_uid(entropy_srcs=[seed]),
        "StudyInstanceUID": "1.2.826.0.1.3680043.8.498.1",
        "SeriesInstanceUID": "1.2.826.0.1.3680043.8.498.2",
        "FrameOfReferenceUID": "1.2.826.0.1.3680043.8.498.3",
        "Modality": "CT",
        "ImageType": ["ORIGINAL", "PRIMARY", "AXIAL"],
        "PatientID": "P1",
        "Manufacturer": "ACME",
        "KVP": 120,
        "XRayTubeCurrent": 200,
        "ConvolutionKernel": "B30f",
        "SliceThickness": 3,
        "BodyPartExamined": "ABDOMEN",
        "ImageOrientationPatient": [1, 0, 0, 0, 1, 0],
        "ImagePositionPatient": [-100, -100, 0],
        "PixelSpacing": [0.7, 0.7],
        "SamplesPerPixel": 1,
        "PhotometricInterpretation": "MONOCHROME2",
        "BitsAllocated": 16,
        "BitsStored": 16,
        "HighBit": 15,
        "PixelRepresentation": 1,
        "RescaleSlope": 1,
        "RescaleIntercept": -1024,
        "RescaleType": "HU",
    }
    for keyword, value in (defaults | tags).items():
        if value is not None:
            setattr(dataset, keyword, value)
    dataset.Rows, dataset.Columns = hu.shape
    slope, intercept = dataset.get("RescaleSlope", 1), dataset.get("RescaleIntercept", 0)
    stored = np.round((hu - float(intercept)) / float(slope)).astype(np.int16)
    dataset.PixelData = stored.tobytes()
    dataset["PixelData"].VR = "OW"
    return dataset


@pytest.fixture(scope="session")
def write_series(write_ct: Callable[..., Path]) -> Callable[..., Path]:
    """Write noisy 64 x 64 slices 3 mm apart: ``write_series(folder, count, KVP=100)``.

    The first name is the topmost slice, so that names and positions run in opposite order.
    Returns the folder.
    """

    def write(folder: Path, count: int = 3, **tags: Any) -> Path:
        rng = np.random.default_rng(count)
        for n in range(count):
            hu = rng.normal(40, 20 + 5 * n, (64, 64))
            position = [-100, -100, 3 * (count - n)]
            write_ct(folder / f"{n}.dcm", hu, ImagePositionPatient=position, **tags)
        return folder

    return write


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """Debian's Chromium without a screen, driven by Selenium; its console is kept, see `get_log`.

    Tests that need it are skipped where it is not installed, see scripts/install_test_tools.sh.
    """
    chromium, chromedriver = shutil.which("chromium"), shutil.which("chromedriver")
    if chromium is None or chromedriver is None:
        pytest.skip("no chromium and chromedriver here")
    webdriver = pytest.importorskip("selenium.webdriver")
    options = webdriver.ChromeOptions()
    options.binary_location = chromium
    for argument in ("--headless=new", "--no-sandbox", "--disable-gpu", "--window-size=1300,1000"):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    service = webdriver.ChromeService(executable_path=chromedriver)
    driver = webdriver.Chrome(options=options, service=service)
    yield driver
    driver.quit()


@pytest.fixture(scope="session")
def tiny_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model folder that scores in milliseconds: its five outputs fall with the local noise."""
    onnx = pytest.importorskip("onnx")
    from safetensors.numpy import save_file

    folder = tmp_path_factory.mktemp("models") / "tiny"
    folder.mkdir()
    onnx.save(_noise_network(), folder / ONNX)
    save_file({"weight": np.zeros(1, np.float32)}, folder / WEIGHTS)
    scale = ScoreScale(0.0, 4.0, "made up by the tests from the local noise")
    write_config(folder, ModelConfig("tiny", "1.0", {}, 5, scale, made_by="tests"))
    return folder


def _noise_network() -> Any:
    """ONNX: scores = 4 - weight * sqrt(mean local variance over 8 x 8 pixels) for five weights.

    The mean counts noise more towards the end of each axis, to tell how an image is turned.
    """
    from onnx import TensorProto, helper, numpy_helper

    def tensor(name: str, values: Any, dtype: type) -> Any:
        return numpy_helper.from_array(np.asarray(values, dtype), name)

    pool = {"kernel_shape": [8, 8], "strides": [8, 8]}
    nodes = [
        helper.make_node("AveragePool", ["image"], ["mean"], **pool),
        helper.make_node("Mul", ["image", "image"], ["square"]),
        helper.make_node("AveragePool", ["square"], ["mean_square"], **pool),
        helper.make_node("Mul", ["mean", "mean"], ["square_mean"]),
        helper.make_node("Sub", ["mean_square", "square_mean"], ["variance"]),
        helper.make_node("Mul", ["variance", "ramp"], ["weighted"]),
        helper.make_node("ReduceMean", ["weighted"], ["noise"], axes=[1, 2, 3], keepdims=1),
        helper.make_node("Abs", ["noise"], ["positive"]),
        helper.make_node("Sqrt", ["positive"], ["deviation"]),
        helper.make_node("Reshape", ["deviation", "shape"], ["column"]),
        helper.make_node("Mul", ["column", "weights"], ["loss"]),
        helper.make_node("Sub", ["best", "loss"], ["scores"]),
    ]
    ramp = np.add.outer(np.linspace(1, 2, 64), np.linspace(1, 3, 64)) / 3.5  # mean 1
    constants = [
        tensor("ramp", ramp[np.newaxis, np.newaxis], np.float32),
        tensor("shape", [-1, 1], np.int64),
        tensor("weights", [[12, 13, 14, 15, 16]], np.float32),
        tensor("best", [4], np.float32),
    ]
    image = helper.make_tensor_value_info("image", TensorProto.FLOAT, ["n", 1, 512, 512])
    scores = helper.make_tensor_value_info("scores", TensorProto.FLOAT, ["n", 5])
    graph = helper.make_graph(nodes, "noise", [image], [scores], constants)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
