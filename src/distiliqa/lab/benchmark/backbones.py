"""Networks of a benchmark: the package's own and those of other libraries, behind one interface.

The published stem can stand in front of any of them, as in the published class. Its output is
cropped to the middle: the largest multiple of 112 pixels, 224 for a slice of 512 as published. All
start from random weights unless a file is given.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from safetensors.torch import load_file
from torch import Tensor, nn

from distiliqa.files import FileStamp, file_stamp, sha256
from distiliqa.lab.benchmark.benchmark_recipe import MethodSection
from distiliqa.lab.benchmark.foreign_networks import PATCH, VITS, library_network
from distiliqa.lab.network.imagenet import load_imagenet
from distiliqa.lab.network.network import Heads, Network
from distiliqa.lab.network.sizes import PRESETS
from distiliqa.lab.network.stem import PublishedStem, StridedStem, grown
from distiliqa.lab.network.transformer import VisionTransformer

_HALF = 112  # half the side that the published ViT takes


@dataclass(frozen=True)
class Architecture:
    """What a network is built from; methods with equal ones share their trainings."""

    network: str
    stem: str
    stem_blocks: int
    stem_width: int
    image_size: int
    outputs: int = 1
    imagenet_weights: str | None = None
    weights_sha256: str | None = None

    def as_dict(self) -> dict[str, Any]:
        """The fields by name."""
        return asdict(self)

    @property
    def slug(self) -> str:
        """Name of its folder."""
        stem = "" if self.stem == "none" else f"{self.stem}{self.stem_blocks}x{self.stem_width}-"
        started = f"-{Path(self.imagenet_weights).stem}" if self.imagenet_weights else ""
        if self.weights_sha256:  # one name may be that of two files
            started += f"-{self.weights_sha256[:8]}"
        return f"{stem}{self.network}{started}"


def architecture(method: MethodSection, image_size: int) -> Architecture:
    """The architecture of a method that is trained."""
    assert method.network is not None
    weights = method.imagenet_weights
    return Architecture(
        method.network,
        method.stem,
        *((method.stem_blocks, method.stem_width) if method.stem != "none" else (0, 0)),
        image_size,
        imagenet_weights=None if weights is None else str(weights),
        weights_sha256=None if weights is None else _sha256(weights, file_stamp(weights)),
    )


@lru_cache
def _sha256(weights: Path, stamp: FileStamp | None) -> str | None:
    # Every training asks, and the file has hundreds of megabytes.
    return None if stamp is None else sha256(weights)


class PublishedFront(nn.Module):
    """The published stem for images of any size, see the module."""

    out_channels = PublishedStem.out_channels

    def __init__(self, blocks: int, width: int, image_size: int) -> None:
        super().__init__()
        stem = PublishedStem(blocks, width)
        self.blocks, self.downsample = stem.blocks, stem.downsample
        grid = (image_size - 2 * blocks) // 2
        self.side = grid // _HALF * _HALF or grid // PATCH * PATCH
        # As published: 16 rows of 251 are left out before the first that is kept.
        start = 16 if grid == 251 else (grid - self.side) // 2
        self.kept = slice(start, start + self.side)

    def forward(self, image: Tensor) -> Tensor:  # noqa: D102
        return self.downsample(self.blocks(image))[:, :, self.kept, self.kept]


class Rater(nn.Module):
    """A network that rates windowed slices (N, 1, S, S) in [0, 1]: (N, outputs).

    It has the interface of `Network` that training needs.
    """

    def __init__(self, config: Architecture) -> None:
        super().__init__()
        self.config = config
        channels, side = 1, config.image_size
        self.stem: nn.Module = nn.Identity()
        if config.stem == "published":
            self.stem = PublishedFront(config.stem_blocks, config.stem_width, side)
            channels, side = self.stem.out_channels, self.stem.side
        self.body = _body(config, channels, side)

    def forward(self, image: Tensor) -> Tensor:  # noqa: D102
        return self.body(self.stem(image))

    def features(self, image: Tensor) -> Tensor:
        """The images themselves: other networks have no features in common."""
        return image

    def heads(self, known: Tensor) -> Heads:
        """Scores alone."""
        return Heads(self(known), None, None)


def new_rater(config: Architecture) -> Rater:
    """A network with random weights, or with those of a file in its transformer.

    Raises
    ------
    DistiliqaError : a library is missing, or the file does not fit, see `load_imagenet`.
    """
    rater = Rater(config)
    if config.imagenet_weights:
        body = rater.body[-1] if isinstance(rater.body, nn.Sequential) else rater.body
        assert isinstance(body, VisionTransformer)
        load_imagenet(body, config.imagenet_weights)
    return rater


def read_rater(path: Path, config: Architecture) -> Rater:
    """A trained network, in eval mode on the CPU."""
    rater = Rater(config)
    rater.load_state_dict(load_file(path))
    return rater.eval()


def _body(config: Architecture, channels: int, side: int) -> nn.Module:
    name, outputs = config.network, config.outputs
    if name == "compact":
        return Network(replace(PRESETS["compact"], image_size=side, outputs=outputs))
    if name in VITS:
        return _vit(config, channels, side)
    return library_network(name, channels, side, outputs)


def _vit(config: Architecture, channels: int, side: int) -> nn.Module:
    depth, width, heads, mlp = VITS[config.network]
    patch, front = PATCH, None
    if config.stem == "strided":
        front = StridedStem(grown(config.stem_blocks, config.stem_width, width))
        channels, side = front.out_channels, side >> config.stem_blocks
        patch = max(PATCH >> config.stem_blocks, 1)
    sizes = {"patch": patch, "depth": depth, "width": width, "heads": heads, "mlp": mlp}
    vit = VisionTransformer(channels, side, outputs=config.outputs, **sizes)
    return vit if front is None else nn.Sequential(front, vit)
