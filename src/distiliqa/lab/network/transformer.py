"""The Vision Transformer, with torchvision's layout and parameter names.

Source: Dosovitskiy et al. 2021, An Image is Worth 16x16 Words, arXiv 2010.11929. The names are
torchvision's, so that its ImageNet weights and the published DistilIQA weights load as they are.
"""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

EPSILON = 1e-6  # of every layer normalization, as torchvision's ViT
_ALL = (slice(None),)


class Tokens(NamedTuple):
    """Tokens after all layers.

    Attributes
    ----------
    of_class : (N, width), the class token.
    patches : (N, T, width); None where they were not asked for.
    """

    of_class: Tensor
    patches: Tensor | None


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

    def forward(self, tokens: Tensor, places: Sequence[slice] = _ALL) -> list[Tensor]:
        """What the tokens at each of these places gather from all tokens, (N, T, width)."""
        joint = functional.linear(tokens, self.in_proj_weight, self.in_proj_bias)
        query, key, value = joint.unflatten(2, (3, self.heads, -1)).permute(2, 0, 3, 1, 4)
        return [self._gathered(query[:, :, place], key, value) for place in places]

    def _gathered(self, query: Tensor, key: Tensor, value: Tensor) -> Tensor:
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
        return self.at(tokens, _ALL)[0]

    def at(self, tokens: Tensor, places: Sequence[slice]) -> list[Tensor]:
        """The tokens at each of these places after the layer, each place computed by itself."""
        gathered = self.self_attention(self.ln_1(tokens), places)
        parts = [tokens[:, place] + part for place, part in zip(places, gathered, strict=True)]
        return [part + self.mlp(self.ln_2(part)) for part in parts]


class Encoder(nn.Module):
    """Position embedding, the layers, a last normalization."""

    def __init__(self, tokens: int, depth: int, width: int, heads: int, mlp: int) -> None:
        super().__init__()
        self.pos_embedding = nn.Parameter(torch.empty(1, tokens, width).normal_(std=0.02))
        blocks = ((f"encoder_layer_{i}", EncoderBlock(width, heads, mlp)) for i in range(depth))
        self.layers = nn.Sequential(OrderedDict(blocks))
        self.ln = nn.LayerNorm(width, EPSILON)

    def forward(
        self, tokens: Tensor, positions: Tensor | None = None, places: Sequence[slice] = _ALL
    ) -> list[Tensor]:
        """The tokens at each of these places after all layers.

        In eval mode the last layer computes no others. In training all layers are one module, which
        can be compiled.
        """
        tokens = tokens + (self.pos_embedding if positions is None else positions)
        if self.training:
            tokens = self.ln(self.layers(tokens))
            return [tokens[:, place] for place in places]
        *first, last = self.layers
        assert isinstance(last, EncoderBlock)
        for layer in first:
            tokens = layer(tokens)
        return [self.ln(part) for part in last.at(tokens, places)]

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
        return self.heads(self.tokens(self.conv_proj(features), corner).of_class)

    def tokens(
        self, grid: Tensor, corner: tuple[int, int] | None = None, *, patches: bool = False
    ) -> Tokens:
        """Class token of a projected feature map after all layers, and its patches.

        Parameters
        ----------
        grid : (N, width, rows, columns).
        patches : whether the patches are needed too.
        """
        positions = None
        if corner is not None:
            sides = zip(corner, grid.shape[2:], strict=True)
            positions = self.encoder.positions_of(*(slice(at, at + side) for at, side in sides))
        token = self.class_token.expand(grid.shape[0], -1, -1)
        tokens = torch.cat([token, grid.flatten(2).transpose(1, 2)], dim=1)  # (N, 1 + T, width)
        places = [slice(0, 1), slice(1, None)] if patches else [slice(0, 1)]
        of_class, *others = self.encoder(tokens, positions, places)
        return Tokens(of_class.squeeze(1), others[0] if patches else None)
