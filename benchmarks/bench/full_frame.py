"""The published network in plain eager PyTorch, full frame: what the fast path is measured against.

Its own code, from the paper (doi 10.1016/j.compbiomed.2024.108670) and the published layout: five
unpadded 3 x 3 convolutions over the whole slice, each with batch normalization and ReLU, a 2 x 2
convolution of stride 2, the middle 224 x 224 pixels, and a ViT-B/16 with the names of torchvision.
"""

from __future__ import annotations

from collections import OrderedDict
from itertools import pairwise

import torch
from torch import Tensor, nn

WIDTH, HEADS, LAYERS, PATCH = 768, 12, 12, 16
MIDDLE = slice(16, 240)


def block(channels: int, features: int, kernel: int, stride: int) -> nn.Sequential:
    convolution = nn.Conv2d(channels, features, kernel, stride)
    return nn.Sequential(convolution, nn.BatchNorm2d(features), nn.ReLU())


class Layer(nn.Module):
    """A pre-norm layer of the transformer, attention by `torch.nn.MultiheadAttention`."""

    def __init__(self) -> None:
        super().__init__()
        self.ln_1 = nn.LayerNorm(WIDTH, 1e-6)
        self.self_attention = nn.MultiheadAttention(WIDTH, HEADS, batch_first=True)
        self.ln_2 = nn.LayerNorm(WIDTH, 1e-6)
        grow, shrink = nn.Linear(WIDTH, 4 * WIDTH), nn.Linear(4 * WIDTH, WIDTH)
        self.mlp = nn.Sequential(grow, nn.GELU(), nn.Dropout(0), shrink, nn.Dropout(0))

    def forward(self, tokens: Tensor) -> Tensor:
        normed = self.ln_1(tokens)
        tokens = tokens + self.self_attention(normed, normed, normed, need_weights=False)[0]
        return tokens + self.mlp(self.ln_2(tokens))


class Encoder(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.pos_embedding = nn.Parameter(torch.zeros(1, 197, WIDTH))
        layers = ((f"encoder_layer_{n}", Layer()) for n in range(LAYERS))
        self.layers = nn.Sequential(OrderedDict(layers))
        self.ln = nn.LayerNorm(WIDTH, 1e-6)

    def forward(self, tokens: Tensor) -> Tensor:  # (N, 197, 768)
        return self.ln(self.layers(tokens + self.pos_embedding))


class Vit(nn.Module):
    def __init__(self, outputs: int) -> None:
        super().__init__()
        self.conv_proj = nn.Conv2d(3, WIDTH, PATCH, PATCH)
        self.class_token = nn.Parameter(torch.zeros(1, 1, WIDTH))
        self.encoder = Encoder()
        self.heads = nn.Linear(WIDTH, outputs)

    def forward(self, features: Tensor) -> Tensor:  # (N, 3, 224, 224)
        patches = self.conv_proj(features).flatten(2).transpose(1, 2)  # (N, 196, 768)
        token = self.class_token.expand(len(patches), -1, -1)
        tokens = torch.cat([token, patches], dim=1)
        return self.heads(self.encoder(tokens)[:, 0])


class FullFrame(nn.Module):
    """Windowed slices (N, 1, 512, 512) in [0, 1] to (N, outputs), with the published names."""

    def __init__(self, outputs: int) -> None:
        super().__init__()
        widths = pairwise((1, 8, 16, 32, 64, 128))
        self.conv_head = nn.Sequential(*(block(a, b, 3, 1) for a, b in widths))
        self.downsample = block(128, 3, 2, 2)
        self.model = Vit(outputs)

    def forward(self, image: Tensor) -> Tensor:
        features = self.downsample(self.conv_head(image))  # (N, 3, 251, 251)
        return self.model(features[:, :, MIDDLE, MIDDLE])
