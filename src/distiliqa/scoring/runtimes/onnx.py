"""The ONNX Runtime session that runs a model folder, on the CPU or on an NVIDIA GPU."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import onnxruntime

from distiliqa.errors import DistiliqaError, ModelFolderError
from distiliqa.extras import install_command
from distiliqa.models.config import ModelConfig
from distiliqa.scoring.runtimes.onnx_check import check_shapes, checked_network

CUDA = "CUDAExecutionProvider"
_ERRORS_ONLY = 3
# TF32 keeps 11 significant bits, which moves scores by more than what they may differ by.
_CUDA_OPTIONS = {"use_tf32": "0"}


def has_cuda() -> bool:
    """Whether this ONNX Runtime was built for CUDA, which does not say that there is a GPU."""
    return CUDA in onnxruntime.get_available_providers()


def open_session(
    folder: Path, config: ModelConfig, threads: int | None = None, *, cuda: bool = False
) -> onnxruntime.InferenceSession:
    """Load ``model.onnx`` of a model folder, once its SHA-256 is checked.

    All graph optimisations are on, as by default: batch normalisations are folded into the
    convolutions before them if the export has not done so.

    Parameters
    ----------
    threads : number of threads inside one operator; None leaves it to ONNX Runtime (all cores).
    cuda : run it on the first NVIDIA GPU, in fp32 and not in TF32.

    Raises
    ------
    DistiliqaError : CUDA is asked for and not there.
    ModelFolderError : the file is missing, altered, not loadable, or takes or gives something
        else than ``config.json`` says.
    """
    path = checked_network(folder, config)
    if cuda and not has_cuda():
        raise DistiliqaError(
            "this ONNX Runtime has no CUDA",
            remedy=f"{install_command('cuda')}, then "
            "pip install --force-reinstall --no-deps onnxruntime-gpu",
        )
    options = onnxruntime.SessionOptions()
    options.log_severity_level = _ERRORS_ONLY
    options.intra_op_num_threads = threads or 0
    providers: list[Any] = [(CUDA, _CUDA_OPTIONS)] if cuda else ["CPUExecutionProvider"]
    try:
        session = onnxruntime.InferenceSession(path, sess_options=options, providers=providers)
    except Exception as error:  # its exceptions share no base class but this one
        raise ModelFolderError(
            f"onnxruntime {onnxruntime.__version__} cannot load it ({error})",
            path=path,
            remedy="update onnxruntime or export the model again",
        ) from error
    if cuda and CUDA not in session.get_providers():  # it goes on with the CPU, without a word
        raise DistiliqaError("CUDA does not start here", remedy="see nvidia-smi, or use the CPU")
    nodes = (*session.get_inputs(), *session.get_outputs())
    check_shapes({node.name: node.shape[1:] for node in nodes}, config, path)
    return session
