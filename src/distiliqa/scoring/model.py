"""A model that scores slices."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike, NDArray
from onnxruntime import InferenceSession

from distiliqa.ct import CTSlice
from distiliqa.ct.stack import slices_last
from distiliqa.errors import ModelFolderError
from distiliqa.model_folder import INPUT, OUTPUT, ModelConfig, read_config
from distiliqa.scoring.prepare import Prepared, prepare
from distiliqa.scoring.result import SliceScore
from distiliqa.scoring.session import open_session
from distiliqa.scoring.shipped import DEFAULT, find_model

# The published stem holds 128 x 502 x 502 values a slice: larger batches cost memory, not time.
BATCH = 4


@dataclass(frozen=True)
class Model:
    """A model folder, loaded to score slices on the CPU; made by `load_model`."""

    folder: Path
    config: ModelConfig
    session: InferenceSession = field(repr=False, compare=False)

    @property
    def title(self) -> str:
        """Name and version."""
        return f"{self.config.name} {self.config.version}"

    def score(self, hu: ArrayLike) -> SliceScore | list[SliceScore]:
        """Score one slice or several.

        Parameters
        ----------
        hu : (rows, columns) or (n, rows, columns), real numbers in Hounsfield units (air is
            -1000, water 0), sides of 32 pixels or more. The window of the model is applied here;
            slices of another size than the model takes are cropped or padded, not resampled.

        Returns
        -------
        One score for (rows, columns), a list of n for (n, rows, columns).

        Raises
        ------
        ValueError : another shape, no slices, not real numbers, or NaN or infinity.
        """
        array = np.asarray(hu)
        if array.ndim == 2:
            return next(self.score_slices([CTSlice(array, path="")]))
        if array.ndim != 3 or len(array) == 0:
            raise ValueError(
                f"shape {array.shape}; slices are (rows, columns) or (n, rows, columns)"
            )
        if slices_last(array.shape):
            raise ValueError(
                f"shape {array.shape} looks like (rows, columns, n), not (n, rows, columns)"
            )
        slices = (_prepare_one(one, n, self.config) for n, one in enumerate(array))
        return list(self.score_prepared(slices))

    def score_slices(
        self, slices: Iterable[CTSlice], batch_size: int = BATCH
    ) -> Iterator[SliceScore]:
        """Score slices one after the other; only ``batch_size`` of them are held at a time.

        Raises
        ------
        ValueError : a slice is not an image in HU, see `score`.
        ModelFolderError : the model cannot be run, or gives NaN or infinity.
        """
        return self.score_prepared((prepare(ct, self.config) for ct in slices), batch_size)

    def score_prepared(
        self, slices: Iterable[Prepared], batch_size: int = BATCH
    ) -> Iterator[SliceScore]:
        """`score_slices` for slices that `prepare` has prepared, which threads may do ahead."""
        slices = iter(slices)
        while batch := list(islice(slices, batch_size)):
            yield from self._score_batch(batch)

    def _score_batch(self, batch: list[Prepared]) -> list[SliceScore]:
        outputs = self._run(np.stack([each.image[np.newaxis] for each in batch]))
        if not np.isfinite(outputs).all():
            raise ModelFolderError(
                "gives a score that is not a number", path=self.folder, remedy="export it again"
            )
        return [self._result(*each) for each in zip(batch, outputs, strict=True)]

    def _run(self, images: NDArray[np.floating]) -> NDArray[np.float64]:
        try:
            return self.session.run([OUTPUT], {INPUT: images})[0].astype(np.float64)
        except Exception as error:  # those of onnxruntime share no base class but this one
            raise ModelFolderError(
                f"onnxruntime cannot run it ({error})", path=self.folder, remedy="export it again"
            ) from error

    def _result(self, prepared: Prepared, outputs: NDArray[np.float64]) -> SliceScore:
        ct = prepared.ct
        return SliceScore(
            score=self.config.scale.worst if prepared.empty else float(outputs.mean()),
            outputs=tuple(outputs.tolist()),
            spread=float(outputs.std(ddof=1)) if len(outputs) > 1 else None,
            warnings=prepared.warnings,
            model=self.title,
            window=self.config.window,
            path=ct.path,
            frame=ct.frame,
            series=ct.series,
            position_mm=ct.position_mm,
            acquisition=ct.acquisition,
            noise_hu=prepared.noise_hu,
            comparison=prepared.comparison,
        )


def _prepare_one(hu: NDArray, number: int, config: ModelConfig) -> Prepared:
    """`prepare` for one slice of several, whose error says which it is."""
    try:
        return prepare(CTSlice(hu, path="", frame=number), config)
    except ValueError as error:
        raise ValueError(f"slice {number}: {error}") from error


def load_model(name_or_folder: str | Path = DEFAULT, *, threads: int | None = None) -> Model:
    """Load a shipped model by its name, or any model folder by its path.

    Parameters
    ----------
    threads : CPU threads a slice is scored with; None for all cores.

    Raises
    ------
    DistiliqaError : no such model; the message lists the shipped ones.
    ModelFolderError : a file of the folder is missing, altered or of another format.
    """
    folder = find_model(name_or_folder)
    config = read_config(folder)
    return Model(folder, config, open_session(folder, config, threads))
