"""ONNX for some operations of torch, in the form that runtimes compute fastest on a CPU.

ONNX Runtime multiplies the rows of all slices of a batch at once, and adds the bias meanwhile,
where a linear layer is the operator Gemm of two axes. It scales and transposes within a product
where it finds one scale, and the transposition next to the product.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import torch

aten = torch.ops.aten
Value = Any  # of a graph that is being traced; its sizes but for the first are numbers


def translations() -> dict[Callable[..., Any], Callable[..., Any]]:
    """What `torch.onnx.export` takes as its custom translation table."""
    return {
        aten.linear.default: _linear,
        aten.layer_norm.default: _layer_norm,
        aten.scaled_dot_product_attention.default: _attention,
    }


def _linear(input: Value, weight: Value, bias: Value) -> Value:
    rows = _op().Gemm(_as_rows(input), weight, bias, transB=1)
    return _as_before(rows, input, weight.shape[0])


def _layer_norm(
    input: Value, normalized_shape: list[int], weight: Value, bias: Value, eps: float, *_: object
) -> Value:
    """Of rows: of three axes, ONNX Runtime joins it with the sum before it, which is slower."""
    rows, *_ = _op().LayerNormalization(_as_rows(input), weight, bias, axis=-1, epsilon=eps)
    return _as_before(rows, input, input.shape[-1])


def _attention(query: Value, key: Value, value: Value) -> Value:
    op = _op()
    alike = op.MatMul(query, op.Transpose(key, perm=[0, 1, 3, 2]))
    shares = op.Softmax(op.Mul(alike, 1 / math.sqrt(query.shape[-1])), axis=-1)
    return op.MatMul(shares, value)


def _as_rows(value: Value) -> Value:
    return value if len(value.shape) == 2 else _op().Reshape(value, [-1, value.shape[-1]])


def _as_before(rows: Value, value: Value, width: int) -> Value:
    if len(value.shape) == 2:
        return rows
    return _op().Reshape(rows, [-1, *value.shape[1:-1], width])


def _op() -> Any:
    from onnxscript import opset20

    return opset20
