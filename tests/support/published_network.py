"""A second DistilIQA network, in NumPy alone, with the names and the layout of its state dicts.

It takes the place of outputs of the published program where these are absent. Sums are written as
the papers have them; the package gives no more than the names and shapes of tensors. Sources:
Baldeon-Calisto et al. 2024, doi 10.1016/j.compbiomed.2024.108670; Dosovitskiy et al. 2021, arXiv
2010.11929.
"""

from __future__ import annotations

from math import erf
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import save_file

from distiliqa.lab.network import Network, NetworkConfig
from distiliqa.lab.network.published import to_published

Array = NDArray[np.float64]
State = dict[str, NDArray[np.generic]]
HEADS = 2  # the one size that no tensor shows


def published_outputs(state: State, images: NDArray[np.float32], heads: int) -> Array:
    """Outputs of the network in eval mode.

    Parameters
    ----------
    images : (N, 1, 512, 512), windowed slices in [0, 1].

    Returns
    -------
    (N, outputs).
    """
    precise = {name: tensor.astype(np.float64) for name, tensor in state.items()}
    return np.stack([_outputs(precise, image.astype(np.float64), heads) for image in images])


def _outputs(state: dict[str, Array], features: Array, heads: int) -> Array:
    blocks = sum(name.startswith("conv_head.") and name.endswith(".0.weight") for name in state)
    for block in range(blocks):
        features = _conv_block(state, f"conv_head.{block}", features, stride=1)
    features = _conv_block(state, "downsample", features, stride=2)[:, 16:240, 16:240]
    projection = state["model.conv_proj.weight"]
    patches = _convolved(features, projection, state["model.conv_proj.bias"], projection.shape[-1])
    tokens = np.vstack([state["model.class_token"][0], patches.reshape(len(patches), -1).T])
    tokens += state["model.encoder.pos_embedding"][0]
    for layer in range(sum(name.endswith("ln_1.weight") for name in state)):
        name = f"model.encoder.layers.encoder_layer_{layer}"
        tokens = tokens + _attention(state, name, _normalized(state, f"{name}.ln_1", tokens), heads)
        hidden = _linear(state, f"{name}.mlp.0", _normalized(state, f"{name}.ln_2", tokens))
        tokens = tokens + _linear(state, f"{name}.mlp.3", _gelu(hidden))
    return _linear(state, "model.heads", _normalized(state, "model.encoder.ln", tokens)[0])


def _conv_block(state: dict[str, Array], name: str, image: Array, stride: int) -> Array:
    """Convolution, batch normalization with the running statistics, ReLU."""
    found = _convolved(image, state[f"{name}.0.weight"], state[f"{name}.0.bias"], stride)
    facts = (state[f"{name}.1.{key}"] for key in ("running_mean", "running_var", "weight", "bias"))
    mean, variance, weight, bias = (fact[:, None, None] for fact in facts)
    return np.maximum((found - mean) / np.sqrt(variance + 1e-5) * weight + bias, 0)


def _convolved(image: Array, weight: Array, bias: Array, stride: int) -> Array:
    """Sum over the places of the kernel, without padding: (channels, rows, columns)."""
    side = weight.shape[-1]
    rows, columns = ((size - side) // stride + 1 for size in image.shape[1:])
    found = np.zeros((len(weight), rows, columns)) + bias[:, None, None]
    for y, x in np.ndindex(side, side):
        seen = image[:, y : y + stride * rows : stride, x : x + stride * columns : stride]
        found += np.tensordot(weight[:, :, y, x], seen, axes=1)
    return found


def _attention(state: dict[str, Array], name: str, tokens: Array, heads: int) -> Array:
    """Softmax of Q K' / sqrt(d), times V, head by head."""
    weight = state[f"{name}.self_attention.in_proj_weight"]
    query, key, value = np.split(
        tokens @ weight.T + state[f"{name}.self_attention.in_proj_bias"], 3, axis=1
    )
    mixed = []
    for part in np.split(np.arange(tokens.shape[1]), heads):
        similarity = query[:, part] @ key[:, part].T / np.sqrt(len(part))
        share = np.exp(similarity - similarity.max(axis=1, keepdims=True))
        mixed.append(share / share.sum(axis=1, keepdims=True) @ value[:, part])
    return _linear(state, f"{name}.self_attention.out_proj", np.hstack(mixed))


def _linear(state: dict[str, Array], name: str, values: Array) -> Array:
    return values @ state[f"{name}.weight"].T + state[f"{name}.bias"]


def _normalized(state: dict[str, Array], name: str, tokens: Array) -> Array:
    centered = tokens - tokens.mean(axis=1, keepdims=True)
    scaled = centered / np.sqrt((centered**2).mean(axis=1, keepdims=True) + 1e-6)
    return scaled * state[f"{name}.weight"] + state[f"{name}.bias"]


def _gelu(values: Array) -> Array:
    return values * (1 + np.vectorize(erf)(values / np.sqrt(2))) / 2


def write_published_networks(folder: Path) -> None:
    """Write the weights of a tiny student and a tiny teacher, an image, and what they give."""
    folder.mkdir(parents=True, exist_ok=True)
    for kind, outputs in (("student", 5), ("teacher", 1)):
        rng = np.random.default_rng(outputs)
        config = NetworkConfig(
            stem_blocks=2, stem_width=2, depth=2, width=32, heads=HEADS, mlp=48, outputs=outputs
        )
        shapes = to_published(Network(config).state_dict())
        state = {name: _random(rng, name, tensor.shape) for name, tensor in shapes.items()}
        images = rng.uniform(size=(2, 1, 512, 512)).astype(np.float32)
        given = published_outputs(state, images, HEADS).astype(np.float32)
        save_file(state, folder / f"{kind}_tiny.weights.safetensors", {"heads": f"{HEADS}"})
        save_file({"input": images, "output": given}, folder / f"{kind}_tiny.io.safetensors")


def _random(rng: np.random.Generator, name: str, shape: tuple[int, ...]) -> NDArray[np.generic]:
    """Random values, of which none is 0 or makes a layer without effect."""
    if name.endswith("num_batches_tracked"):
        return np.array(7, np.int64)
    if len(shape) == 1:
        return rng.uniform(0.5, 1.5, shape).astype(np.float32)
    return (rng.normal(size=shape) / np.sqrt(np.prod(shape[1:]))).astype(np.float32)
