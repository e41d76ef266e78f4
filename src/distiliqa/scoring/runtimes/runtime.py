"""The runtimes of ``model.onnx``: one interface, and ONNX Runtime, which is always installed.

ONNX Runtime works on the CPU or on an NVIDIA GPU. OpenVINO is an extra.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

import onnxruntime
from numpy.typing import NDArray

from distiliqa.errors import DistiliqaError, ModelFolderError
from distiliqa.extras import install_command, is_installed
from distiliqa.models.config import ModelConfig
from distiliqa.scoring.execution import Execution, Precision, RuntimeName
from distiliqa.scoring.runtimes.int8 import made_int8
from distiliqa.scoring.runtimes.onnx_check import check_shapes, checked_network
from distiliqa.scoring.runtimes.onnx_part import part_of

CUDA = "CUDAExecutionProvider"
_ERRORS_ONLY = 3
# TF32 keeps 11 significant bits, which moves scores by more than what they may differ by.
_CUDA_OPTIONS = {"use_tf32": "0"}


class Runtime(Protocol):
    """A loaded network: ``onnxruntime.InferenceSession`` is one as it comes."""

    def run(self, names: Sequence[str], feeds: Mapping[str, NDArray]) -> Sequence[Any]:
        """The outputs of these names for these inputs, float32 arrays of n slices."""
        ...


def open_runtime(
    folder: Path, config: ModelConfig, execution: Execution, *, heatmaps: bool = True
) -> Runtime:
    """Load ``model.onnx`` of a model folder, once its SHA-256 is checked.

    Parameters
    ----------
    heatmaps : bool
        False leaves out what only the heatmap needs.

    Raises
    ------
    DistiliqaError
        The runtime is not installed, or this machine cannot run it.
    ModelFolderError
        The file is missing, altered, not loadable, or its inputs and outputs are not those of
        ``config.json``.
    """
    if execution.runtime == "openvino":
        from distiliqa.scoring.runtimes.openvino import open_openvino

        return open_openvino(folder, config, execution, heatmaps=heatmaps)
    cuda = execution.runtime == "cuda"
    return open_session(
        folder,
        config,
        execution.threads,
        cuda=cuda,
        heatmaps=heatmaps,
        int8=execution.precision == "int8",
    )


def installed_runtimes(precision: Precision) -> tuple[RuntimeName, ...]:
    """List the runtimes that are installed and have this precision, the default first."""
    openvino: tuple[RuntimeName, ...] = ("openvino",) if is_installed("openvino") else ()
    if precision != "fp32":
        return openvino if precision == "bf16" else ("onnxruntime",)
    return ("onnxruntime", *(("cuda",) if has_cuda() else ()), *openvino)


def has_cuda() -> bool:
    """Whether this ONNX Runtime was built for CUDA; a GPU may still be missing."""
    return CUDA in onnxruntime.get_available_providers()


def open_session(
    folder: Path,
    config: ModelConfig,
    threads: int | None = None,
    *,
    cuda: bool = False,
    heatmaps: bool = True,
    int8: bool = False,
) -> onnxruntime.InferenceSession:
    """Load ``model.onnx`` of a model folder, once its SHA-256 is checked.

    All graph optimizations are on, as by default: batch normalizations are folded into the
    convolutions before them if the export has not done so.

    Parameters
    ----------
    threads : int or None
        Number of threads inside one operator; None leaves it to ONNX Runtime (all cores).
    cuda : bool
        Run it on the first NVIDIA GPU, in fp32 and not in TF32.
    heatmaps : bool
        False leaves out what only the heatmap needs.
    int8 : bool
        Take the network in int8 that was made on this machine.

    Raises
    ------
    DistiliqaError
        CUDA is asked for and not there, or an int8 network that was not made.
    ModelFolderError
        The file is missing, altered, not loadable, or takes or gives something else than
        ``config.json`` says.
    """
    path, given = checked_network(folder, config), config.giving(heatmaps=heatmaps)
    if cuda and not has_cuda():
        raise DistiliqaError(
            "this ONNX Runtime has no CUDA",
            remedy=f"{install_command('cuda')}, then "
            "pip install --force-reinstall --no-deps onnxruntime-gpu",
        )
    network: Path | bytes = path
    if int8:
        network = made_int8(given)
    elif given is not config:
        network = part_of(path.read_bytes(), given.output_names)
    options = onnxruntime.SessionOptions()
    options.log_severity_level = _ERRORS_ONLY
    options.intra_op_num_threads = threads or 0
    providers: list[Any] = [(CUDA, _CUDA_OPTIONS)] if cuda else ["CPUExecutionProvider"]
    try:
        session = onnxruntime.InferenceSession(network, sess_options=options, providers=providers)
    except Exception as error:  # its exceptions share no base class but this one
        raise ModelFolderError(
            f"onnxruntime {onnxruntime.__version__} cannot load it ({error})",
            path=path,
            remedy="update onnxruntime or export the model again",
        ) from error
    if cuda and CUDA not in session.get_providers():  # it continues on the CPU without a warning
        raise DistiliqaError("CUDA does not start here", remedy="see nvidia-smi, or use the CPU")
    nodes = (*session.get_inputs(), *session.get_outputs())
    check_shapes({node.name: node.shape[1:] for node in nodes}, given, path)
    return session
