"""Write limits of what a body is made of into the config.json of a model folder that has none.

    python -m tools.make_model.tissue_limits MODEL ../shared/data/ct-dev/normal_dose
        --without C3L-00189 --without LungFCP-01-0001

The folders hold normal-dose slices of the patients that trained the model; --without names the
others in them. Each slice counts three times: as it is, with the noise of about 5 % of the dose,
and blurred by 6 mm, so that noise and blur put no trunk out of domain. Weights and scores stay.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

from distiliqa.ct import index_ct
from distiliqa.errors import DistiliqaError
from distiliqa.lab.train.body_limits import tissue_limits
from distiliqa.metrics.body_shape import body_shape
from distiliqa.metrics.body_tissue import BodyTissue
from distiliqa.models.folder import find_model, read_config, write_config
from tools.entry import run

NOISE_HU, GRAIN = 100.0, 0.8  # standard deviation, and that of the kernel in pixels
BLUR_MM, USUAL_PIXEL_MM = 6.0, 0.75  # full width at half maximum
FWHM = 2.3548  # of a Gaussian, in standard deviations


def versions(
    hu: NDArray[np.float32], spacing_mm: tuple[float, float] | None, seed: int
) -> Iterator[NDArray[np.float32]]:
    """Yield a slice as it is, noisy and blurred."""
    yield hu
    noise = gaussian_filter(np.random.default_rng(seed).standard_normal(hu.shape), GRAIN)
    yield (hu + NOISE_HU * noise / noise.std()).astype(np.float32)
    pixel = USUAL_PIXEL_MM if spacing_mm is None else spacing_mm[0]
    yield gaussian_filter(hu, BLUR_MM / FWHM / pixel)


def tissues(folders: list[Path], without: list[str]) -> Iterator[tuple[BodyTissue, str]]:
    """Yield what the bodies are made of, and their patients."""
    for folder in folders:
        for seed, ref in enumerate(index_ct(folder).slices):
            ct = ref.read()
            if ct.patient_id is None or ct.patient_id in without:
                continue
            for hu in versions(ct.hu, ct.spacing_mm, seed):
                if tissue := body_shape(hu).tissue:
                    yield tissue, ct.patient_id


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("model", help="name or folder")
    parser.add_argument("folders", nargs="+", type=Path, help="normal-dose slices")
    parser.add_argument("--without", action="append", default=[], help="a patient to leave out")
    options = parser.parse_args()
    folder = find_model(options.model)
    config = read_config(folder)
    if config.domain is None:
        raise DistiliqaError("no distance", path=folder, remedy="calibrate the model first")
    found, patients = zip(*tissues(options.folders, options.without), strict=True)
    limits = tissue_limits(found, patients)
    write_config(folder, replace(config, domain=replace(config.domain, tissue=limits)))
    print(f"{len(found)} images of {len(set(patients))} patients: {limits}")


if __name__ == "__main__":
    run(main)
