"""A model that scores slices."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import chain, islice
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from distiliqa.ct import CTSlice
from distiliqa.errors import ModelFolderError
from distiliqa.models.config import INPUT, ModelConfig
from distiliqa.models.folder import DEFAULT, ONNX, find_model, read_config
from distiliqa.scoring.execution import (
    Execution,
    Precision,
    RuntimeName,
    asked,
    described,
    for_many,
    in_parallel,
)
from distiliqa.scoring.images import Images, Spacing, as_slices, is_one
from distiliqa.scoring.measuring import Measuring, check_measuring
from distiliqa.scoring.postprocess import postprocess
from distiliqa.scoring.prepare import Prepared, prepare
from distiliqa.scoring.reduced_precision import require_closeness
from distiliqa.scoring.runtimes.runtime import Runtime, open_runtime
from distiliqa.scoring.slice_score import SliceScore

MAX_BYTES = 1 << 26  # a larger network keeps all cores busy, and would be in memory twice


@dataclass(frozen=True, repr=False)
class Model:
    """A model folder, loaded to score slices; made by `load_model`."""

    folder: Path
    config: ModelConfig
    session: Runtime = field(compare=False)
    execution: Execution = field(default_factory=Execution)
    heatmaps: bool = True  # whether its network computes those that it has
    _many: dict[bool, Model] = field(default_factory=dict, init=False, compare=False)

    @property
    def title(self) -> str:
        """Name and version."""
        return self.config.title

    def run_by(self, execution: Execution) -> Model:
        """The same model, run in another way. Raises as `load_model`."""
        if execution == self.execution:
            return self
        session = open_runtime(self.folder, self.config, execution, heatmaps=self.heatmaps)
        return replace(self, session=session, execution=execution)

    def for_many(self, *, heatmaps: bool = True) -> Model:
        """The same model as it scores many slices by default, see `execution.for_many`.

        Its network is kept, for programs that score one series after the other.

        Parameters
        ----------
        heatmaps : bool
            False for a network that takes no time for heatmaps.
        """
        found = self._many.get(heatmaps) or self._loaded_for_many(heatmaps)
        if found is not self:
            self._many[heatmaps] = found
        return found

    def _loaded_for_many(self, heatmaps: bool) -> Model:
        if (self.folder / ONNX).stat().st_size > MAX_BYTES:
            return self
        execution = for_many(self.execution)
        if heatmaps or self.config.heatmap is None or not self.heatmaps:
            return self.run_by(execution)
        session = open_runtime(self.folder, self.config, execution, heatmaps=False)
        return replace(self, session=session, execution=execution, heatmaps=False)

    def __repr__(self) -> str:
        low, high, way = self.config.scale.low, self.config.scale.high, described(self.execution)
        return f"<Model {self.title}: scores from {low:g} to {high:g}, {way}>"

    def score(
        self,
        images: Images,
        *,
        spacing_mm: Spacing = None,
        measures: Measuring = "none",
        keep_heatmaps: bool = False,
    ) -> SliceScore | list[SliceScore]:
        """Score one slice or several.

        Parameters
        ----------
        images : ndarray, CTSlice, or a list of these
            (rows, columns) or (n, rows, columns), real numbers in Hounsfield units (air is -1000,
            water 0), sides of 32 pixels or more; a `CTSlice` of `distiliqa.read_ct`; or a list of
            these. The model applies its window. Slices of another size are cropped or padded, not
            resampled.
        spacing_mm : float or tuple[float, float], optional
            Pixel spacing of the arrays, mm: one number, or (between rows, between columns). Noise
            and body size are measured in mm where it is known. A `CTSlice` has its own.
        measures : {"none", "basic", "all"}
            What is measured beside the score, see `distiliqa.score`. The default here is nothing,
            for loops over many images. ``all`` keeps the arrays that `pooled_measures` of
            `distiliqa.metrics` pools.
        keep_heatmaps : bool
            Give each score its ``heatmap``, if the model has them.

        Returns
        -------
        SliceScore or list[SliceScore]
            One score for (rows, columns) or a `CTSlice`, else a list.

        Raises
        ------
        ValueError
            Another shape, no slices, not real numbers, or NaN or infinity; or another word for
            ``measures``.
        """
        check_measuring(measures)
        if is_one(images):
            (ct,) = as_slices(images, spacing_mm)
            one = [prepare(ct, self.config, measures)]
            return next(self.score_prepared(one, keep_heatmaps=keep_heatmaps))
        slices = enumerate(as_slices(images, spacing_mm))
        prepared = (_prepare_one(ct, number, self.config, measures) for number, ct in slices)
        return list(self.score_prepared(prepared, keep_heatmaps=keep_heatmaps))

    def score_slices(
        self,
        slices: Iterable[CTSlice],
        batch_size: int | None = None,
        *,
        keep_heatmaps: bool = False,
        measures: Measuring = "none",
    ) -> Iterator[SliceScore]:
        """Score slices in their order; memory holds only ``batch_size`` of them at a time.

        Parameters
        ----------
        batch_size : int, optional
            None for that of the ``execution``.
        keep_heatmaps : bool
            Give each score its ``heatmap``, if the model has them.
        measures : {"none", "basic", "all"}
            What is measured beside the score, see `distiliqa.score`.

        Raises
        ------
        ValueError
            A slice is not an image in HU, or another word for ``measures``, see `score`.
        ModelFolderError
            The model cannot be run, or gives NaN or infinity.
        """
        check_measuring(measures)
        prepared = (prepare(ct, self.config, measures) for ct in slices)
        return self.score_prepared(prepared, batch_size, keep_heatmaps=keep_heatmaps)

    def score_prepared(
        self,
        slices: Iterable[Prepared],
        batch_size: int | None = None,
        *,
        keep_heatmaps: bool = False,
    ) -> Iterator[SliceScore]:
        """Score slices that `prepare` has prepared, for example in threads ahead of the model."""
        slices, size = iter(slices), batch_size or self.execution.batch
        batches = iter(lambda: list(islice(slices, size)), [])
        workers = self.execution.parallel_batches
        work = partial(self._scored, keep_heatmaps=keep_heatmaps)
        scored = map(work, batches) if workers == 1 else in_parallel(work, batches, workers)
        yield from chain.from_iterable(scored)

    def _scored(self, batch: list[Prepared], keep_heatmaps: bool) -> list[SliceScore]:
        pairs = zip(batch, self._outputs(batch), strict=True)
        return [postprocess(*pair, self.config, keep_heatmap=keep_heatmaps) for pair in pairs]

    def _outputs(self, batch: list[Prepared]) -> list[dict[str, NDArray[np.floating]]]:
        """Run the network on a batch; the outputs of each slice by name."""
        images = [prepared.image[np.newaxis, np.newaxis] for prepared in batch]
        found = self.run(images[0] if len(images) == 1 else np.concatenate(images))
        if not all(np.isfinite(output).all() for output in found.values()):
            raise ModelFolderError(
                "gives a score that is not a number", path=self.folder, remedy="export it again"
            )
        return [{name: output[n] for name, output in found.items()} for n in range(len(batch))]

    def run(self, images: NDArray[np.floating]) -> dict[str, NDArray[np.floating]]:
        """Run the network on windowed slices, (n, 1, size, size) in [0, 1]; its outputs by name.

        Raises
        ------
        ModelFolderError
            The runtime cannot run it.
        """
        names = self.config.giving(heatmaps=self.heatmaps).output_names
        try:
            return dict(zip(names, self.session.run(names, {INPUT: images}), strict=True))
        except Exception as error:  # those of runtimes share no base class but this one
            raise ModelFolderError(
                f"{self.execution.runtime} cannot run it ({error})",
                path=self.folder,
                remedy="export it again",
            ) from error


def _prepare_one(ct: CTSlice, number: int, config: ModelConfig, measures: Measuring) -> Prepared:
    """`prepare` for one slice of several, whose error says which it is."""
    try:
        return prepare(ct, config, measures)
    except ValueError as error:
        raise ValueError(f"slice {number}: {error}") from error


def as_model(model: str | Path | Model) -> Model:
    """Take a loaded model as it is, and load one that is named. Raises as `load_model`."""
    return model if isinstance(model, Model) else load_model(model)


def load_model(
    name_or_folder: str | Path = DEFAULT,
    *,
    threads: int | None = None,
    batch: int | None = None,
    runtime: RuntimeName | None = None,
    precision: Precision = "fp32",
) -> Model:
    """Load a shipped model by its name, or any model folder by its path.

    Parameters
    ----------
    name_or_folder : str or Path
        Name of a shipped model, or a model folder.
    threads : int, optional
        CPU threads a slice is scored with; None for all cores.
    batch : int, optional
        Slices at a time; None for 4.
    runtime : {"onnxruntime", "cuda", "openvino"}, optional
        ``cuda`` and ``openvino`` are extras. None for ONNX Runtime on the CPU, or OpenVINO for
        ``bf16``.
    precision : {"fp32", "bf16", "int8"}
        ``bf16`` is faster on CPUs that have it. ``int8`` is made by ``distiliqa tune``.
        Both are refused where they move scores by more than 0.02 on a scale of 0 to 4, or have a
        rank correlation below 0.999 with fp32, which is measured when a machine first loads the
        model in it.

    Returns
    -------
    Model
        Ready to score.

    Raises
    ------
    DistiliqaError
        No such model, the message lists the shipped ones; a runtime that is not installed or that
        this machine cannot run; or a precision whose scores are too far from those of fp32.
    ModelFolderError
        A file of the folder is missing, altered or of another format.
    """
    execution, folder = asked(runtime, precision, threads, batch), find_model(name_or_folder)
    config = read_config(folder)
    network = open_runtime(folder, config, execution)
    if precision != "fp32":
        require_closeness(folder, config, execution, network)
    return Model(folder, config, network, execution)
