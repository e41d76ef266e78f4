"""The whole network: stem, transformer and heads in one module."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn

from distiliqa.lab.network.pose import Pose, pose_of, posed, unposed
from distiliqa.lab.network.sizes import NetworkConfig
from distiliqa.lab.network.stem import PUBLISHED_GRID, PublishedStem, StridedStem
from distiliqa.lab.network.transformer import Tokens, VisionTransformer


class Features(NamedTuple):
    """Features of slices before the head rates them.

    Attributes
    ----------
    image : (N, 1, S, S), input of the stem.
    grid : (N, width, r, c), patches before the transformer.
    tokens : class token and patches after it; no patches where no head needs them.
    pose : pose of the slices before they were brought into the canonical one; None where they
        were not.
    """

    image: Tensor
    grid: Tensor
    tokens: Tokens
    pose: Pose | None


class Heads(NamedTuple):
    """Outputs of a network for slices.

    Attributes
    ----------
    scores : (N, outputs).
    map : (N, r, c), the score of each patch alone; None without that head.
    processed : (N,), logits of having been processed; None without that head.
    """

    scores: Tensor
    map: Tensor | None
    processed: Tensor | None


class Network(nn.Module):
    """DistilIQA: a Vision Transformer with a convolutional stem.

    Takes the windowed slice (N, 1, 512, 512) in [0, 1]; gives (N, outputs) on the scale of the
    labels it was trained on. The score of a student is the mean of its outputs. With a strided
    stem, which sees all of the slice, flips and shifts do not change the outputs in eval mode. In
    training they are the augmentation.
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
            self.stem = StridedStem(config.channels, config.first_kernel)
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
        self.map = nn.Linear(2 * config.width, 1) if config.map else None
        self.processed = nn.Linear(config.width, 1) if config.processed else None

    @property
    def sees_all(self) -> bool:
        """True if the stem sees the whole slice, so that patches are parts of the slice."""
        return isinstance(self.stem, StridedStem)

    def features(
        self, image: Tensor, pose: Pose | None = None, *, patches: bool | None = None
    ) -> Features:
        """Features of windowed slices (N, 1, S, S).

        Parameters
        ----------
        pose : pose of the slices, computed from them in full precision; None computes it here.
        patches : whether the patches after the transformer are needed; None if the map needs them.
        """
        if not self.sees_all or self.training:
            pose = None
        else:
            pose = pose_of(image) if pose is None else pose
            image = posed(image, pose)
        grid = self.vit.conv_proj(self.stem(image))
        needed = self.map is not None if patches is None else patches
        return Features(image, grid, self.vit.tokens(grid, patches=needed), pose)

    def forward(self, image: Tensor) -> Tensor:
        return self.vit.heads(self.features(image, patches=False).tokens.of_class)

    def heads(self, known: Features) -> Heads:
        """What the heads make of features of slices; the map is in the pose of the input."""
        heads = self._heads(known.grid, known.tokens)
        return heads if heads.map is None else heads._replace(map=in_input_pose(heads.map, known))

    def heads_of_crop(self, crop: Tensor, corner: tuple[int, int]) -> Heads:
        """What the heads make of crops of images, (N, 1, s, s); their top left is at ``corner``.

        The patches get the position embeddings nearest to where they lie in the whole image. The
        side s is a multiple of the stem's stride times the patch; the stem is ``strided``.
        """
        stride = self.config.patch << self.config.stem_blocks
        row, column = (round(at / stride) for at in corner)
        grid = self.vit.conv_proj(self.stem(crop))
        patches = self.map is not None
        return self._heads(grid, self.vit.tokens(grid, (row, column), patches=patches))

    def _heads(self, grid: Tensor, tokens: Tokens) -> Heads:
        quality = processed = None
        if self.map is not None:
            flat = self.map(patch_features(grid, tokens.patches)).squeeze(2)
            quality = flat.unflatten(1, tuple(grid.shape[2:]))
        if self.processed is not None:
            processed = self.processed(tokens.of_class).squeeze(1)
        return Heads(self.vit.heads(tokens.of_class), quality, processed)


def in_input_pose(quality: Tensor, known: Features) -> Tensor:
    """Turn a map (N, r, c) of slices in one pose back to the pose of the input."""
    if known.pose is None:
        return quality
    return unposed(quality, known.pose, known.image.shape[-1] // quality.shape[-1])


def patch_features(grid: Tensor, patches: Tensor | None) -> Tensor:
    """Features of each patch before and after the transformer, (N, r c, 2 C).

    Parameters
    ----------
    grid : (N, C, r, c). patches : (N, r c, C).
    """
    assert patches is not None
    return torch.cat([grid.flatten(2).transpose(1, 2), patches], dim=2)
