"""The whole network: stem, then transformer."""

from __future__ import annotations

from typing import NamedTuple

from torch import Tensor, nn

from distiliqa.lab.network.config import NetworkConfig
from distiliqa.lab.network.pose import Pose, pose_of, posed
from distiliqa.lab.network.stem import PUBLISHED_GRID, PublishedStem, StridedStem
from distiliqa.lab.network.transformer import VisionTransformer


class Features(NamedTuple):
    """What a network knows of slices before it rates them.

    Attributes
    ----------
    image : (N, 1, S, S), as the stem sees them.
    grid : (N, width, r, c), their patches before the transformer.
    tokens : (N, 1 + r c, width), class token and patches after it.
    pose : how the slices lay before they were brought into one pose; None where they were not.
    """

    image: Tensor
    grid: Tensor
    tokens: Tensor
    pose: Pose | None


class Network(nn.Module):
    """DistilIQA: a Vision Transformer with a convolutional stem.

    Takes the windowed slice (N, 1, 512, 512) in [0, 1]; gives (N, outputs) on the scale of the
    labels it was trained on. A student's score is the mean of its outputs. Behind a strided stem,
    which sees all of the slice, flips and shifts of the slice leave the outputs as they are, but
    in training, where they are how a slice is varied.
    Source: Baldeon-Calisto et al. 2024, doi 10.1016/j.compbiomed.2024.108670.
    """

    def __init__(self, config: NetworkConfig) -> None:
        super().__init__()
        self.config = config
        self.stem: PublishedStem | StridedStem
        if config.stem == "published":
            self.stem = PublishedStem(config.stem_blocks, config.stem_width)
            side = PUBLISHED_GRID
        else:
            self.stem = StridedStem(config.stem_blocks, config.stem_width, config.width)
            side = config.image_size >> config.stem_blocks
        self.vit = VisionTransformer(
            self.stem.out_channels,
            side,
            patch=config.patch,
            depth=config.depth,
            width=config.width,
            heads=config.heads,
            mlp=config.mlp,
            outputs=config.outputs,
        )

    @property
    def sees_all(self) -> bool:
        """Whether the stem sees the whole slice, so that patches are parts of it."""
        return isinstance(self.stem, StridedStem)

    def features(self, image: Tensor) -> Features:
        """What is known of windowed slices (N, 1, S, S)."""
        pose = None
        if self.sees_all and not self.training:
            pose = pose_of(image)
            image = posed(image, pose)
        grid = self.vit.conv_proj(self.stem(image))
        return Features(image, grid, self.vit.tokens(grid), pose)

    def forward(self, image: Tensor) -> Tensor:
        return self.vit.rate(self.features(image).tokens)

    def forward_crop(self, crop: Tensor, corner: tuple[int, int]) -> Tensor:
        """Rate images by a part of each, (N, 1, s, s), whose top left pixel is at ``corner``.

        The patches get the position embeddings nearest to where they lie in the whole image. The
        side s is a multiple of the stem's stride times the patch; the stem is ``strided``.
        """
        stride = self.config.patch << self.config.stem_blocks
        row, column = (round(at / stride) for at in corner)
        return self.vit(self.stem(crop), (row, column))
