"""The matrix product that networks are measured against is the best that this machine has."""

from __future__ import annotations

import pytest


def test_each_precision_has_its_libraries(monkeypatch: pytest.MonkeyPatch) -> None:
    from bench import matrix_products as module

    monkeypatch.setattr(module, "SIDE", 64)
    monkeypatch.setattr(module, "ROUNDS", 1)
    found = module.products()
    assert {name: set(by_library) for name, by_library in found.items()} == {
        "fp32": {"torch", "ONNX Runtime", "NumPy"},
        "bf16": {"torch"},
        "int8": {"torch", "ONNX Runtime"},
    }
    assert all(speed > 0 for by_library in found.values() for speed in by_library.values())
    assert module.best({"torch": 1.0, "NumPy": 2.0}) == ("NumPy", 2.0)


def test_no_variable_chooses_the_kernels_of_numpy(monkeypatch: pytest.MonkeyPatch) -> None:
    from bench.matrix_products import output_of

    monkeypatch.setenv("OPENBLAS_CORETYPE", "Prescott")
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    program = "import os, sys; print([name in os.environ for name in sys.argv[1:]])"
    assert output_of(program, "OPENBLAS_CORETYPE", "OMP_NUM_THREADS").strip() == "[False, True]"
