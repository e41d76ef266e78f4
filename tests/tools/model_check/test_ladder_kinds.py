from __future__ import annotations

from pathlib import Path

from tools.model_check.ladder_kinds import LADDERS, NOISY_DOSE, LadderKind, ladders_with

from distiliqa.simulate.degradation import Settings
from distiliqa.simulate.processing.kinds import KINDS

BY_NAME = {kind.name: kind for kind in LADDERS}


def test_names_are_unique():
    assert len(BY_NAME) == len(LADDERS)


def test_the_first_rung_has_no_fault():
    for kind in ladders_with({"edge": Path("edge.safetensors")}):
        first = kind.at(kind.rungs[0])
        assert first.scan == kind.fixed
        assert first.chain == ()


def test_rungs_are_scans_or_processing():
    blur = BY_NAME["blur"].at(4)
    assert (blur.scan, str(blur.chain[0])) == (Settings(), "gaussian_blur:4")
    assert BY_NAME["views, same dose"].at(80).scan == Settings(views=80, keep_dose=True)
    assert BY_NAME["blur, noisy image"].at(4).scan == Settings(dose=NOISY_DOSE)


def test_all_denoisers_are_asked_on_the_slice_and_on_a_noisy_image():
    asked: dict[str, list[float]] = {}
    for kind in ladders_with({"edge": Path("edge.safetensors")}):
        asked.setdefault(kind.fault, []).append(kind.fixed.dose)
    denoisers = [name for name, kind in KINDS.items() if kind.makes_processed]
    assert all(sorted(asked[name]) == [NOISY_DOSE, 1] for name in denoisers)


def test_bounds_are_those_of_the_groups():
    def bound(kind: LadderKind) -> float:
        return kind.at_least

    high = {bound(BY_NAME[name]) for name in ("white noise", "sharpening", "blur", "dose")}
    low = {bound(BY_NAME[name]) for name in ("motion in the turn", "metal", "lost contrast")}
    assert (high, low, bound(BY_NAME["JPEG"])) == ({0.97}, {0.90}, 0.85)
