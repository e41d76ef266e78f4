"""Convolutional stems: from the windowed slice to the input of the transformer."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from torch import Tensor, nn

CROP = slice(16, 240)  # rows and columns of the published stem's output that the ViT sees
PUBLISHED_GRID = CROP.stop - CROP.start
_DIFFERENCES = 0.8  # of the first kernels of a strided stem, the share that begins without a mean
_SHIFT = 1.0  # of their normalized response: keeps flat air away from the kink of the ReLU


def conv_block(convolution: nn.Conv2d) -> nn.Sequential:
    """Convolution, batch normalization, ReLU."""
    return nn.Sequential(convolution, nn.BatchNorm2d(convolution.out_channels), nn.ReLU())


class HalvingConv(nn.Conv2d):
    """A 2 x 2 convolution of stride 2, which torch trains slowly on a CPU.

    There it computes the four products of every pixel with the weights, and keeps the one for the
    place of the pixel in its square: more sums, but one pass over memory.
    """

    def __init__(self, channels: int, features: int) -> None:
        super().__init__(channels, features, kernel_size=2, stride=2)

    def forward(self, image: Tensor) -> Tensor:  # (N, channels, R, C)
        if not self.training or image.device.type != "cpu":
            return super().forward(image)
        rows, columns = (size // 2 for size in image.shape[-2:])
        even = image[..., : 2 * rows, : 2 * columns].permute(0, 2, 3, 1)
        products = even @ self.weight.permute(1, 2, 3, 0).flatten(1)
        place = products.unflatten(-1, (2, 2, -1))  # (N, R, C, 2, 2, features)
        kept = sum(place[:, i::2, j::2, i, j] for i in (0, 1) for j in (0, 1))
        return (kept + self.bias).permute(0, 3, 1, 2)  # (N, features, R / 2, C / 2)


class PublishedStem(nn.Module):
    """The stem of DistilIQA: full resolution, no padding, channels doubled at every block.

    Source: Baldeon-Calisto et al. 2024, doi 10.1016/j.compbiomed.2024.108670.
    """

    out_channels = 3

    def __init__(self, blocks: int, width: int) -> None:
        super().__init__()
        channels = [1, *(width * 2**i for i in range(blocks))]
        self.blocks = nn.Sequential(
            *(conv_block(nn.Conv2d(a, b, 3)) for a, b in pairwise(channels))
        )
        self.downsample = conv_block(HalvingConv(channels[-1], self.out_channels))

    @property
    def reach(self) -> slice:
        """Rows and columns of the image that reach the output: 32 to 489 for five blocks."""
        # A pixel of the output comes from two rows of features. Every block without padding takes
        # one row more on either side, which shifts the numbering by two.
        return slice(2 * CROP.start, 2 * CROP.stop + 2 * len(self.blocks))

    def forward(self, image: Tensor) -> Tensor:  # (N, 1, 512, 512)
        # In training, batch statistics are those of the whole image, as published. In eval mode the
        # part that does not reach the output is not computed.
        if not self.training:
            return self.downsample(self.blocks(image[:, :, self.reach, self.reach]))
        features = self.downsample(self.blocks(image))  # (N, 3, 251, 251) for five blocks
        return features[:, :, CROP, CROP]  # (N, 3, 224, 224)


class StridedStem(nn.Module):
    """A stem that halves the image at every block and sees all of it.

    The early blocks, where noise is read, work on many pixels and stay cheap. Most kernels of the
    first block begin without a mean: noise and sharpness lie in differences between pixels, which
    are a hundredth of the brightness that a random kernel sees first.
    Source: Xiao et al. 2021, Early Convolutions Help Transformers See Better, arXiv 2106.14881.

    Parameters
    ----------
    channels : of the output of each block.
    first_kernel : side of the first convolution, odd, pixels; the others are 3 x 3.
    """

    def __init__(self, channels: Sequence[int], first_kernel: int = 3) -> None:
        super().__init__()
        self.out_channels = channels[-1]
        sides = [first_kernel, *(3 for _ in channels[1:])]
        convolutions = [
            nn.Conv2d(a, b, side, 2, side // 2)
            for (a, b), side in zip(pairwise([1, *channels]), sides, strict=True)
        ]
        blocks = [conv_block(convolution) for convolution in convolutions]
        begin_with_differences(convolutions[0], blocks[0][1])
        self.blocks = nn.Sequential(*blocks)

    def forward(self, image: Tensor) -> Tensor:  # (N, 1, S, S)
        return self.blocks(image)  # (N, out_channels, S / 2^blocks, S / 2^blocks)


def begin_with_differences(convolution: nn.Conv2d, norm: nn.Module) -> None:
    """Take the mean from most kernels, and shift what they answer to flat air off zero."""
    assert isinstance(norm, nn.BatchNorm2d)
    kernels = convolution.weight.detach()
    differences = round(_DIFFERENCES * len(kernels))
    kernels[:differences] -= kernels[:differences].mean(dim=(1, 2, 3), keepdim=True)
    norm.bias.detach()[:differences] = _SHIFT


def doubled(blocks: int, width: int) -> list[int]:
    """Channels that double at every block."""
    return [width * 2**i for i in range(blocks)]


def grown(blocks: int, width: int, out_channels: int) -> list[int]:
    """Channels that double up to the third block and then grow evenly to ``out_channels``."""
    first = [min(channels, out_channels) for channels in doubled(min(blocks, 3), width)]
    rest = blocks - len(first)
    step = (out_channels - first[-1]) / rest if rest else 0
    return [*first, *(round(first[-1] + step * (i + 1)) for i in range(rest))]
