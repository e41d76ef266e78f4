"""Networks whose linear layers multiply in int8, made on this machine (extra ``int8``).

Convolutions stay in fp32: quality is seen in differences of a few HU, and a window of 350 HU has
steps of 1.4 HU in int8. Weights have seven bits, since sums of products of eight saturate on CPUs
without VNNI. Networks are kept in the user's cache folder.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from distiliqa.errors import DistiliqaError
from distiliqa.extras import require_extra
from distiliqa.files import atomic_path
from distiliqa.models.config import INPUT, ModelConfig
from distiliqa.models.folder import ONNX
from distiliqa.scoring.machine_cache import cache_path
from distiliqa.scoring.runtimes.onnx_check import checked_network
from distiliqa.scoring.runtimes.onnx_part import part_of

_QUANTIZED = ["Gemm"]
_ERRORS_ONLY = 3


def int8_path(config: ModelConfig) -> Path:
    """Where the network of a model is kept that gives the outputs of ``config``.

    Raises
    ------
    DistiliqaError
        There is no cache folder.
    """
    facts = {"model": config.files.get(ONNX), "outputs": config.output_names}
    try:
        return cache_path("int8", facts, ".onnx")
    except RuntimeError as error:
        raise DistiliqaError(str(error), remedy="set XDG_CACHE_HOME to a folder") from error


def has_int8(config: ModelConfig) -> bool:
    """Whether the network in int8 was made on this machine."""
    try:
        return int8_path(config).is_file()
    except DistiliqaError:
        return False


def made_int8(config: ModelConfig) -> Path:
    """Path of the network in int8. Raises `DistiliqaError` where none was made."""
    path = int8_path(config)
    if not path.is_file():
        raise DistiliqaError(
            f"{config.title} has no int8 network on this machine",
            remedy="make it by distiliqa tune --precision int8",
        )
    return path


def make_int8(folder: Path, config: ModelConfig, images: NDArray[np.float32]) -> None:
    """Make the networks of a model in int8, with and without its heatmap.

    Parameters
    ----------
    images : ndarray of float32
        Windowed slices (n, 1, S, S), which set the ranges of the values between layers.

    Raises
    ------
    DistiliqaError
        The extra is missing, or the cache folder cannot be written.
    ModelFolderError
        See `distiliqa.scoring.runtimes.onnx_check.checked_network`.
    """
    require_extra("int8", ["onnx"], "int8 networks need")
    content = checked_network(folder, config).read_bytes()
    without = config.giving(heatmaps=False)
    for given in (config,) if without is config else (config, without):
        with TemporaryDirectory() as scratch, atomic_path(int8_path(given)) as made:
            plain = _folded(part_of(content, given.output_names), Path(scratch, "plain.onnx"))
            _quantize(plain, made, images)


def _folded(content: bytes, path: Path) -> Path:
    """Write the network with its batch normalizations in the convolutions before them."""
    options = onnxruntime.SessionOptions()
    options.log_severity_level = _ERRORS_ONLY
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_BASIC
    options.optimized_model_filepath = str(path)
    onnxruntime.InferenceSession(content, options)
    return path


def _quantize(network: Path, made: Path, images: NDArray[np.float32]) -> None:
    from onnxruntime.quantization import CalibrationDataReader, QuantType, quantize_static

    class Slices(CalibrationDataReader):
        """Feeds, one slice at a time, until None ends them."""

        def __init__(self) -> None:
            self._feeds = ({INPUT: image[np.newaxis]} for image in images)

        def get_next(self) -> dict[str, NDArray[np.float32]] | None:
            return next(self._feeds, None)

    with _quiet():
        quantize_static(
            network,
            made,
            Slices(),
            op_types_to_quantize=_QUANTIZED,
            per_channel=True,
            reduce_range=True,
            activation_type=QuantType.QUInt8,
            weight_type=QuantType.QInt8,
        )


@contextmanager
def _quiet() -> Iterator[None]:
    """Without the advice of ONNX Runtime to prepare the network, which it is."""
    before = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        yield
    finally:
        logging.disable(before)
