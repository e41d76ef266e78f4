"""Slices of patients that the recipe of the shipped model keeps out of training, CC BY."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from distiliqa.ct import SliceInfo, index_ct
from tools.make_model.patients import FILE, Slice, load_patients

PATIENTS = Path(__file__).resolve().parents[2] / "training" / "compact" / FILE
MAX_NOISE_HU = 20.0  # a reference is to be clean


def checked_slices(data: Path, count: int) -> list[SliceInfo]:
    """The clean slices of the first patients that are held out or for checks.

    Parameters
    ----------
    data : folder with ``ct-dev`` and ``ct-more``.
    """
    folders = (data / part / "normal_dose" for part in ("ct-dev", "ct-more"))
    found = {info.sop_uid: info for folder in folders for info in index_ct(folder).slices}
    return [found[one.sop_uid] for one in _clean() if one.sop_uid in found][:count]


def _clean() -> Iterator[Slice]:
    """The cleanest slice of each patient."""
    for patient in load_patients(PATIENTS).of("held_out", "check"):
        noise = {one.noise_hu: one for one in patient.slices if one.noise_hu is not None}
        if noise and min(noise) <= MAX_NOISE_HU:
            yield noise[min(noise)]
