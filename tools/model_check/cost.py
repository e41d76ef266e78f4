"""Cost of the network: operations, parameters, and CPU time beside the graph of compact 0.1.0."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import torch
from torch.utils.flop_counter import FlopCounterMode

from distiliqa.errors import DistiliqaError
from distiliqa.lab.network.graph import ScoringGraph
from distiliqa.lab.network.onnx_export import load_graph
from tools.model_check.acceptance import Row, Section, line
from tools.model_check.subject import Subject

MAX_GFLOP, MAX_PARAMETERS = 1.2, 3_000_000
BENCHMARK = Path(__file__).resolve().parents[2] / "benchmarks" / "compact_graphs.py"


def cost(subject: Subject) -> Section:
    """Operations of one slice with all outputs, parameters of the network, and CPU time."""
    graph = load_graph(subject.model.folder)
    parameters = sum(part.numel() for part in graph.network.parameters())
    lines = [
        line("GFLOP of a slice", 1, gflop(graph), at_most=MAX_GFLOP),
        line("parameters", 1, parameters, at_most=MAX_PARAMETERS),
        *cpu_time(subject.model.folder),
    ]
    about = (
        "A multiplication and an addition count two; all outputs included. CPU time in ONNX "
        "Runtime, fp32, one thread, in turn with the graph of compact 0.1.0."
    )
    return Section("Cost", about, (lines,))


def gflop(graph: ScoringGraph) -> float:
    """Floating point operations of one slice, in billions."""
    side = graph.network.config.image_size
    with FlopCounterMode(display=False) as counted, torch.no_grad():
        graph(torch.zeros(1, 1, side, side))
    return counted.get_total_flops() / 1e9


def cpu_time(folder: Path) -> list[Row]:
    """Figures of the benchmark, in a process of its own: times, and their ratio with its bound."""
    with TemporaryDirectory() as scratch:
        out = Path(scratch) / "found.json"
        command = [sys.executable, str(BENCHMARK), "--model", str(folder), "--json", str(out)]
        ended = subprocess.run(command, check=False, stdout=subprocess.DEVNULL)
        if ended.returncode:
            raise DistiliqaError("the benchmark of the graphs failed", remedy="see its message")
        found: list[dict[str, Any]] = json.loads(out.read_text(encoding="utf-8"))["figures"]
    return [
        line(
            f"{figure['name']}, {figure['unit']}",
            1,
            figure["value"],
            at_least=figure["at_least"],
            at_most=figure["at_most"],
        )
        for figure in found
    ]
