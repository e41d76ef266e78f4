"""A reduced precision is refused where its scores are not those of fp32."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from distiliqa.errors import DistiliqaError
from distiliqa.scoring import reduced_precision
from distiliqa.scoring.execution import Execution
from distiliqa.scoring.model import Model, load_model
from distiliqa.scoring.reduced_precision import Closeness, check_slices, require_closeness


class Moved:
    """A runtime that moves scores: each slice by ``by`` times a number that differs."""

    def __init__(self, session: Any, by: float) -> None:
        self.session, self.by, self.slices = session, by, 0

    def run(self, names: Sequence[str], feeds: Mapping[str, Any]) -> list[Any]:
        scores, *others = self.session.run(names, feeds)
        self.slices += len(scores)
        return [scores + self.by * np.sin(7 * self.slices), *others]


@pytest.fixture
def exact(tiny_model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Model:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    return load_model(tiny_model)


def require(exact: Model, reduced: Moved) -> None:
    require_closeness(exact.folder, exact.config, Execution("openvino", "bf16"), reduced)


def test_scores_that_stay_are_offered_and_measured_once(exact: Model) -> None:
    reduced = Moved(exact.session, 1e-4)
    require(exact, reduced)
    assert reduced.slices == len(check_slices(exact.config)) == 36
    require(exact, reduced)
    assert reduced.slices == 36


def test_scores_that_move_are_refused_also_from_memory(exact: Model) -> None:
    for by in (0.03, 0.0):  # the second is not measured
        with pytest.raises(
            DistiliqaError,
            match=r"bf16 moves scores of tiny 1.0 by up to 0.03 of 4 .*; use the precision fp32",
        ):
            require(exact, Moved(exact.session, by))


def test_slices_that_change_places_are_refused(
    exact: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By less than what a score may move."""
    images = np.random.default_rng(0).normal(0.5, 0.05, (36, 1, 512, 512)).astype(np.float32)
    monkeypatch.setattr(reduced_precision, "check_slices", lambda config, more=None: images)
    with pytest.raises(DistiliqaError, match=r"by up to 0\.01\d* of 4 and has a rank correlation"):
        require(exact, Moved(exact.session, 0.01))


def test_the_limit_is_relative_to_the_scale(exact: Model) -> None:
    images = check_slices(exact.config)[:3]
    wide = replace(exact.config, scale=replace(exact.config.scale, high=8))
    found = [
        reduced_precision.closeness(Moved(exact.session, 0.03), exact.session, config, images).moved
        for config in (exact.config, wide)
    ]
    assert found[1] == pytest.approx(found[0] / 2)


@pytest.mark.parametrize(
    ("moved", "srocc", "enough"),
    [(0.02, 0.999, True), (0.021, 1.0, False), (0.0, 0.9989, False), (float("nan"), 1.0, False)],
)
def test_limits(moved: float, srocc: float, enough: bool) -> None:
    assert Closeness(moved, srocc).is_enough is enough


def test_noise_is_added_in_hu(exact: Model) -> None:
    images = check_slices(exact.config)
    shown = (images[:12] > 0.3) & (images[:12] < 0.7)
    for part, sd_hu in ((images[12:24], 10), (images[24:], 20)):
        assert float((part - images[:12])[shown].std()) * 350 == pytest.approx(sd_hu, rel=0.05)


@pytest.mark.skipif(find_spec("openvino") is None, reason="no openvino here")
def test_a_model_is_checked_when_it_is_loaded(
    exact: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    try:
        load_model(exact.folder, precision="bf16", batch=1)
    except DistiliqaError as error:
        if "does not multiply" not in error.reason:
            raise
        pytest.skip(error.reason)
    monkeypatch.setattr(reduced_precision, "MAX_MOVED", -1.0)
    with pytest.raises(DistiliqaError, match="bf16 moves scores"):
        load_model(exact.folder, precision="bf16", batch=1)


def test_slices_of_a_user_are_measured_too(
    exact: Model, tmp_path: Path, write_series: Callable[..., Path]
) -> None:
    folder = write_series(tmp_path / "in", 70)
    images = check_slices(exact.config, folder)
    assert 36 + 32 <= len(images) <= 36 + 64
    reduced = Moved(exact.session, 1e-4)
    require(exact, reduced)
    execution = Execution("openvino", "bf16")
    require_closeness(exact.folder, exact.config, execution, reduced, images)  # not from memory
    assert reduced.slices == 36 + len(images)
