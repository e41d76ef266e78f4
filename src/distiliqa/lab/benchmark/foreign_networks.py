"""Networks of MONAI and of transformers, built for one kind of image, with random weights."""

from __future__ import annotations

from collections.abc import Callable

from torch import Tensor, nn

from distiliqa.extras import require_extra

PATCH = 16
# Depth, width, heads, hidden channels: Dosovitskiy et al. 2021, arXiv 2010.11929, and Touvron et
# al. 2021, arXiv 2012.12877.
VITS = {
    "vit_tiny": (12, 192, 3, 768),
    "vit_small": (12, 384, 6, 1536),
    "vit_base": (12, 768, 12, 3072),
}


def library_network(name: str, channels: int, side: int, outputs: int) -> nn.Module:
    """A network that takes (N, channels, side, side) and gives (N, outputs).

    Raises
    ------
    DistiliqaError : its library is not installed.
    """
    require_library(name)
    if name in _MONAI:
        return _MONAI[name](channels, side, outputs)
    return _of_transformers(name, channels, side, outputs)


def require_library(name: str) -> None:
    """Raise `DistiliqaError` if the library of a network is not installed."""
    if name in _MONAI:
        require_extra("benchmark", ("monai", "einops"), "networks of a benchmark need")
    else:
        require_extra("benchmark-transformers", ("transformers",), f"{name} needs")


class _First(nn.Module):
    """The first of several outputs of a network."""

    def __init__(self, body: nn.Module) -> None:
        super().__init__()
        self.body = body

    def forward(self, image: Tensor) -> Tensor:
        return self.body(image)[0]


class _Pooled(nn.Module):
    """Mean over places of the last feature map, and a linear head."""

    def __init__(self, body: nn.Module, channels: int, outputs: int) -> None:
        super().__init__()
        self.body, self.head = body, nn.Linear(channels, outputs)
        self.norm = nn.LayerNorm(channels)

    def forward(self, image: Tensor) -> Tensor:
        return self.head(self.norm(self.body(image)[-1].mean(dim=(2, 3))))


def _resnet(name: str) -> Callable[[int, int, int], nn.Module]:
    def build(channels: int, side: int, outputs: int) -> nn.Module:
        from monai.networks import nets

        # Stride 2 in the first convolution, as in He et al. 2016.
        return getattr(nets, name)(
            spatial_dims=2,
            n_input_channels=channels,
            num_classes=outputs,
            conv1_t_stride=2,
            pretrained=False,
        )

    return build


def _densenet(channels: int, side: int, outputs: int) -> nn.Module:
    from monai.networks.nets import DenseNet121

    return DenseNet121(spatial_dims=2, in_channels=channels, out_channels=outputs)


def _efficientnet(channels: int, side: int, outputs: int) -> nn.Module:
    from monai.networks.nets import EfficientNetBN

    # The momentum of the other networks: with its own, 0.01, statistics lag hundreds of steps.
    network = EfficientNetBN(
        "efficientnet-b0",
        pretrained=False,
        spatial_dims=2,
        in_channels=channels,
        num_classes=outputs,
        norm=("batch", {"eps": 1e-3, "momentum": 0.1}),
    )
    network.set_swish(memory_efficient=False)  # the other cannot be exported
    # MONAI draws its weights for classes: a single output would begin many scales away.
    *_, head = (module for module in network.modules() if isinstance(module, nn.Linear))
    head.reset_parameters()
    return network


def _se_resnext(channels: int, side: int, outputs: int) -> nn.Module:
    from monai.networks.nets import SEResNext50

    return SEResNext50(spatial_dims=2, in_channels=channels, num_classes=outputs)


def _monai_vit(size: str) -> Callable[[int, int, int], nn.Module]:
    depth, width, heads, mlp = VITS[size]

    def build(channels: int, side: int, outputs: int) -> nn.Module:
        from monai.networks.nets import ViT

        network = ViT(
            in_channels=channels,
            img_size=side,
            patch_size=PATCH,
            hidden_size=width,
            mlp_dim=mlp,
            num_layers=depth,
            num_heads=heads,
            classification=True,
            num_classes=outputs,
            post_activation="none",
            spatial_dims=2,
        )
        return _First(network)

    return build


def _swin(channels: int, side: int, outputs: int) -> nn.Module:
    from monai.networks.nets.swin_unetr import SwinTransformer

    # Swin-T of Liu et al. 2021, arXiv 2103.14030; MONAI merges patches after the last stage too.
    width = 96
    body = SwinTransformer(
        channels, width, (7, 7), (4, 4), (2, 2, 6, 2), (3, 6, 12, 24), spatial_dims=2
    )
    return _Pooled(body, 16 * width, outputs)


_MONAI: dict[str, Callable[[int, int, int], nn.Module]] = {
    "resnet18": _resnet("resnet18"),
    "resnet50": _resnet("resnet50"),
    "densenet121": _densenet,
    "efficientnet_b0": _efficientnet,
    "se_resnext50": _se_resnext,
    "monai_vit_tiny": _monai_vit("vit_tiny"),
    "monai_vit_base": _monai_vit("vit_base"),
    "swin_tiny": _swin,
}


class _Logits(nn.Module):
    def __init__(self, body: nn.Module) -> None:
        super().__init__()
        self.body = body

    def forward(self, image: Tensor) -> Tensor:
        return self.body(image).logits


def _of_transformers(name: str, channels: int, side: int, outputs: int) -> nn.Module:
    import transformers

    shared = {"num_channels": channels, "image_size": side, "num_labels": outputs}
    if name == "convnext_tiny":
        config = transformers.ConvNextConfig(**shared)
        return _Logits(transformers.ConvNextForImageClassification(config))
    if name == "swinv2_tiny":
        config = transformers.Swinv2Config(window_size=7, **shared)
        return _Logits(transformers.Swinv2ForImageClassification(config))
    depth, width, heads, mlp = VITS["vit_tiny"]
    config = transformers.DeiTConfig(
        hidden_size=width,
        num_hidden_layers=depth,
        num_attention_heads=heads,
        intermediate_size=mlp,
        **shared,
    )
    return _Logits(transformers.DeiTForImageClassification(config))
