"""A plain torch network of MANIQA's published size, with weights drawn at random.

A ViT-B/8 sees 28 x 28 patches of a crop of 224 x 224; the tokens of four of its layers (3072
channels) are made 768, then 384, each time with two attentions over the channels and four layers of
windows of 4 x 4 patches; two small networks give a score and a weight for each patch. An image is
the mean over 20 crops (Yang et al., CVPR Workshops 2022, arXiv 2204.08958).
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

CROP, CROPS = 224, 20
_PATCH, _WIDTH, _SIDE, _WINDOW = 8, 768, 28, 4
_TAPPED = (6, 7, 8, 9)


class Maniqa(nn.Module):
    """(n, 1, 224, 224) to (n,)."""

    def __init__(self) -> None:
        super().__init__()
        self.embed = nn.Conv2d(3, _WIDTH, _PATCH, _PATCH)
        self.place = nn.Parameter(torch.zeros(1, _SIDE**2, _WIDTH))
        self.layers = nn.ModuleList(_layer(_WIDTH, 12, 4 * _WIDTH) for _ in range(12))
        self.wide = _Stage(len(_TAPPED) * _WIDTH, _WIDTH)
        self.narrow = _Stage(_WIDTH, _WIDTH // 2)
        half = _WIDTH // 2
        self.score, self.weight = (
            nn.Sequential(nn.Linear(half, half), nn.ReLU(), nn.Linear(half, 1)) for _ in range(2)
        )

    def forward(self, image: Tensor) -> Tensor:
        tokens = self.embed(image.expand(-1, 3, -1, -1)).flatten(2).mT + self.place
        tapped = []
        for number, layer in enumerate(self.layers):
            tokens = layer(tokens)
            if number in _TAPPED:
                tapped.append(tokens)
        tokens = self.narrow(self.wide(torch.cat(tapped, -1)))  # (n, 784, 384)
        score, weight = self.score(tokens).relu(), self.weight(tokens).sigmoid()
        return (score * weight).sum((1, 2)) / weight.sum((1, 2))


class _Stage(nn.Module):
    """Attention over channels, fewer channels, then attention in windows of patches."""

    def __init__(self, channels: int, width: int) -> None:
        super().__init__()
        self.over_channels = nn.ModuleList(nn.Linear(_SIDE**2, 3 * _SIDE**2) for _ in range(2))
        self.fewer = nn.Linear(channels, width)
        self.windows = nn.ModuleList(_layer(width, 4, 768) for _ in range(4))

    def forward(self, tokens: Tensor) -> Tensor:
        for attention in self.over_channels:
            query, key, value = attention(tokens.mT).chunk(3, -1)  # (n, channels, 784)
            mixed = nn.functional.scaled_dot_product_attention(query, key, value)
            tokens = tokens + mixed.mT
        tokens = self.fewer(tokens)
        n, _, width = tokens.shape
        parts = tokens.reshape(n, _SIDE // _WINDOW, _WINDOW, _SIDE // _WINDOW, _WINDOW, width)
        parts = parts.transpose(2, 3).reshape(-1, _WINDOW**2, width)
        for layer in self.windows:
            parts = layer(parts)
        return parts.reshape(n, -1, width)


def _layer(width: int, heads: int, inner: int) -> nn.Module:
    return nn.TransformerEncoderLayer(
        width, heads, inner, 0.0, "gelu", batch_first=True, norm_first=True
    )
