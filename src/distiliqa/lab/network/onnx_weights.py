"""Weights in ``model.onnx``: every tensor of the network and its calibration, by its name."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import torch
from torch import Tensor

from distiliqa.errors import ModelFolderError

SIZES = "network"  # the key of the metadata, here and in safetensors
NETWORK = "network."  # what names of weights of the network begin with
_OF_CALIBRATION = ("domain.", "local.")
_NOT_READ = "num_batches_tracked"  # of batch normalization, which no output depends on


class OnnxWeights(NamedTuple):
    """Content of a file of `distiliqa.lab.network.onnx_export`.

    Attributes
    ----------
    sizes : JSON of the sizes of the network.
    state : tensors by their name in `distiliqa.lab.network.graph.ScoringGraph`.
    """

    sizes: str
    state: dict[str, Tensor]

    @property
    def of_network(self) -> dict[str, Tensor]:
        """State dict of the network alone."""
        return {
            name.removeprefix(NETWORK): tensor
            for name, tensor in self.state.items()
            if name.startswith(NETWORK)
        }


def read_onnx(path: Path) -> OnnxWeights:
    """Read the weights of an exported network.

    Raises
    ------
    ModelFolderError : not ONNX, or not written by this package with its weights.
    """
    import onnx
    from google.protobuf.message import DecodeError

    remedy = "give a model folder, or the safetensors of a training"
    try:
        model = onnx.load_model(str(path), load_external_data=False)
        kept = [one for one in model.graph.initializer if one.name.startswith(_PREFIXES)]
        state = {one.name: torch.from_numpy(onnx.numpy_helper.to_array(one).copy()) for one in kept}
    except (DecodeError, OSError, ValueError, TypeError) as error:
        raise ModelFolderError(f"not ONNX ({error})", path=path, remedy=remedy) from error
    sizes = {entry.key: entry.value for entry in model.metadata_props}.get(SIZES)
    if sizes is None:
        problem = "an ONNX file that does not hold its weights by name"
        raise ModelFolderError(problem, path=path, remedy=remedy)
    for name in list(state):
        if name.startswith(NETWORK) and name.endswith("running_var"):
            state[name.replace("running_var", _NOT_READ)] = torch.tensor(0)
    return OnnxWeights(sizes, state)


_PREFIXES = (NETWORK, *_OF_CALIBRATION)
