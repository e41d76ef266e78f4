"""Fine-tuning: folds by patient, what learns, and what resuming keeps and refuses."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from distiliqa.errors import RecipeError
from distiliqa.lab.fine_tune import fine_tuning, tuning_folds
from distiliqa.lab.fine_tune.fine_tuning import FineTuning, begin
from distiliqa.lab.fine_tune.tuning_folds import train_final, train_folds
from distiliqa.lab.network.weights import read_network
from distiliqa.statistics.agreement import srocc

Make = Callable[..., FineTuning]


def test_the_head_learns_what_readers_see(tuning: Make) -> None:
    found = tuning()
    begin(found, resume=False)
    outputs = train_folds(found, resume=False)
    assert outputs.shape == (52, 1)
    assert (srocc(outputs[:, 0], found.labels.label_scores) or 0) > 0.8
    for fold in found.folds:
        train = {found.cases[at] for at in fold.train}
        assert train.isdisjoint({found.cases[at] for at in fold.validation})
    body = {n: v for n, v in found.start.state_dict().items() if "heads" not in n}
    for number in range(1, 6):
        network = read_network(found.folder / f"fold_{number}" / "best.safetensors")
        for name, value in body.items():
            assert torch.equal(network.state_dict()[name], value)
    final = train_final(found, resume=False)
    assert final.config.outputs == 1
    assert not torch.equal(final.vit.heads.weight, found.start.vit.heads.weight)


def test_the_start_is_the_model_on_the_scale_of_the_readers(tuning: Make) -> None:
    found = tuning()
    trained = read_network(found.source / "model.onnx")
    images = torch.from_numpy(found.cache.array(slice(0, 3))[:, None])
    with torch.inference_mode():
        before, now = trained(images).mean(dim=1), found.start(images)[:, 0]
    np.testing.assert_allclose(now, 1 + before, atol=1e-4)


def test_resuming_keeps_finished_folds(tuning: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    found = tuning()
    begin(found, resume=False)
    outputs = train_folds(found, resume=False)
    (found.folder / "fold_3" / "result.json").unlink()
    fitted: list[str] = []
    fit = tuning_folds._fit_head

    def counted(tuning, folder, *rest):
        fitted.append(folder.name)
        return fit(tuning, folder, *rest)

    monkeypatch.setattr(tuning_folds, "_fit_head", counted)
    again = tuning()
    begin(again, resume=True)
    np.testing.assert_array_equal(train_folds(again, resume=True), outputs)
    assert fitted == ["fold_3"]


def test_another_fine_tuning_is_not_continued(tuning: Make) -> None:
    found = tuning()
    begin(found, resume=False)
    with pytest.raises(RecipeError, match="holds a fine-tuning; add --resume"):
        begin(found, resume=False)
    begin(tuning(), resume=True)
    moved = (replace(found.images[0], case=found.images[-1].case), *found.images[1:])
    another_reader = replace(found.labels, values=found.labels.values + 0.1)
    for other in (
        tuning(seed=1),
        replace(tuning(), images=moved),  # as many patients, and other folds
        replace(tuning(), labels=another_reader),  # of the same file
    ):
        with pytest.raises(RecipeError, match="of other ratings, patients, images, model or"):
            begin(other, resume=True)
    few = replace(found, images=found.images[:40], rows=found.rows[:40], labels=replace(
        found.labels, values=found.labels.values[:40]
    ))  # fmt: skip
    with pytest.raises(RecipeError, match="40 rated images of 10 patients are too few"):
        begin(few, resume=True)


@pytest.fixture
def allowed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let more than the head learn from 52 images."""
    monkeypatch.setattr(fine_tuning, "require_enough", lambda *_: None)
    monkeypatch.setattr(fine_tuning, "FOLDS", 2)


@pytest.mark.slow
@pytest.mark.usefixtures("allowed")
@pytest.mark.parametrize("layers", ["transformer", "all"])
def test_other_layers_learn_too(tuning: Make, layers: str) -> None:
    found = tuning(layers=layers, epochs=20, learning_rate=3e-3)
    begin(found, resume=False)
    outputs = train_folds(found, resume=False)
    assert (srocc(outputs[:, 0], found.labels.label_scores) or 0) > 0.6
    network = read_network(found.folder / "fold_1" / "best.safetensors")
    same = {
        name: torch.equal(value, network.state_dict()[name])
        for name, value in found.start.state_dict().items()
    }
    of_stem = [kept for name, kept in same.items() if name.startswith(("stem.", "vit.conv_proj."))]
    assert all(of_stem) == (layers == "transformer")
    assert not same["vit.encoder.layers.encoder_layer_0.mlp.0.weight"]


@pytest.mark.usefixtures("allowed")
def test_the_last_epoch_is_kept(tuning: Make) -> None:
    found = tuning(layers="transformer", epochs=2)
    begin(found, resume=False)
    train_folds(found, resume=False)
    rows = (Path(found.folder) / "fold_1" / "epochs.csv").read_text().splitlines()
    assert len(rows) == 3
    assert '"epoch": 1' in (found.folder / "fold_1" / "result.json").read_text()
