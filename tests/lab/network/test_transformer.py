from __future__ import annotations

import torch

from distiliqa.lab.network.transformer import VisionTransformer


def test_what_is_computed_by_itself_equals_what_is_computed_together() -> None:
    torch.manual_seed(0)
    vit = VisionTransformer(3, 8, patch=2, depth=2, width=16, heads=2, mlp=24, outputs=2)
    grid = vit.conv_proj(torch.rand(2, 3, 8, 8))
    with torch.no_grad():
        together = vit.train().tokens(grid, patches=True)
        apart = vit.eval().tokens(grid, patches=True)
        alone = vit.tokens(grid)
    assert apart.of_class.shape == (2, 16)
    torch.testing.assert_close(apart, together)
    torch.testing.assert_close(alone.of_class, together.of_class)
    assert alone.patches is None
