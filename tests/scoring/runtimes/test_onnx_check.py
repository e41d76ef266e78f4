"""Networks of strangers: what would take all memory, or never end, is refused before it runs."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from distiliqa.errors import ModelFolderError
from distiliqa.models.folder import ONNX, find_model, read_config, write_config
from distiliqa.scoring.runtimes.onnx_check import checked_network
from distiliqa.scoring.runtimes.onnx_file import read_graph

onnx = pytest.importorskip("onnx")

Check = Callable[..., None]
HUGE = 2**40


@pytest.fixture
def check(tiny_model: Path, tmp_path: Path) -> Check:
    """Check the tiny network as ``change`` leaves it, with more operators and constants."""

    def run(*nodes: Any, change: Callable[[Any], Any] = lambda model: None, **more: Any) -> None:
        folder = Path(shutil.copytree(tiny_model, tmp_path / "model", dirs_exist_ok=True))
        model = onnx.load(folder / ONNX)
        model.graph.node.extend(nodes)
        for name, values in more.items():
            model.graph.initializer.append(onnx.numpy_helper.from_array(np.asarray(values), name))
        changed = change(model)
        content = changed if isinstance(changed, bytes) else model.SerializeToString()
        (folder / ONNX).write_bytes(content)
        write_config(folder, read_config(folder))
        checked_network(folder, read_config(folder))

    return run


def node(operator: str, *inputs: str, name: str = "new", **attributes: Any) -> Any:
    return onnx.helper.make_node(operator, inputs, [name], **attributes)


def test_sound_networks_pass(check: Check) -> None:
    check(node("Expand", "best", "size"), size=[2, 1])
    check(node("Pad", "image", "pads"), pads=[0, 0, 0, 0, 0, 0, 1, 1])
    folder = find_model("compact")
    assert checked_network(folder, read_config(folder)) == folder / ONNX


@pytest.mark.parametrize("operator", ["Loop", "If", "Scan", "ConstantOfShape", "Resize", "Range"])
def test_an_operator_that_no_export_writes_is_refused(check: Check, operator: str) -> None:
    with pytest.raises(ModelFolderError, match=f"the operator '{operator}', which no exported"):
        check(node(operator, "image"))


def test_what_is_no_plain_operator_is_refused(check: Check) -> None:
    body = onnx.helper.make_graph([], "body", [], [])
    with pytest.raises(ModelFolderError, match="the operator 'Loop' with a subgraph"):
        check(node("Loop", "image", body=body))
    with pytest.raises(ModelFolderError, match="another domain"):
        check(node("Relu", "image", domain="com.example"))
    with pytest.raises(ModelFolderError, match="another domain"):
        check(change=lambda m: m.opset_import.append(onnx.helper.make_opsetid("com.example", 1)))
    with pytest.raises(ModelFolderError, match="functions, which no exported"):
        check(change=lambda model: model.functions.add())


def outside(model: Any) -> None:
    onnx.external_data_helper.set_external_data(model.graph.initializer[0], "../../secret")


def larger(model: Any) -> None:
    model.graph.initializer[0].dims[:] = [1 << 31, 1 << 31]


def twice(model: Any) -> bytes:
    """Two graphs, which protocol buffers join into one."""
    return model.SerializeToString() * 2


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (outside, "constants outside of the file"),
        (larger, "that the file does not hold whole"),
        (twice, "something twice"),
        (lambda model: b"", "cannot mmap an empty file"),
        (lambda model: model.SerializeToString()[:-1], "cut short or damaged"),
        (lambda model: model.graph.node.extend([node("Relu", "image")] * 20_000), "more than"),
        (lambda model: model.graph.input.add(name="other"), "damaged, or something is missing"),
    ],
)
def test_files_that_are_not_what_they_seem_are_refused(
    check: Check, change: Callable[[Any], Any], words: str
) -> None:
    with pytest.raises(ModelFolderError, match=words):
        check(change=change)


@pytest.mark.parametrize(
    ("nodes", "constants"),
    [
        ([node("Expand", "best", "size")], {"size": [HUGE]}),
        ([node("Add", "column1", "row1")], {"column1": np.ones((9**6, 1)), "row1": np.ones(9**6)}),
        ([node("MatMul", "a", "b")], {"a": np.ones((9**6, 1)), "b": np.ones((1, 9**6))}),
        ([node("Gather", "image", "index", axis=3)], {"index": np.zeros(2**22, np.int32)}),
        ([node("Concat", *["image"] * 10_000, axis=0)], {}),
        (
            [node("MatMul", "a", "a", name=f"new{n}") for n in range(20_000 // 3)],
            {"a": np.ones((700, 700), np.float16)},
        ),
        (
            [
                node("Shape", "image", name="n", start=0, end=1),
                node("Concat", *["n"] * 6, name="nnnnnn", axis=0),
                node("Expand", "best", "nnnnnn"),
            ],
            {},
        ),
    ],
    ids=["Expand", "Add", "MatMul", "Gather", "Concat", "products", "batch"],
)
def test_what_grows_beyond_all_needs_is_refused(
    check: Check, nodes: list[Any], constants: dict[str, Any]
) -> None:
    with pytest.raises(ModelFolderError, match="more computation than any exported network needs"):
        check(*nodes, **constants)


@pytest.mark.parametrize(
    ("nodes", "constants"),
    [
        ([node("Cast", "best", name="n", to=7), node("Expand", "image", "n")], {}),
        ([node("Reshape", "best", "size")], {"size": [2, -1]}),
        ([node("Conv", "image", "w", pads=[0, 0, HUGE, HUGE])], {"w": np.ones((1, 1, 3, 3))}),
        ([node("Conv", "image", "w", group=0)], {"w": np.ones((1, 1, 3, 3))}),
        ([node("AveragePool", "image", kernel_shape=[1, 1], strides=[0, 0])], {}),
        ([node("Transpose", "image", perm=[0, 0, 1, 2])], {}),
        ([node("Slice", "image", "zero", "zero", "axis")], {"zero": [0], "axis": [9]}),
        ([node("Relu", "nothing")], {}),
        ([node("Pad", "image", "pads")], {"pads": [0, 0, 0, 0, 0, 0, HUGE, 1]}),
        ([node("Pad", "image", "pads")], {"pads": [0, 0, 0, 0, 0, 0, -1, 1]}),
        ([node("Pad", "image", "pads")], {"pads": [0, 0, 1, 1]}),
        ([node("Pad", "image", "image")], {}),
        ([node("Softmax")], {}),
    ],
)
def test_sizes_that_nobody_knows_are_refused(
    check: Check, nodes: list[Any], constants: dict[str, Any]
) -> None:
    with pytest.raises(ModelFolderError, match=r"the sizes of a \w+ are unknown"):
        check(*nodes, **constants)


def test_a_value_is_made_once(check: Check) -> None:
    with pytest.raises(ModelFolderError, match="the value 'scores' twice"):
        check(node("Relu", "image", name="scores"))


def test_damaged_files_raise_nothing_else(tiny_model: Path) -> None:
    content = bytearray((tiny_model / ONNX).read_bytes())
    rng = np.random.default_rng(0)
    for _ in range(300):
        damaged = bytearray(content)
        for place in rng.integers(0, 2500, 3):
            damaged[place] = rng.integers(256)
        with suppress(ValueError):
            read_graph(memoryview(bytes(damaged[: rng.integers(len(content))])))
