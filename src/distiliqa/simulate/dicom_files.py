"""DICOM files of simulated slices: where they are written, and how one is made of another."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np
import torch

from distiliqa.ct.dicom.derive import derive, read_stored, write_dicom
from distiliqa.ct.dicom.header import read_header
from distiliqa.ct.spacing import square_side
from distiliqa.errors import DistiliqaError
from distiliqa.simulate.acquisition import acquisition_of
from distiliqa.simulate.degradation import Settings
from distiliqa.simulate.noise_draws import noise_seed
from distiliqa.simulate.scanners import scanner
from distiliqa.simulate.simulator import degraded


def not_made(files: Iterable[Path], folder: Path, out: Path) -> list[Path]:
    """Leave out files that an earlier run wrote to ``out``, where that lies in ``folder``."""
    inner = out.resolve()
    if folder.resolve() not in inner.parents:
        return list(files)
    return [path for path in files if inner not in path.resolve().parents]


def without_dcm(path: Path) -> Path:
    """``path`` without a suffix ``.dcm``; the last part of a UID is no suffix."""
    return path.with_suffix("") if path.suffix.lower() == ".dcm" else path


def other_images(out: Path, targets: Iterable[Path]) -> int:
    """Number of DICOM files under ``out`` that are not targets, such as those of an earlier run."""
    return len({*out.rglob("*.dcm")} - {*targets})


def check_targets(targets: Iterable[tuple[Path, Path]]) -> None:
    """Check the target of every file before any work.

    Parameters
    ----------
    targets : (input, file made of it).

    Raises
    ------
    DistiliqaError : a target is an input, or the target of two inputs.
    """
    targets = list(targets)
    inputs = {path.resolve() for path, _ in targets}
    made: dict[Path, Path] = {}
    for path, target in targets:
        if target.resolve() in inputs:
            raise DistiliqaError(
                "is an input and would be overwritten", path=target, remedy="give another --out"
            )
        if made.setdefault(target, path) != path:
            raise DistiliqaError(
                f"would be written to the place of {made[target].name}",
                path=path,
                remedy="rename one of them",
            )


def target_of(path: Path, folder: Path, out: Path) -> Path:
    """Path that `simulate_file` writes to for the input ``path``."""
    return out / f"{without_dcm(path.relative_to(folder))}.dcm"


def simulate_file(
    path: Path, *, folder: Path, out: Path, settings: Settings, threads: int | None = None
) -> Path:
    """Write the DICOM slice ``path`` of ``folder`` as a worse acquisition shows it, under ``out``.

    Returns
    -------
    The file written. The noise is drawn from the seed and the slice's SOP Instance UID.

    Raises
    ------
    CTReadError : a file that is not a single CT slice in DICOM with pixel spacing.
    """
    if threads:
        torch.set_num_threads(threads)
    source, hu = read_stored(path)
    header = read_header(source, path=str(path))
    spacing = square_side(header.info.spacing_mm, path=path)
    geometry = scanner(settings.scanner).geometry if settings.scanner else None
    made = acquisition_of(hu, spacing, header.info.acquisition, geometry)
    seed = noise_seed(settings.seed, source.SOPInstanceUID)
    worse = settings.degradation(hu, spacing, np.random.default_rng(seed))
    shown = degraded(hu, spacing, made, worse, seed, settings.process)
    target = target_of(path, folder, out)
    dose = worse.relative_dose(made.geometry.views)
    image = derive(source, shown, str(settings), dose=dose)
    if settings.kernel is not None:
        image.ConvolutionKernel = settings.kernel
    if any(processing.facts.family == "codec" for processing in settings.process):
        image.LossyImageCompression = "01"  # PS3.3, C.7.6.1.1.5: it stays so in what is derived
    write_dicom(target, image)
    return target
