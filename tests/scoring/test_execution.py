from __future__ import annotations

import pytest

from distiliqa.errors import DistiliqaError
from distiliqa.scoring import execution as execution_module
from distiliqa.scoring.execution import BATCH, Execution, asked, described, for_many


def test_a_precision_brings_the_runtime_that_has_it():
    assert asked() == Execution("onnxruntime", "fp32", None, BATCH)
    assert asked(precision="bf16").runtime == "openvino"
    assert asked("openvino").precision == "fp32"  # though OpenVINO alone would take bf16


def test_what_was_asked_for_is_told_from_the_default():
    assert asked().chosen == asked("openvino").chosen == "default"
    assert asked(threads=2).chosen == asked(batch=BATCH).chosen == "asked"


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"runtime": "onnxruntime", "precision": "bf16"}, "onnxruntime does not run in bf16; use"),
        ({"runtime": "tensorrt"}, "'tensorrt'; use onnxruntime, cuda, openvino"),
        ({"precision": "int4"}, "'int4'; use fp32, bf16"),
        ({"threads": 0}, "threads is 0"),
        ({"batch": 0}, "batch is 0"),
    ],
)
def test_what_cannot_be_is_one_line(options, words):
    with pytest.raises(DistiliqaError, match=words):
        asked(**options)


def test_an_execution_in_words():
    assert described(Execution()) == "onnxruntime in fp32, all cores, batches of 4"
    other = Execution("openvino", "bf16", threads=2, batch=1)
    assert described(other) == "openvino in bf16, 2 threads, batches of 1"


def test_many_slices_are_scored_on_a_core_each(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(execution_module, "cores", lambda: 6)
    assert for_many(Execution()) == Execution(threads=1, batch=1, parallel_batches=6)
    monkeypatch.setattr(execution_module, "cores", lambda: 32)
    assert for_many(Execution()) == Execution(threads=4, batch=1, parallel_batches=8)
    monkeypatch.setattr(execution_module, "cores", lambda: 1)
    assert for_many(Execution()) == Execution()


@pytest.mark.parametrize("one", [asked(threads=3), asked(batch=2), Execution(runtime="openvino")])
def test_what_was_asked_for_stays_for_many_too(one: Execution) -> None:
    assert for_many(one) == one
