"""OpenVINO as the runtime of a model folder (extra ``openvino``), with its telemetry off."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np
from numpy.typing import NDArray

from distiliqa.errors import DistiliqaError, ModelFolderError
from distiliqa.extras import install_command
from distiliqa.models.config import ModelConfig
from distiliqa.scoring.execution import Execution
from distiliqa.scoring.runtimes.onnx_check import check_shapes, checked_network

_HINTS = {"fp32": "f32", "bf16": "bf16"}


class OpenVino:
    """A compiled network behind the interface of `distiliqa.scoring.runtimes.runtime.Runtime`."""

    def __init__(self, compiled: Any) -> None:
        self._request = compiled.create_infer_request()
        self._lock = Lock()  # a request that runs refuses to be run

    def run(self, names: Sequence[str], feeds: Mapping[str, NDArray]) -> list[NDArray]:
        """The outputs of these names for these inputs."""
        with self._lock:
            found = self._request.infer(dict(feeds))
            return [np.array(found[name]) for name in names]


def open_openvino(
    folder: Path, config: ModelConfig, execution: Execution, *, heatmaps: bool = True
) -> OpenVino:
    """Compile ``model.onnx`` of a model folder for the CPU, once its SHA-256 is checked.

    Raises
    ------
    DistiliqaError
        OpenVINO is not installed, or this CPU has no bf16 and it is asked for.
    ModelFolderError
        See `distiliqa.scoring.runtimes.runtime.open_runtime`.
    """
    path, given = checked_network(folder, config), config.giving(heatmaps=heatmaps)
    openvino, core = import_openvino(), _core()
    if execution.precision == "bf16" and not has_bf16(core):
        raise DistiliqaError("this CPU does not multiply in bf16", remedy="use the precision fp32")
    # Left to itself it computes in bf16 wherever the CPU can.
    options: dict[str, Any] = {"INFERENCE_PRECISION_HINT": _HINTS[execution.precision]}
    if execution.threads is not None:
        options["INFERENCE_NUM_THREADS"] = execution.threads
    try:
        network = core.read_model(path)
        for result in network.get_results():
            if result.input_value(0).any_name not in given.output_names:
                network.remove_result(result)
        compiled = core.compile_model(network, "CPU", options)
    except Exception as error:  # whatever its plug-ins raise concerns this file
        raise ModelFolderError(
            f"openvino {openvino.__version__} cannot load it ({error})",
            path=path,
            remedy="use the runtime onnxruntime or export the model again",
        ) from error
    check_shapes(_shapes((*compiled.inputs, *compiled.outputs)), given, path)
    return OpenVino(compiled)


def import_openvino() -> Any:
    """The package ``openvino``, kept from sending anything.

    To import it is enough for it to write a client number into the home folder and to send an
    event, unless ``openvino_telemetry`` is missing, which it provides for.

    Raises
    ------
    DistiliqaError
        It is not installed.
    """
    sys.modules.setdefault("openvino_telemetry", None)  # type: ignore[arg-type]
    try:
        import openvino
    except ModuleNotFoundError as error:
        raise DistiliqaError(
            f"the runtime openvino is not installed ({error.name} is missing)",
            remedy=install_command("openvino"),
        ) from error
    return openvino


@cache
def _core() -> Any:
    """The core of OpenVINO, one for the whole process.

    OpenVINO gives the thread that first uses its CPU plug-in a stack for signals, and frees it with
    the plug-in. Where another thread does that, the next signal ends the process: Ctrl-C, or the
    end of a child process once PyTorch handles it.
    """
    return import_openvino().Core()


def has_bf16(core: Any) -> bool:
    """Whether the CPU multiplies in bf16, as those with AVX512_BF16 or AMX do."""
    return "BF16" in core.get_property("CPU", "OPTIMIZATION_CAPABILITIES")


def _shapes(ports: Sequence[Any]) -> dict[str, list[Any]]:
    """Shapes that the ports take or give for one slice, in the form of ONNX Runtime."""
    return {
        port.any_name: [
            side.get_length() if side.is_static else str(side)
            for side in list(port.get_partial_shape())[1:]
        ]
        for port in ports
    }
