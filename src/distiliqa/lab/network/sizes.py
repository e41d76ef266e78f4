"""Sizes of a network, and the two presets."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import Any, Literal

from distiliqa.errors import RecipeError, quoted
from distiliqa.lab.network.stem import doubled, grown

MAX_BLOCKS = 16
MAX_KERNEL = 15
_MAX_SIZES = {
    "stem_width": 4096,
    "patch": 4096,
    "depth": 256,
    "width": 65536,
    "heads": 4096,
    "mlp": 1 << 18,
    "outputs": 1000,
    "image_size": 4096,
}


@dataclass(frozen=True)
class NetworkConfig:
    """Sizes of a `distiliqa.lab.network.Network`.

    Attributes
    ----------
    stem : ``published`` keeps full resolution and crops the middle (DistilIQA,
        doi 10.1016/j.compbiomed.2024.108670); ``strided`` halves the image at every block and
        sees all of it (Xiao et al. 2021, arXiv 2106.14881).
    stem_blocks : number of 3 x 3 convolutions of the stem; 0 is possible in ``published``.
    stem_width : channels of the first block. ``published`` doubles them at every block.
    stem_channels : how ``strided`` goes on: ``doubled`` at every block, or ``grown``: doubled up to
        the third block, then evenly to ``width``.
    first_kernel : side of the first convolution of ``strided``, odd, pixels.
    patch : side of a patch in pixels of the stem's output.
    depth, width, heads, mlp : layers, channels, attention heads and hidden channels of the
        transformer.
    outputs : 1 for a teacher; for a student one per teacher.
    image_size : side of the windowed slice, pixels.
    map, processed : whether it has the heads that are trained with quality maps and with what is
        known of the processing of images.
    """

    stem: Literal["published", "strided"] = "published"
    stem_blocks: int = 5
    stem_width: int = 8
    patch: int = 16
    depth: int = 12
    width: int = 768
    heads: int = 12
    mlp: int = 3072
    outputs: int = 1
    image_size: int = 512
    stem_channels: Literal["grown", "doubled"] = "grown"
    first_kernel: int = 3
    map: bool = False
    processed: bool = False

    def __post_init__(self) -> None:
        self._check_stem()
        self._check_counts()
        self._check_divisible()

    def _check_stem(self) -> None:
        if self.stem not in ("published", "strided"):
            raise RecipeError(f"stem is {self.stem!r}", remedy="use 'published' or 'strided'")
        if self.stem_channels not in ("grown", "doubled"):
            raise RecipeError(
                f"stem_channels is {quoted(self.stem_channels)}", remedy="use 'grown' or 'doubled'"
            )
        if not (1 <= self.first_kernel <= MAX_KERNEL and self.first_kernel % 2):
            raise RecipeError(
                f"first_kernel is {quoted(self.first_kernel)}",
                remedy=f"use an odd number up to {MAX_KERNEL}",
            )
        if self.map and self.stem != "strided":
            raise RecipeError("only a strided stem has a quality map", remedy="set map to false")

    def _check_counts(self) -> None:
        if self.stem_blocks < (0 if self.stem == "published" else 1):
            raise RecipeError(f"stem_blocks is {self.stem_blocks}", remedy="use more blocks")
        if self.stem_blocks > MAX_BLOCKS:
            remedy = f"use {MAX_BLOCKS} or less"
            raise RecipeError(f"stem_blocks is {quoted(self.stem_blocks)}", remedy=remedy)
        for name, limit in _MAX_SIZES.items():
            if getattr(self, name) < 1:
                raise RecipeError(f"{name} is {getattr(self, name)}", remedy="use 1 or more")
            if getattr(self, name) > limit:
                remedy = f"use {limit} or less"
                raise RecipeError(f"{name} is {quoted(getattr(self, name))}", remedy=remedy)

    def _check_divisible(self) -> None:
        if self.width % self.heads:
            raise RecipeError(
                f"{self.heads} heads do not divide a width of {self.width}",
                remedy="choose heads that divide width",
            )
        if self.stem == "strided" and self.image_size % (2**self.stem_blocks * self.patch):
            raise RecipeError(
                f"{self.stem_blocks} halvings and patches of {self.patch} do not divide "
                f"{self.image_size} pixels",
                remedy="use fewer stem blocks or a smaller patch",
            )

    @property
    def patches_a_side(self) -> int:
        """Rows and columns of patches behind a strided stem."""
        return self.image_size // (self.patch << self.stem_blocks)

    def as_dict(self) -> dict[str, Any]:
        """The fields by name, for ``config.json`` and recipes."""
        return asdict(self)

    @property
    def channels(self) -> list[int]:
        """Channels of the blocks of a strided stem."""
        if self.stem_channels == "doubled":
            return doubled(self.stem_blocks, self.stem_width)
        return grown(self.stem_blocks, self.stem_width, self.width)

    def with_outputs(self, outputs: int) -> NetworkConfig:
        """The same network with another number of outputs."""
        return replace(self, outputs=outputs)

    def with_heads(self, *, map: bool, processed: bool) -> NetworkConfig:
        """The same network with or without the heads for the quality map and for processing."""
        return replace(self, map=map, processed=processed)


PRESETS = {
    "published": NetworkConfig(),
    "compact": NetworkConfig(
        stem="strided",
        stem_blocks=4,
        stem_width=16,
        stem_channels="doubled",
        first_kernel=5,
        patch=2,
        depth=2,
        width=192,
        heads=4,
        mlp=576,
    ),
}
