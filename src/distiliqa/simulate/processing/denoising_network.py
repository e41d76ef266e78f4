"""A small convolutional network that predicts the noise of a slice.

As in Zhang et al., IEEE Trans Image Process 2017 (doi 10.1109/TIP.2017.2662206) it is residual: it
gives what is to be subtracted. `distiliqa.lab.train.denoisers` trains it.
"""

from __future__ import annotations

from functools import lru_cache
from itertools import pairwise
from pathlib import Path

import numpy as np
import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn

from distiliqa.errors import DistiliqaError
from distiliqa.files import FileStamp, file_stamp
from distiliqa.simulate.processing.preparation import Image, Preparation, Process, within_body

_CHANNELS = (1, 32, 32, 32, 32, 32, 1)
_MIDDLE_HU, _UNIT_HU = 40.0, 100.0  # of what the layers see


class DenoisingNetwork(nn.Module):
    """Six 3 x 3 convolutions with ReLU between them; (n, 1, rows, columns) of HU to the same."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.ModuleList(
            nn.Conv2d(below, above, 3, padding=1, padding_mode="reflect")
            for below, above in pairwise(_CHANNELS)
        )

    def forward(self, hu: Tensor) -> Tensor:
        """Slices without the noise that the network sees in them, HU."""
        values = (hu - _MIDDLE_HU) / _UNIT_HU
        for layer in self.layers[:-1]:
            values = torch.relu(layer(values))
        return hu - _UNIT_HU * self.layers[-1](values).float()


def denoising_network(given: Preparation) -> Process:
    """Blend of an image with the output of a network; ``strength`` is its share, 0 to 1."""
    assert given.weights is not None  # `Processing` checks it
    network = _loaded(given.weights, file_stamp(given.weights))
    share = np.float32(given.strength)

    def blended(inner: Image) -> Image:
        with torch.inference_mode():
            clean = network(torch.from_numpy(inner)[None, None])[0, 0].numpy()
        return inner + share * (clean - inner)

    return lambda hu: within_body(hu, blended)


@lru_cache(maxsize=8)
def _loaded(path: Path, stamp: FileStamp | None) -> DenoisingNetwork:
    """The network of a file with this stamp, in eval mode.

    Raises
    ------
    DistiliqaError : the file is missing, or no weights of such a network.
    """
    remedy = "train the denoiser again"
    if stamp is None:
        raise DistiliqaError("no such weights", path=path, remedy=remedy)
    network = DenoisingNetwork()
    try:
        network.load_state_dict(load_file(path))
    except (SafetensorError, OSError, RuntimeError) as error:
        raise DistiliqaError("no weights of a denoiser", path=path, remedy=remedy) from error
    network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    return network.eval()
