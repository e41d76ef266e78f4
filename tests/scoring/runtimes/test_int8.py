"""Networks in int8, which are made on the machine that runs them."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import pytest
from tests.support.models import write_linear_model

from distiliqa.errors import DistiliqaError
from distiliqa.models.config import OUTPUT
from distiliqa.scoring import reduced_precision, trials, tuning
from distiliqa.scoring.execution import Execution
from distiliqa.scoring.model import Model, load_model
from distiliqa.scoring.reduced_precision import check_slices, offer_int8
from distiliqa.scoring.runtimes.int8 import has_int8, int8_path, make_int8
from distiliqa.scoring.tuning import recall, tune, tuned


@pytest.fixture
def model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Model:
    """A model with one linear layer, on a quiet machine."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(tuning, "is_busy", lambda: False)
    return load_model(write_linear_model(tmp_path / "linear"), batch=1)


def test_linear_layers_multiply_whole_numbers(model: Model, caplog: pytest.LogCaptureFixture):
    images = check_slices(model.config)[::3]
    make_int8(model.folder, model.config, images)
    network = onnx.load(int8_path(model.config))
    operators = [node.op_type for node in network.graph.node]
    assert "QuantizeLinear" in operators
    weights = [one for one in network.graph.initializer if one.data_type == onnx.TensorProto.INT8]
    values = np.concatenate([onnx.numpy_helper.to_array(one).ravel() for one in weights])
    assert 60 <= np.abs(values.astype(int)).max() <= 64  # seven bits
    found = model.run_by(Execution(precision="int8")).run(images)[OUTPUT]
    exact = model.run(images)[OUTPUT]
    assert 0 < np.abs(found - exact).max() < 0.05
    assert not [record for record in caplog.records if record.levelno >= logging.WARNING]


def test_one_that_was_not_made_says_how(model: Model):
    assert not has_int8(model.config)
    with pytest.raises(
        DistiliqaError,
        match=r"^tiny 1.0 has no int8 network on this machine; make it by distiliqa tune "
        r"--precision int8$",
    ):
        load_model(model.folder, precision="int8")


def test_to_make_it_needs_an_extra(model: Model, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("distiliqa.extras.is_installed", lambda module: False)
    with pytest.raises(
        DistiliqaError, match=r"need the extra int8 \(onnx is missing\); pip install"
    ):
        offer_int8(model.folder, model.config)


def test_one_that_moves_scores_is_refused_then_and_later(
    model: Model, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(reduced_precision, "MAX_MOVED", 1e-9)
    for offered in (
        lambda: offer_int8(model.folder, model.config),
        lambda: load_model(model.folder, precision="int8"),
    ):
        with pytest.raises(DistiliqaError, match=r"int8 moves scores of tiny 1\.0"):
            offered()


@pytest.mark.parametrize(("seconds", "taken"), [(0.5, "int8"), (0.95, "fp32")])
def test_it_is_used_where_it_pays(
    model: Model, monkeypatch: pytest.MonkeyPatch, seconds: float, taken: str
):
    monkeypatch.setattr(reduced_precision, "MAX_MOVED", 1.0)
    monkeypatch.setattr(reduced_precision, "MIN_SROCC", 0.0)
    monkeypatch.setattr(
        trials,
        "_seconds",
        lambda model, images: seconds if model.execution.precision == "int8" else 1.0,
    )
    default = replace(model, execution=Execution())
    tune(default, any_runtime=False)
    assert [trial.execution.precision for trial in tune(default, any_runtime=False).trials] == (
        ["fp32"] * len(tune(default, any_runtime=False).trials)
    )
    offer_int8(model.folder, model.config)
    assert tune(default, any_runtime=False).chosen.execution.precision == taken
    found = recall(default, ("onnxruntime",))
    assert found is not None
    assert found.precision == tuned(default, any_runtime=False).execution.precision == taken


def test_a_user_names_slices(
    model: Model, tmp_path: Path, write_series: Callable[..., Path]
) -> None:
    """Brighter ones than those of the example widen the ranges."""
    scales = []
    for slices in (None, write_series(tmp_path / "in", 3)):
        make_int8(model.folder, model.config, check_slices(model.config, slices))
        network = onnx.load(int8_path(model.config))
        scales.append({
            one.name: float(onnx.numpy_helper.to_array(one).max())
            for one in network.graph.initializer if one.name.endswith("_scale")
        })  # fmt: skip
    assert scales[0].keys() == scales[1].keys()
    assert scales[0] != scales[1]
