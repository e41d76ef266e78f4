"""The row that an image of a simulated data set has in its manifest."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from distiliqa.simulate.degradation import Settings
from distiliqa.simulate.processing.processing import Processing

_DENOISED = 0.8  # share of the noise that a denoiser leaves where its texture is seen
_SMOOTHING = {"blur", "sampling", "displacement"}  # families that change texture as denoisers do
_NOT_COLUMNS = {"scanner", "process", "smoothing"}  # of the patient, and of the processing
SETTINGS = tuple(name for name in Settings.__dataclass_fields__ if name not in _NOT_COLUMNS)


class SimulatedRow(NamedTuple):
    """Row of the manifest: path of an image, its label, and all parameters of its simulation.

    Attributes
    ----------
    path, case, slice, dose, score, source : as in `distiliqa.lab.data.rated_folder.ManifestRow`;
        ``source`` is the normal-dose file, ``case`` its Patient ID.
    patient : number of the patient made of the slice; ``size`` to ``table`` as in `Patient`.
    scanner : scanner with the simulated geometry; empty for that of the file.
    spacing_mm, photons, own_kernel_half, own_kernel_order : of the image before it is degraded,
        see `Acquisition`.
    scan : number of the scan of the patient; 0 is that of full dose.
    views to truncation, seed : as in `Settings`.
    process : ``kind:strength`` of each processing, joined by ``;``. process_seed : their seeds.
    noise_left : standard deviation of the noise after the processing, relative to that before.
    processed : 1 where a denoiser changed the texture, 0 where nothing did, None where unknown.
    label_map : path of the `QualityMap`, relative to the manifest.
    """

    path: str
    case: str
    slice: str
    dose: float
    score: float
    source: str
    patient: int
    size: float
    contrast: float
    right: int
    down: int
    table: bool
    scanner: str
    spacing_mm: float
    photons: float
    own_kernel_half: float
    own_kernel_order: float
    scan: int
    views: int | None
    keep_dose: bool
    kernel: str | None
    motion: float
    ring: float
    metal: float
    hardening: float
    truncation: float | None
    seed: int
    process: str
    process_seed: str
    noise_left: float
    processed: int | None
    label_map: str


def processed(chain: Sequence[Processing], noise_left: float) -> int | None:
    """Whether a denoiser changed the texture of the noise; None where that is not known.

    Parameters
    ----------
    noise_left : standard deviation of the noise, relative to that before the processing.
    """
    kinds = [processing.facts for processing in chain]
    if any(kind.makes_processed for kind in kinds):
        scaled = any(processing.kind == "hu_scale" for processing in chain)
        return 1 if noise_left < _DENOISED and not scaled else None
    blotchy = any(processing.kind == "blotchy_noise" for processing in chain)
    return None if blotchy or any(kind.family in _SMOOTHING for kind in kinds) else 0
