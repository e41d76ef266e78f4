"""The whole network: stem, then transformer."""

from __future__ import annotations

from torch import Tensor, nn

from distiliqa.model.config import NetworkConfig
from distiliqa.model.stem import PUBLISHED_GRID, PublishedStem, StridedStem
from distiliqa.model.transformer import VisionTransformer


class Network(nn.Module):
    """DistilIQA: a Vision Transformer with a convolutional stem.

    Takes the windowed slice (N, 1, 512, 512) in [0, 1]; gives (N, outputs) on the scale of the
    labels it was trained on. A student's score is the mean of its outputs.
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

    def forward(self, image: Tensor) -> Tensor:
        return self.vit(self.stem(image))

    def forward_crop(self, crop: Tensor, corner: tuple[int, int]) -> Tensor:
        """Rate images by a part of each, (N, 1, s, s), whose top left pixel is at ``corner``.

        The patches get the position embeddings nearest to where they lie in the whole image. The
        side s is a multiple of the stem's stride times the patch; the stem is ``strided``.
        """
        stride = self.config.patch << self.config.stem_blocks
        row, column = (round(at / stride) for at in corner)
        return self.vit(self.stem(crop), (row, column))
