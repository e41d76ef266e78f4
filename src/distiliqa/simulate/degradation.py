"""What can be worse about an acquisition."""

from __future__ import annotations

from dataclasses import dataclass

from distiliqa.simulate.kernels import Kernel
from distiliqa.simulate.metal import Rod
from distiliqa.simulate.motion import Motion


@dataclass(frozen=True)
class Degradation:
    """What is worse than it was. The default is nothing.

    Attributes
    ----------
    dose : photons in each view, relative to the slice's own; in (0, 1].
    views : projections in the turn, at least 8; None for all.
    keep_dose : the photons of the other views go to those that are left, so that the dose stays
        and few views leave streaks alone; if not, they are saved, and fewer views are noisier too.
    kernel : to reconstruct with; None for the slice's own.
    motion : of the patient.
    ring : relative gain error of faulty channels.
    rods : metal put into the slice.
    hardening : share of the beam hardening of bone and metal that stays uncorrected.
    truncation : diameter that the detector covers, mm; None for all of it.
    smoothing : strength of a denoiser, in noise standard deviations; 0 for none.
    """

    dose: float = 1.0
    views: int | None = None
    keep_dose: bool = False
    kernel: Kernel | None = None
    motion: Motion | None = None
    ring: float = 0.0
    rods: tuple[Rod, ...] = ()
    hardening: float = 0.0
    truncation: float | None = None
    smoothing: float = 0.0

    def __post_init__(self) -> None:
        if not 0 < self.dose <= 1:
            raise ValueError(f"relative dose must lie in (0, 1], not {self.dose}")
        if self.views is not None and self.views < 8:
            raise ValueError(f"views must be at least 8, not {self.views}")

    def relative_dose(self, views: int) -> float:
        """The dose of the whole scan, relative to that of ``views`` projections at full dose."""
        saved = self.views is not None and not self.keep_dose
        return self.dose * min(1.0, (self.views or views) / views) if saved else self.dose
