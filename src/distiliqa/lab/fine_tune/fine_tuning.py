"""Fine-tuning of a model to readers' ratings: folds by patient, then all patients together.

::

    OUT/fine_tuning.json   settings, hashes and results   OUT/out_of_fold.csv   held-out predictions
    OUT/cache/             decoded slices                 OUT/fold_{k}/, OUT/final/   networks
    OUT/model/             the model folder
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from distiliqa.errors import RecipeError
from distiliqa.files import json_sha256, make_folder, sha256, write_json
from distiliqa.foreign_json import read_json
from distiliqa.lab.data.cache import SliceCache, open_cache
from distiliqa.lab.data.folds import Fold, make_folds
from distiliqa.lab.data.ratings import RatedImage
from distiliqa.lab.fine_tune.enough_ratings import FOLDS, require_enough
from distiliqa.lab.fine_tune.head_fit import Head, class_tokens
from distiliqa.lab.fine_tune.reader_labels import ReaderLabels
from distiliqa.lab.network.network import Network
from distiliqa.lab.network.weights import read_network, weights_file
from distiliqa.lab.train.recipe_sections import Layers, StepSection
from distiliqa.models.config import ModelConfig
from distiliqa.models.folder import read_config
from distiliqa.version import __version__

Floats = NDArray[np.float64]

FACTS = "fine_tuning.json"


@dataclass(frozen=True)
class Settings:
    """Settings of a fine-tuning.

    Attributes
    ----------
    layers : what learns, see `StepSection`. The settings below have no effect on the head alone.
    """

    layers: Layers = "head"
    epochs: int = 15
    batch_size: int = 8
    learning_rate: float = 1e-4
    layer_decay: float = 0.7
    seed: int = 0

    def step(self) -> StepSection:
        """The settings as those of a training."""
        return StepSection(
            epochs=self.epochs,
            batch_size=self.batch_size,
            optimizer="adamw",
            learning_rate=self.learning_rate,
            weight_decay=0.05,
            layers=self.layers,
            layer_decay=self.layer_decay,
        )


@dataclass(frozen=True, eq=False)
class FineTuning:
    """A fine-tuning in a folder.

    Attributes
    ----------
    source : folder of the model that it begins with.
    ratings : the file of the ratings.
    images, labels : n rated images, and the labels that are learned of them.
    rows : the row of the ratings that each image is of.
    """

    folder: Path
    source: Path
    ratings: Path
    images: tuple[RatedImage, ...]
    labels: ReaderLabels
    rows: tuple[int, ...]
    settings: Settings = field(default_factory=Settings)

    @cached_property
    def config(self) -> ModelConfig:
        """Description of the model that it begins with."""
        return read_config(self.source)

    @cached_property
    def cache(self) -> SliceCache:
        """The decoded slices."""
        folder = make_folder(self.folder / "cache")
        size, window = self.config.image_size, self.config.window
        return open_cache(self.images, window=window, size=size, folder=folder)

    @cached_property
    def folds(self) -> tuple[Fold, ...]:
        """Folds by patient."""
        return make_folds(self.images, count=FOLDS, by="case", seed=self.settings.seed)

    @property
    def cases(self) -> list[str]:
        """The patient of each image."""
        return [str(image.case) for image in self.images]

    @cached_property
    def start(self) -> Network:
        """The network that it begins with: one head a rating, and no quality map."""
        trained = read_network(weights_file(self.source))
        sizes = trained.config.with_outputs(self.labels.heads)
        network = Network(sizes.with_heads(map=False, processed=self._keeps_processed(trained)))
        own = network.state_dict()
        state = {name: values for name, values in trained.state_dict().items() if name in own}
        head = self.labels.start(head_of(state), self.config.scale)
        network.load_state_dict(state | head_state(head))
        return network.eval()

    def _keeps_processed(self, trained: Network) -> bool:
        # Its input is what the head sees, which changes with the transformer.
        return trained.config.processed and self.settings.layers == "head"

    @cached_property
    def features(self) -> Floats:
        """What the head sees, (n, channels), while the body is frozen."""
        return class_tokens(self.start, self.cache)

    def facts(self) -> dict[str, Any]:
        """What results depend on."""
        return {
            "distiliqa": __version__,
            "model": self.config.title,
            "model_sha256": sha256(weights_file(self.source)),
            "settings": asdict(self.settings),
            "scale": asdict(self.labels.scale),
            "attributes": [asdict(one) for one in self.labels.attributes],
            "ratings_sha256": sha256(self.ratings),
            "labels_sha256": self._labels_sha256(),
            "slices_sha256": sha256(self.cache.path),
            "images": len(self.images),
            "patients": len(set(self.cases)),
        }

    def _labels_sha256(self) -> str:
        # The file alone does not show which readers were chosen, nor the patients that folds keep
        # apart: headers or a manifest may name those.
        known = zip(self.images, self.labels.values.tolist(), strict=True)
        return json_sha256([(image.name, image.case, values) for image, values in known])


def begin(tuning: FineTuning, *, resume: bool) -> dict[str, Any]:
    """Begin a fine-tuning in its folder, or go on with the one that is there; its facts.

    Raises
    ------
    RecipeError : too few ratings; a model with a map or attributes; the folder holds a fine-tuning
        and ``resume`` is False, or one of other data or settings.
    """
    config = tuning.config
    if config.score_map is not None or config.attributes:
        raise RecipeError(
            "is calibrated, or rates attributes",
            path=tuning.source,
            remedy="give the model that it was made from",
        )
    require_enough(
        tuning.images, tuning.rows, tuning.labels.values, tuning.settings.layers, tuning.ratings
    )
    path = tuning.folder / FACTS
    if path.is_file() and not resume:
        raise RecipeError(
            "holds a fine-tuning", path=tuning.folder, remedy="add --resume or choose another --out"
        )
    facts = tuning.facts()
    if path.is_file():
        known = read_json(path)
        if any(known.get(name) != _plain(value) for name, value in facts.items()):
            raise RecipeError(
                "holds a fine-tuning of other ratings, patients, images, model or settings",
                path=tuning.folder,
                remedy="give those it was started with, or another --out",
            )
    else:
        make_folder(tuning.folder)
        write_json(path, facts)
    return facts


def _plain(value: Any) -> Any:
    """A value as JSON gives it back."""
    if isinstance(value, list | tuple):
        return [_plain(inner) for inner in value]
    if isinstance(value, dict):
        return {name: _plain(inner) for name, inner in value.items()}
    return value


def head_state(head: Head) -> dict[str, torch.Tensor]:
    """A head by the names of its tensors in a network."""
    return {
        "vit.heads.weight": torch.from_numpy(head.weight).float(),
        "vit.heads.bias": torch.from_numpy(head.bias).float(),
    }


def head_of(state: Mapping[str, torch.Tensor]) -> Head:
    """The head in the state dict of a network."""
    return Head(*(state[f"vit.heads.{name}"].double().numpy() for name in ("weight", "bias")))
