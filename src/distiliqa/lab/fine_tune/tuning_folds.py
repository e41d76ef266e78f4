"""Networks of a fine-tuning: one for each fold, and one of all patients."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from distiliqa.files import make_folder, write_json
from distiliqa.lab.data.dataset import RatedDataset
from distiliqa.lab.data.folds import Fold
from distiliqa.lab.data.ratings import RatedImage
from distiliqa.lab.evaluate.predictor import Predictor, predict
from distiliqa.lab.fine_tune.fine_tuning import FineTuning, head_of, head_state
from distiliqa.lab.fine_tune.head_fit import fit_head
from distiliqa.lab.fine_tune.tuning_module import COLUMNS, TuningModule
from distiliqa.lab.network.network import Network
from distiliqa.lab.network.weights import read_network, save_network
from distiliqa.lab.train.callbacks import BestWeights, History
from distiliqa.lab.train.engine import LAST, Fitted, fit
from distiliqa.lab.train.loaders import Batches
from distiliqa.lab.train.recipe import Recipe
from distiliqa.lab.train.recipe_sections import HardwareSection
from distiliqa.lab.train.training_run import BEST, RESULT
from distiliqa.version import __version__

Floats = NDArray[np.float64]

FINAL = "final"


def train_folds(tuning: FineTuning, *, resume: bool) -> Floats:
    """Train a network for each fold, and predict the patients that it did not see.

    Returns
    -------
    (n, heads), of every image by the network that did not learn from its patient.
    """
    outputs = np.full(tuning.labels.values.shape, np.nan)
    for number, fold in enumerate(tuning.folds, start=1):
        folder, title = tuning.folder / f"fold_{number}", f"fold {number}/{len(tuning.folds)}"
        network = _trained(tuning, folder, fold, title, resume=resume)
        outputs[list(fold.validation)] = _outputs(tuning, network, fold.validation)
    return outputs


def train_final(tuning: FineTuning, *, resume: bool) -> Network:
    """Train the network that is exported, on all images."""
    everything = Fold(tuple(range(len(tuning.images))), ())
    folder = tuning.folder / FINAL
    return _trained(tuning, folder, everything, "all patients", resume=resume)


def _trained(tuning: FineTuning, folder: Path, fold: Fold, title: str, *, resume: bool) -> Network:
    """The network of a fold; one that is finished is read."""
    if resume and (folder / RESULT).is_file():
        return read_network(folder / BEST)
    make_folder(folder)
    if not resume:
        for name in (RESULT, LAST):
            (folder / name).unlink(missing_ok=True)
    learn: Callable[..., Fitted | None] = (
        _fit_head if tuning.settings.layers == "head" else _fit_layers
    )
    fitted = learn(tuning, folder, fold, title, resume)
    names = [tuning.images[at].name for at in fold.validation]
    result = {"version": __version__, "held_out": names}
    write_json(folder / RESULT, result | ({} if fitted is None else asdict(fitted)))
    return read_network(folder / BEST)


def _fit_head(tuning: FineTuning, folder: Path, fold: Fold, title: str, resume: bool) -> None:
    rows = list(fold.train)
    state = tuning.start.state_dict()
    cases = [tuning.cases[at] for at in rows]
    head = fit_head(tuning.features[rows], tuning.labels.values[rows], cases, head_of(state))
    network = _copy(tuning.start)
    network.load_state_dict(state | head_state(head))
    save_network(network, folder / BEST)


def _fit_layers(tuning: FineTuning, folder: Path, fold: Fold, title: str, resume: bool) -> Fitted:
    settings, seed = tuning.settings, tuning.settings.seed
    step = settings.step()
    torch.manual_seed(seed)
    module = TuningModule(_copy(tuning.start), step, seed, tuning.labels)
    images = _known(tuning)
    train = RatedDataset(images, tuning.cache, fold.train, augmentation="dihedral", seed=seed)
    held_out = RatedDataset(images, tuning.cache, fold.validation) if fold.validation else None
    return fit(
        module,
        Batches(train, held_out, batch_size=settings.batch_size, workers=0, seed=seed),
        cache=tuning.cache,
        recipe=Recipe(teacher=step, seed=seed, hardware=HardwareSection(devices=1)),
        folder=folder,
        history=History(folder / "epochs.csv", COLUMNS, title),
        best=BestWeights(folder / BEST, None),
        resume=resume,
    )


def _known(tuning: FineTuning) -> Sequence[RatedImage]:
    """The images with the score of their labels, 0 where an attribute is not known."""
    scores = np.nan_to_num(tuning.labels.label_scores).tolist()
    return [replace(one, score=score) for one, score in zip(tuning.images, scores, strict=True)]


def _copy(network: Network) -> Network:
    copy = Network(network.config)
    copy.load_state_dict(network.state_dict())
    return copy.eval()


def _outputs(tuning: FineTuning, network: Network, positions: Sequence[int]) -> Floats:
    """Outputs of a network for some images, (m, heads)."""
    if tuning.settings.layers == "head":
        return head_of(network.state_dict())(tuning.features[list(positions)])
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    predictor = Predictor([network.to(device)], tuning.folder, tuning.config.window)
    chosen = [tuning.images[at] for at in positions]
    return predict(predictor, chosen, cache_folder=tuning.folder / "cache")
