"""Label of a simulated image, from the faults that its scan and its processing leave in it.

The processing runs on the image, and on versions of the slice that are known apart: without noise,
with the structure of the scan, with its noise too, and with blobs inserted. The differences between
these versions after the processing are the faults. So any processing can be measured.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from distiliqa.lab.label.anatomy import CELL, Anatomy, means_of, windowed
from distiliqa.lab.label.loss import INTERNAL_HU, Faults, detectability, hidden_variance
from distiliqa.lab.label.registration import without_displacement
from distiliqa.lab.label.tasks import Array
from distiliqa.simulate.acquisition import Acquisition
from distiliqa.simulate.change import Change
from distiliqa.simulate.degradation import Degradation
from distiliqa.simulate.faults import covered
from distiliqa.simulate.kernels import Kernel
from distiliqa.simulate.motion import rms_displacement
from distiliqa.simulate.processing.processing import Processing
from distiliqa.simulate.simulator import degrade_in_parts

_VISIBLE = 20.0  # signal-to-noise ratio of the blobs: clear, as the detail that readers rate
_MAX_BLOB_HU = 170.0
_SMOOTHING = ("denoiser", "blur", "sampling", "displacement")
_OWN_DOSE = 0.999  # of a scan that draws the noise of the slice again, and adds none

Step = Callable[[NDArray[np.float32]], NDArray[np.float32]]


@dataclass(frozen=True)
class Scan:
    """Slice as a worse acquisition shows it, with its errors.

    Attributes
    ----------
    image : (rows, columns), HU. noise, structure : see `distiliqa.simulate.simulator.Degraded`.
    kernel : the other kernel of this acquisition, if any.
    displacement_mm : root mean square, (cells), or 0.
    seen : pixels that the detector covers.
    """

    image: Array
    noise: Array
    structure: Array
    kernel: Kernel | None
    displacement_mm: Array | float
    seen: NDArray[np.bool_]


class Subject:
    """Slice of a patient on a scanner, whose images are to be labeled.

    Parameters
    ----------
    hu : float32, (rows, columns), HU, of normal dose.
    """

    def __init__(
        self, hu: NDArray[np.float32], spacing_mm: float, made: Acquisition, seed: int
    ) -> None:
        self.hu, self.spacing_mm, self.made = hu, spacing_mm, made
        self.anatomy = Anatomy(hu, spacing_mm)
        alone = self._parts(Degradation(dose=_OWN_DOSE), seed)
        self.own = self.anatomy.variance(_as_seen(self.anatomy.clean, alone[1]))

    def scan(self, worse: Degradation, seed: int) -> Scan:
        """Scan the slice again, worse."""
        image, noise, structure = self._parts(worse, seed)
        rows, columns = self.hu.shape
        moved: Array | float = 0.0
        if worse.motion is not None:
            pixels = rms_displacement(worse.motion, (rows, columns), self.spacing_mm)
            moved = means_of(pixels.numpy(), CELL)
            structure = without_displacement(structure, self.anatomy.clean, self.spacing_mm)
        seen = covered((rows, columns), self.spacing_mm, worse.truncation)
        return Scan(image, noise, structure, worse.kernel, moved, seen)

    def _parts(self, worse: Degradation, seed: int) -> list[Array]:
        hu = torch.from_numpy(self.hu)[None]
        parts = degrade_in_parts(hu, self.spacing_mm, self.made, worse, [seed])
        return [part[0].numpy() for part in parts]

    def shown_by(self, kernel: Kernel | None, blobs: Array) -> Array:
        """Blobs as a reconstruction with this kernel shows them, (rows, columns)."""
        image, worse = torch.from_numpy(blobs)[None], Degradation(kernel=kernel)
        change = Change(image, self.spacing_mm, self.made, worse, [0]).of_kernel()
        if isinstance(change, float):
            return blobs
        return blobs + change[0, : blobs.shape[0], : blobs.shape[1]].numpy()


def _as_seen(image: Array, error: Array) -> Array:
    return windowed(image + error) - windowed(image)


@dataclass(frozen=True)
class Labeled:
    """Image with what its label is made of.

    Attributes
    ----------
    image : (rows, columns), HU. detectability : logarithm, (rows, columns).
    noise_left : standard deviation of the noise, relative to that before all processing.
    """

    image: Array
    faults: Faults
    detectability: Array
    seen: NDArray[np.bool_]
    noise_left: float


def labeled(subject: Subject, scan: Scan, processing: Sequence[Processing] = ()) -> Labeled:
    """Process a scan and find its faults."""
    model = _Model(subject, scan)
    image = scan.image
    for one in processing:
        step = one.prepared(image, subject.spacing_mm)
        image = step(image)
        model.process(one, step)
    faults = model.faults()
    shown = detectability(subject.anatomy, faults)
    return Labeled(image, faults, shown, scan.seen, model.noise_left())


class _Model:
    """Model of a scan, in four images that its processing is shown beside the image itself.

    Attributes
    ----------
    clean : the slice without noise. structured : with the structure of the scan. noisy : with its
        noise too. probed : with blobs inserted as well.
    """

    def __init__(self, subject: Subject, scan: Scan) -> None:
        self.anatomy, self.own = subject.anatomy, subject.own
        self.clean = self.anatomy.clean
        self.structured = self.clean + scan.structure
        self.noisy = self.structured + scan.noise
        hiding = np.sqrt(self.anatomy.mean(self._of_noise()) + INTERNAL_HU**2)
        heights = np.minimum(_VISIBLE * hiding / self.anatomy.tasks.peaks, _MAX_BLOB_HU)
        self.inserted = self.anatomy.blobs(heights.tolist())
        self.probed = self.noisy + subject.shown_by(scan.kernel, self.inserted)
        self.deviation = self._deviation()
        self.false = np.zeros_like(self.own)
        self.hidden: Array | float = 0.0
        self.displacement = np.square(scan.displacement_mm)
        self.denoised = False

    def process(self, one: Processing, step: Step) -> None:
        """Show the images one processing, and note what its family does."""
        before = self._of_noise()
        coded = step(self.noisy) - self.noisy if one.facts.family == "codec" else None
        anatomy = self.clean
        if coded is not None:  # an error that depends on the noise, but is none
            self.structured = self.structured + coded
        elif one.facts.family != "noise":
            self.clean, self.structured = step(self.clean), step(self.structured)
        probed = self.probed - self.noisy
        self.noisy, shown = step(self.noisy), step(self.probed)
        if one.facts.family == "displacement":  # rated by its own measure; a shift costs nothing
            shown = self.noisy + probed
        if one.facts.family == "contrast":  # of all detail, also where the filter finds none
            shown = (self.noisy + one.strength * probed).astype(np.float32)
        self.probed = shown
        if one.facts.family == "sharpening":  # edges that are not there
            self.false = self.false + self.anatomy.variance(_as_seen(anatomy, self.clean - anatomy))
        if one.facts.family in _SMOOTHING:
            self.hidden = self.hidden + hidden_variance(before, self._of_noise(), self.own)
        self.denoised |= one.facts.family == "denoiser"
        self.displacement = self.displacement + one.displacement_mm**2

    def faults(self) -> Faults:
        """All faults after the last processing."""
        structure = self.anatomy.variance(windowed(self.structured) - windowed(self.clean))
        response = windowed(self.probed) - windowed(self.noisy)
        return Faults(
            noise=self._of_noise(),
            own=self.own,
            structure=structure + self.false,
            gain=self.anatomy.gain(response, self.inserted),
            hidden=self.hidden,
            displacement_mm=np.sqrt(self.displacement),
            processed=self.denoised,
        )

    def noise_left(self) -> float:
        """Standard deviation of the noise, relative to that of the scan."""
        return self._deviation() / max(self.deviation, 1e-6)

    def _deviation(self) -> float:
        noise = windowed(self.noisy) - windowed(self.structured)
        return float(np.sqrt(np.mean(noise[self.anatomy.tissue > 0] ** 2)))

    def _of_noise(self) -> Array:
        return self.anatomy.variance(windowed(self.noisy) - windowed(self.structured))
