"""The one interface of all that can run ``model.onnx``, and which of it is here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

from numpy.typing import NDArray

from distiliqa.extras import is_installed
from distiliqa.models.config import ModelConfig
from distiliqa.scoring.execution import Execution, Precision, RuntimeName


class Runtime(Protocol):
    """A loaded network: ``onnxruntime.InferenceSession`` is one as it comes."""

    def run(self, names: Sequence[str], feeds: Mapping[str, NDArray]) -> Sequence[Any]:
        """The outputs of these names for these inputs, float32 arrays of n slices."""
        ...


def open_runtime(folder: Path, config: ModelConfig, execution: Execution) -> Runtime:
    """Load ``model.onnx`` of a model folder, once its SHA-256 is checked.

    Raises
    ------
    DistiliqaError : the runtime is not installed, or this machine cannot run it.
    ModelFolderError : the file is missing, altered, not loadable, or takes or gives something
        else than ``config.json`` says.
    """
    if execution.runtime == "openvino":
        from distiliqa.scoring.runtimes.openvino import open_openvino

        return open_openvino(folder, config, execution)
    from distiliqa.scoring.runtimes.onnx import open_session

    return open_session(folder, config, execution.threads, cuda=execution.runtime == "cuda")


def installed_runtimes(precision: Precision) -> tuple[RuntimeName, ...]:
    """What can run a model in this precision here, the default first."""
    openvino: tuple[RuntimeName, ...] = ("openvino",) if is_installed("openvino") else ()
    if precision == "bf16":
        return openvino
    from distiliqa.scoring.runtimes.onnx import has_cuda

    return ("onnxruntime", *(("cuda",) if has_cuda() else ()), *openvino)
