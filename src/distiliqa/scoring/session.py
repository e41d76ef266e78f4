"""The ONNX Runtime session that runs a model folder."""

from __future__ import annotations

from pathlib import Path

import onnxruntime

from distiliqa.errors import ModelFolderError
from distiliqa.model_folder import (
    DISTANCE,
    HEATMAP,
    INPUT,
    ONNX,
    OUTPUT,
    ModelConfig,
    checked_file,
)

_ERRORS_ONLY = 3


def open_session(
    folder: Path, config: ModelConfig, threads: int | None = None
) -> onnxruntime.InferenceSession:
    """Load ``model.onnx`` of a model folder, once its SHA-256 is checked.

    Parameters
    ----------
    threads : number of threads inside one operator; None leaves it to ONNX Runtime (all cores).

    Raises
    ------
    ModelFolderError : the file is missing, altered, not loadable, or takes or gives something
        else than ``config.json`` says.
    """
    path = checked_file(folder, ONNX, config)
    options = onnxruntime.SessionOptions()
    options.log_severity_level = _ERRORS_ONLY
    options.intra_op_num_threads = threads or 0
    try:
        session = onnxruntime.InferenceSession(
            path, sess_options=options, providers=["CPUExecutionProvider"]
        )
    except Exception as error:  # its exceptions share no base class but this one
        raise ModelFolderError(
            f"onnxruntime {onnxruntime.__version__} cannot load it ({error})",
            path=path,
            remedy="update onnxruntime or export the model again",
        ) from error
    _check_shapes(session, config, path)
    return session


def _check_shapes(session: onnxruntime.InferenceSession, config: ModelConfig, path: Path) -> None:
    size = config.image_size
    found = {node.name: node.shape[1:] for node in (*session.get_inputs(), *session.get_outputs())}
    stated: dict[str, list[int]] = {INPUT: [1, size, size], OUTPUT: [config.outputs]}
    if config.domain is not None:
        stated[DISTANCE] = []
    if config.heatmap is not None:
        stated[HEATMAP] = list(config.heatmap)
    if found != stated:
        raise ModelFolderError(
            f"takes and gives {found}, not what config.json says",
            path=path,
            remedy="export the model again",
        )
