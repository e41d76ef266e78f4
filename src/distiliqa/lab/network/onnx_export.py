"""Export of a network to a model folder, with ONNX checked against torch."""

from __future__ import annotations

import json
import logging
import shutil
import warnings
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy.typing import NDArray

from distiliqa.errors import DistiliqaError
from distiliqa.files import make_folder, write_text
from distiliqa.lab.network.graph import ScoringGraph, calibrated, read_calibration
from distiliqa.lab.network.network import Network
from distiliqa.lab.network.onnx_translation import translations
from distiliqa.lab.network.onnx_weights import SIZES, read_onnx
from distiliqa.lab.network.weights import read_network, weights_file
from distiliqa.models.config import DISTANCE, HEATMAP, INPUT, OUTPUT, PROCESSED, ModelConfig
from distiliqa.models.folder import (
    CARD,
    CONFIG,
    INSIGHT,
    ONNX,
    WEIGHTS,
    checked_file,
    read_config,
    write_config,
)
from distiliqa.scoring.runtimes.onnx_check import checked_network
from distiliqa.scratch import scratch_folder
from distiliqa.version import __version__

if TYPE_CHECKING:
    import onnx_ir as ir

# Maximum difference between ONNX and torch; the distance sums hundreds of squares.
TOLERANCE = {OUTPUT: 1e-4, HEATMAP: 1e-3, DISTANCE: 1e-3, PROCESSED: 1e-4}
OPSET = 20
_SHIPPED_SPAN = 4.0  # of the scale that the tolerance of scores and heatmaps is for


def export_network(
    graph: ScoringGraph, folder: Path, config: ModelConfig, card: str, images: NDArray[np.float32]
) -> float:
    """Write a model folder: ONNX, which holds the weights, ``config.json`` and ``README.md``.

    Parameters
    ----------
    config : description of the model; sizes, hashes and version are filled in here.
    card : the model card, Markdown.
    images : (n, 1, size, size), windowed slices in [0, 1] on which ONNX must equal torch.

    Returns
    -------
    Maximum absolute difference between the scores of the two on ``images``.

    Raises
    ------
    DistiliqaError : ONNX and torch differ by more than 1e-4 on a scale of 4; nothing is left in
        ``folder``.
    ModelFolderError : torch wrote an operator that scoring does not run, see
        `distiliqa.scoring.runtimes.onnx_check`.
    """
    graph = graph.cpu().eval()
    sizes = graph.network.config
    config = replace(
        config,
        architecture=sizes.as_dict(),
        outputs=sizes.outputs,
        image_size=sizes.image_size,
        processed=sizes.processed,
        made_by=__version__,
    )
    make_folder(folder)
    with scratch_folder(folder) as draft:
        write_onnx(graph, draft / ONNX)
        difference = _checked(compare(graph, draft / ONNX, images), folder, _span(config))
        write_config(draft, config)
        checked_network(draft, read_config(draft))  # as every reader of the folder does
        write_text(draft / CARD, card)
        for file in (WEIGHTS, INSIGHT):  # of an earlier model
            (folder / file).unlink(missing_ok=True)
        for file in (ONNX, CARD, CONFIG):
            shutil.move(draft / file, folder / file)
    return difference


def _span(config: ModelConfig) -> float:
    """Length of the longest scale that an output is on, relative to that of the shipped models."""
    spans = [one.span for one in config.attributes]
    return max(1.0, max([config.scale.high - config.scale.low, *spans]) / _SHIPPED_SPAN)


def _checked(differences: dict[str, float], folder: Path, span: float) -> float:
    for name, difference in differences.items():
        tolerance = TOLERANCE[name] * (span if name in (OUTPUT, HEATMAP) else 1.0)
        if not difference <= tolerance:
            raise DistiliqaError(
                f"ONNX differs from torch by {difference:.2g} in {name}, more than {tolerance:g}",
                path=folder,
                remedy="report this with the network's sizes",
            )
    return differences[OUTPUT]


def compare(graph: ScoringGraph, onnx: Path, images: NDArray[np.float32]) -> dict[str, float]:
    """Maximum absolute difference of each output between ONNX Runtime and torch."""
    import onnxruntime

    session = onnxruntime.InferenceSession(str(onnx), providers=["CPUExecutionProvider"])
    worst = dict.fromkeys(graph.names, 0.0)
    for image in images:  # one at a time: the published network's stem needs 2 GB for a batch
        with torch.inference_mode():
            expected = graph(torch.from_numpy(image[None]))
        found = session.run(list(graph.names), {INPUT: image[None]})
        for name, one, other in zip(graph.names, found, expected, strict=True):
            worst[name] = max(worst[name], float(np.abs(one - other.numpy()).max()))
    return worst


def load_network(folder: Path | str) -> Network:
    """Load the torch module of a model folder, in eval mode.

    It takes windowed slices (N, 1, 512, 512) in [0, 1] and gives (N, outputs).

    Raises
    ------
    ModelFolderError : the folder lacks a file, or a file was altered.
    """
    return read_network(weights_file(Path(folder)))


def load_graph(folder: Path | str) -> ScoringGraph:
    """Load everything that ``model.onnx`` computes as a torch module, see `ScoringGraph`.

    Raises
    ------
    ModelFolderError : the folder lacks a file, or a file was altered.
    """
    folder = Path(folder)
    path, config = weights_file(folder), read_config(folder)
    if path.name == ONNX:
        return calibrated(read_network(path), read_onnx(path).state).eval()
    network = read_network(path)
    if INSIGHT not in config.files:
        return ScoringGraph(network).eval()
    return read_calibration(network, checked_file(folder, INSIGHT, config)).eval()


def write_onnx(graph: ScoringGraph, path: Path) -> None:
    """Write a graph in eval mode as ONNX, with its weights by name and the sizes of its network."""
    size = graph.network.config.image_size
    example = torch.zeros(2, 1, size, size)  # a batch of 1 would be frozen into the graph
    # The exporter reports operators of packages that this network does not use.
    logging.getLogger("torch.onnx").setLevel(logging.ERROR)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        program = torch.onnx.export(
            graph,
            (example,),
            input_names=[INPUT],
            output_names=list(graph.names),
            dynamic_shapes=({0: torch.export.Dim("n")},),
            opset_version=OPSET,
            dynamo=True,
            optimize=False,
            custom_translation_table=translations(),
            verbose=False,
        )
    assert program is not None
    simplify(program.model)
    program.model.metadata_props[SIZES] = json.dumps(graph.network.config.as_dict())
    program.save(str(path), external_data=False)


def simplify(model: ir.Model) -> None:
    """Compute what depends on no weight, in place; every weight keeps its name and values.

    Runtimes do the rest when they load a model: they fold batch normalizations into convolutions.
    """
    import onnx_ir.passes.common as passes
    from onnxscript import optimizer

    optimizer.inline(model)
    for node in model.graph:
        if node.op_type == "Reshape":
            _state_shape(node, model.graph)
            _start_from_first(node)
    optimizer.fold_constants(model, should_fold=_is_no_weight)
    optimizer.remove_unused_nodes(model)
    passes.LiftConstantsToInitializersPass(lift_all_constants=True, size_limit=0)(model)


def _state_shape(reshape: ir.Node, graph: ir.Graph) -> None:
    """Write the new shape as a constant where all of it is known but the number of slices."""
    import onnx_ir as ir

    shape = reshape.outputs[0].shape
    if shape is None:
        return
    sizes = [size if isinstance(size, int) else -1 for size in shape]
    if sizes.count(-1) <= 1:
        constant = ir.node("Constant", [], {"value": ir.tensor(sizes, ir.DataType.INT64)})
        graph.insert_before(reshape, constant)
        reshape.replace_input_with(1, constant.outputs[0])


def _start_from_first(reshape: ir.Node) -> None:
    """Reshape what the reshape before takes."""
    given = reshape.inputs[0]
    before = None if given is None else given.producer()
    if before is not None and before.op_type == "Reshape":
        reshape.replace_input_with(0, before.inputs[0])


def _is_no_weight(node: ir.Node) -> bool | None:
    """False for the transposition of a weight; None leaves the decision to the optimizer."""
    return False if node.op_type == "Transpose" else None
