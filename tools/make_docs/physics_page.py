"""Measure the simulation and write docs/physics.md with its plots.

    python -m tools.make_docs.physics_page [--data ../shared/data]

Pairs of doses are read from DATA/ct-dev/dose_pairs; only figures of them are written, no image.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median

import matplotlib
import numpy as np
import torch
from numpy.typing import NDArray

from distiliqa.ct import SOFT_TISSUE
from distiliqa.files import atomic_path, write_text
from distiliqa.metrics import difference_power_spectrum
from distiliqa.simulate.acquisition import Acquisition
from distiliqa.simulate.attenuation import HU_PER_ATTENUATION, attenuation
from distiliqa.simulate.degradation import Degradation
from distiliqa.simulate.faults import Rod
from distiliqa.simulate.kernels import SHARP, SOFT, STANDARD, Kernel
from distiliqa.simulate.motion import Motion
from distiliqa.simulate.noise import incident_photons
from distiliqa.simulate.parallel_beam import noise_variance, project
from distiliqa.simulate.simulator import degrade
from tools.make_docs import photons_of_patients, quarter_dose
from tools.make_docs.dose_pairs import DosePair, dose_pairs
from tools.make_docs.noise_comparison import NoiseComparison, compare_noise, tapered
from tools.phantom.body import body_phantom
from tools.phantom.scan import scan

matplotlib.use("Agg")
from matplotlib import pyplot as plt
from matplotlib.figure import Figure

ROOT = Path(__file__).resolve().parents[2]
SIZE, SPACING, RADIUS = 512, 0.7, 150.0  # the water cylinder, mm
DOSES = (1.0, 0.5, 0.25, 0.1, 0.05)
GALLERY = {
    "normal dose": Degradation(),
    "dose 0.25": Degradation(dose=0.25),
    "dose 0.05": Degradation(dose=0.05),
    "180 views": Degradation(views=180),
    "90 views": Degradation(views=90),
    "sharp kernel, dose 0.25": Degradation(kernel=SHARP, dose=0.25),
    "motion, 3 mm": Degradation(motion=Motion((2.0, 2.2), phase=0.1)),
    "breathing, 2 %": Degradation(motion=Motion(breathing=0.02)),
    "rings": Degradation(ring=0.05),
    "iron rod, 5 mm": Degradation(rods=(Rod(-40.0, 0.0, 2.5, "iron"),)),
    "detector of 280 mm": Degradation(truncation=280.0),
    "dose 0.25, denoised": Degradation(dose=0.25, smoothing=1.0),
}


@dataclass(frozen=True)
class Compared:
    """A pair of doses and its simulation."""

    name: str
    kernel: str
    made: Acquisition
    compared: NoiseComparison


def main() -> None:
    options = argparse.ArgumentParser(description="measure the simulation")
    options.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "data")
    data = options.parse_args().data
    slope, center = noise_against_dose()
    spectrum_error = spectrum_of_water()
    gallery()
    given = list(dose_pairs(data))
    pairs = [compare(pair) for pair in given]
    blind = [compare(pair, named=False).compared for pair in given]
    quarter = list(quarter_dose.measured(given))
    photons = photons_of_patients.of_series(data)
    plot_pairs(pairs)
    text = (ROOT / "tools" / "make_docs" / "physics.md.in").read_text(encoding="utf-8")
    filled = {
        "@SLOPE@": f"{slope:.3f}",
        "@CENTER@": f"{100 * center:.1f} %",
        "@SPECTRUM@": f"{100 * spectrum_error:.1f} %",
        "@PAIRS@": table(pairs),
        "@QUARTER@": quarter_dose.table(quarter, quarter_dose.before()),
        "@PHOTONS@": f"{median(map(median, photons.values())):.0f}",
        "@SERIES@": str(len(photons)),
        "@RATIOS@": extent([pair.compared.ratio for pair in pairs]),
        "@PEAKS@": extent([pair.compared.peak_ratio for pair in pairs]),
        "@BLIND_RATIOS@": extent([found.ratio for found in blind]),
        "@BLIND_PEAKS@": extent([found.peak_ratio for found in blind]),
    }
    for mark, value in filled.items():
        text = text.replace(mark, value)
    write_text(ROOT / "docs" / "physics.md", text)


def water() -> NDArray[np.float32]:
    y, x = (np.mgrid[:SIZE, :SIZE] - SIZE // 2) * SPACING
    share = np.clip(0.5 + (RADIUS - np.hypot(x, y)) / SPACING, 0, 1)
    return (1000 * (share - 1)).astype(np.float32)


def noise_against_dose() -> tuple[float, float]:
    """Slope of log variance on log 1/dose, and the error of the noise map; both plotted."""
    clean, made = water(), replace(Acquisition(), kernel=STANDARD)
    quiet = replace(made, beam=replace(made.beam, photons=1e7, electronic=0.0))
    noise = [scan(clean, (SPACING,) * 2, d, seed=1, acquisition=quiet) - clean for d in DOSES]
    y, x = (np.mgrid[:SIZE, :SIZE] - SIZE // 2) * SPACING
    radius = np.hypot(x, y)
    variance = [float(n[radius < 60].var()) for n in noise]
    slope = float(np.polyfit(-np.log(DOSES), np.log(variance), 1)[0])
    bins = np.arange(0, RADIUS, 10.0)
    rings = [(radius >= r) & (radius < r + 10) for r in bins]
    theory = predicted_noise(clean, quiet)
    found = np.array([noise[0][ring].std() for ring in rings])
    expected = np.array([np.sqrt(np.square(theory[ring]).mean()) for ring in rings])
    figure, (left, right) = plt.subplots(1, 2, figsize=(8, 3), layout="constrained")
    left.loglog(1 / np.array(DOSES), variance, "o", label="simulated")
    left.loglog(1 / np.array(DOSES), variance[0] / np.array(DOSES), label="in proportion")
    left.set(xlabel="1 / dose", ylabel="variance, HU²")
    right.plot(bins + 5, found, "o", label="simulated")
    right.plot(bins + 5, expected, label="theory")
    right.set(xlabel="distance from the axis, mm", ylabel="noise, HU", ylim=(0, None))
    save(figure, "noise", left, right)
    return slope, float(np.max(np.abs(found / expected - 1)))


def predicted_noise(hu: NDArray[np.float32], made: Acquisition) -> NDArray:
    """Standard deviation of the noise of each pixel, HU, without drawing any."""
    rays = made.geometry.parallel
    integrals = project(attenuation(hu), SPACING, rays)
    counts = incident_photons(integrals, rays, made.beam) * np.exp(-integrals)
    variance = noise_variance(1 / counts, SIZE, SPACING, rays, made.kernel)
    return np.sqrt(variance) * HU_PER_ATTENUATION


def spectrum_of_water() -> float:
    """Plot spectra of three kernels with f * apodization**2; the largest error, of the highest."""
    clean = water()
    y, x = (np.mgrid[:SIZE, :SIZE] - SIZE // 2) * SPACING
    window = tapered(np.hypot(x, y) < 100)
    figure, axes = plt.subplots(figsize=(5, 3), layout="constrained")
    errors = []
    for name, kernel in {"soft": SOFT, "standard": STANDARD, "sharp": SHARP}.items():
        made = replace(Acquisition(), kernel=kernel)
        noise = [scan(clean, (SPACING,) * 2, seed=n, acquisition=made) - clean for n in range(6)]
        spectra = [difference_power_spectrum(n, window, (SPACING,) * 2) for n in noise]
        rings = np.linspace(0, 0.6, 25)
        frequency, power = np.mean([spectrum.radial(rings) for spectrum in spectra], 0)
        theory = frequency * kernel.apodization(frequency) ** 2
        theory *= power.sum() / theory.sum()
        (line,) = axes.plot(frequency, power / theory.sum(), "o", ms=3, label=name)
        axes.plot(frequency, theory / theory.sum(), color=line.get_color())
        errors.append(np.max(np.abs(power - theory)) / theory.max())
    axes.set(xlabel="frequency, cycles/mm", ylabel="noise power, relative")
    save(figure, "spectrum", axes)
    return float(max(errors))


def gallery() -> None:
    spacing = 0.74
    clean = body_phantom(0.0, seed=7)
    made = replace(Acquisition(), kernel=Kernel(0.36, 2.15))
    normal = torch.from_numpy(scan(clean, (spacing,) * 2, seed=0, acquisition=made))[None]
    figure, axes = plt.subplots(3, 4, figsize=(10, 6.4), layout="constrained")
    for place, (name, worse) in zip(axes.flat, GALLERY.items(), strict=True):
        shown = SOFT_TISSUE.apply(degrade(normal, spacing, made, worse, [1])[0].numpy())
        place.imshow(shown[70:440, 20:492], cmap="gray", vmin=0, vmax=1)
        place.set_title(name, fontsize=9)
        place.axis("off")
    save(figure, "gallery")


def compare(pair: DosePair, *, named: bool = True) -> Compared:
    made = pair.made(named=named)
    noise = compare_noise(pair.full, pair.simulated(made), pair.mayo, pair.spacing_mm)
    return Compared(pair.name, pair.kernel, made, noise)


def plot_pairs(pairs: list[Compared]) -> None:
    figure, axes = plt.subplots(1, 2, figsize=(8, 3), layout="constrained")
    for place, kernel in zip(axes, ("B30f", "D45f"), strict=True):
        found = [pair.compared for pair in pairs if pair.kernel == kernel]
        for name, label in {"mayo": "Mayo's", "simulated": "simulated"}.items():
            shares = [getattr(one, name).added.power / one.mayo.added.power.sum() for one in found]
            place.plot(found[0].mayo.added.frequency, np.mean(shares, 0), label=label)
        place.set(title=kernel, xlabel="frequency, cycles/mm", ylabel="noise power, relative")
    save(figure, "pairs", *axes)


def table(pairs: list[Compared]) -> str:
    lines = [
        "| slice | kernel | half, order found | photons a ray | noise simulated, Mayo's (HU) "
        "| ratio | peak simulated, Mayo's (cycles/mm) | ratio |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for pair in pairs:
        found, made = pair.compared, pair.made
        lines.append(
            f"| {pair.name} | {pair.kernel} | {made.kernel.half:.2f}, {made.kernel.order:.1f} "
            f"| {made.beam.photons:.2g} "
            f"| {found.simulated.deviation:.1f}, {found.mayo.deviation:.1f} | {found.ratio:.2f} "
            f"| {found.simulated.added.peak_frequency:.3f}, {found.mayo.added.peak_frequency:.3f} "
            f"| {found.peak_ratio:.2f} |"
        )
    return "\n".join(lines)


def extent(values: list[float]) -> str:
    return f"{min(values):.2f} to {max(values):.2f}"


def save(figure: Figure, name: str, *legends: plt.Axes) -> None:
    for axes in legends:
        axes.legend(fontsize=8)
    path = ROOT / "docs" / "images" / f"physics_{name}.png"
    with atomic_path(path) as partial:
        figure.savefig(partial, dpi=80, format="png", metadata={"Software": None})
    plt.close(figure)


if __name__ == "__main__":
    main()
