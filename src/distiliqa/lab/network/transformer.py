"""The Vision Transformer, with torchvision's layout and parameter names.

Source: Dosovitskiy et al. 2021, An Image is Worth 16x16 Words, arXiv 2010.11929. The names are
torchvision's, so that its ImageNet weights and the published DistilIQA weights load as they are.
"""

from __future__ import annotations

import math
from collections import OrderedDict

import torch
from torch import Tensor, nn
from torch.nn import functional

EPSILON = 1e-6  # of every layer normalisation, as torchvision's ViT


class SelfAttention(nn.Module):
    """Multi-head self-attention with the parameter names of `torch.nn.MultiheadAttention`."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.in_proj_weight = nn.Parameter(torch.empty(3 * width, width))
        self.in_proj_bias = nn.Parameter(torch.zeros(3 * width))
        self.out_proj = nn.Linear(width, width)
        nn.init.xavier_uniform_(self.in_proj_weight)
        nn.init.zeros_(self.out_proj.bias)

    def forward(self, tokens: Tensor) -> Tensor:  # (N, T, width)
        joint = functional.linear(tokens, self.in_proj_weight, self.in_proj_bias)
        query, key, value = joint.unflatten(2, (3, self.heads, -1)).permute(2, 0, 3, 1, 4)
        mixed = functional.scaled_dot_product_attention(query, key, value)  # (N, heads, T, d)
        return self.out_proj(mixed.transpose(1, 2).flatten(2))


class EncoderBlock(nn.Module):
    """Pre-norm transformer layer: attention, then a two-layer perceptron."""

    def __init__(self, width: int, heads: int, mlp: int) -> None:
        super().__init__()
        self.ln_1 = nn.LayerNorm(width, EPSILON)
        self.self_attention = SelfAttention(width, heads)
        self.ln_2 = nn.LayerNorm(width, EPSILON)
        # The identities keep torchvision's numbering, whose places 2 and 4 are dropouts of 0.
        grow, shrink = nn.Linear(width, mlp), nn.Linear(mlp, width)
        self.mlp = nn.Sequential(grow, nn.GELU(), nn.Identity(), shrink, nn.Identity())
        for layer in (grow, shrink):
            nn.init.xavier_uniform_(layer.weight)
            nn.init.normal_(layer.bias, std=1e-6)

    def forward(self, tokens: Tensor) -> Tensor:
        tokens = tokens + self.self_attention(self.ln_1(tokens))
        return tokens + self.mlp(self.ln_2(tokens))


class Encoder(nn.Module):
    """Position embedding, the layers, a last normalisation."""

    def __init__(self, tokens: int, depth: int, width: int, heads: int, mlp: int) -> None:
        super().__init__()
        self.pos_embedding = nn.Parameter(torch.empty(1, tokens, width).normal_(std=0.02))
        blocks = ((f"encoder_layer_{i}", EncoderBlock(width, heads, mlp)) for i in range(depth))
        self.layers = nn.Sequential(OrderedDict(blocks))
        self.ln = nn.LayerNorm(width, EPSILON)

    def forward(self, tokens: Tensor, positions: Tensor | None = None) -> Tensor:
        return self.ln(
            self.layers(tokens + (self.pos_embedding if positions is None else positions))
        )

    def positions_of(self, rows: slice, columns: slice) -> Tensor:
        """Embeddings of the class token and of a rectangle of the patches, (1, 1 + T, width)."""
        token, patches = self.pos_embedding[:, :1], self.pos_embedding[:, 1:]
        grid = patches.unflatten(1, (math.isqrt(patches.shape[1]), -1))
        return torch.cat([token, grid[:, rows, columns].flatten(1, 2)], dim=1)


class VisionTransformer(nn.Module):
    """ViT with a linear head on the class token.

    Parameters
    ----------
    channels, side : channels and side of the square feature map it takes, (N, channels, side,
        side); it gives (N, outputs). With a ``corner``, row and column of a patch, it takes the
        part of the map that begins there.
    """

    def __init__(
        self,
        channels: int,
        side: int,
        *,
        patch: int,
        depth: int,
        width: int,
        heads: int,
        mlp: int,
        outputs: int,
    ) -> None:
        super().__init__()
        self.conv_proj = projection = nn.Conv2d(channels, width, patch, patch)
        self.class_token = nn.Parameter(torch.zeros(1, 1, width))
        self.encoder = Encoder((side // patch) ** 2 + 1, depth, width, heads, mlp)
        self.heads = nn.Linear(width, outputs)
        nn.init.trunc_normal_(projection.weight, std=(channels * patch**2) ** -0.5)

    def forward(self, features: Tensor, corner: tuple[int, int] | None = None) -> Tensor:
        return self.rate(self.tokens(self.conv_proj(features), corner))

    def rate(self, tokens: Tensor) -> Tensor:
        """The outputs for what the class token has gathered, (N, outputs)."""
        return self.heads(tokens[:, 0])

    def tokens(self, grid: Tensor, corner: tuple[int, int] | None = None) -> Tensor:
        """Class token and patches of a projected feature map, after all layers.

        Parameters
        ----------
        grid : (N, width, rows, columns).

        Returns
        -------
        (N, 1 + rows * columns, width).
        """
        positions = None
        if corner is not None:
            places = zip(corner, grid.shape[2:], strict=True)
            positions = self.encoder.positions_of(*(slice(at, at + side) for at, side in places))
        token = self.class_token.expand(grid.shape[0], -1, -1)
        patches = grid.flatten(2).transpose(1, 2)  # (N, T, width)
        return self.encoder(torch.cat([token, patches], dim=1), positions)  # (N, T + 1, width)
