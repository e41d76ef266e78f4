from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from tests.support.made import made_score, with_facts
from tests.support.sized import MEASURED

from distiliqa.compare.findings import findings
from distiliqa.compare.quantities import quantities
from distiliqa.compare.result import PairedRun, ScorePair, SeriesPair
from distiliqa.ct import Acquisition
from distiliqa.ct.header_facts import ITERATIVE
from distiliqa.metrics import Ssde
from distiliqa.report import mean_columns
from distiliqa.report.columns import Column
from distiliqa.scoring.slice_score import SliceScore

Make = Callable[..., PairedRun]


@pytest.fixture
def make(paired: PairedRun) -> Make:
    """A comparison of pairs of scores, one series of ``each`` pairs for every patient."""

    def made(
        pairs: list[tuple[SliceScore, SliceScore]], each: int = 100, patients: int = 1
    ) -> PairedRun:
        named = [
            ScorePair(*(with_facts(side, patient_id=f"P{n // each % patients}") for side in pair))
            for n, pair in enumerate(pairs)
        ]
        parts = [tuple(named[at : at + each]) for at in range(0, len(named), each)]
        series = (SeriesPair(f"a{n}", f"b{n}", part) for n, part in enumerate(parts))
        return replace(paired, series=tuple(series))

    return made


def noisy(noise: float, score: float = 2.0, **made: object) -> SliceScore:
    return made_score(score, noise_hu=noise, acquisition=Acquisition(**made))


def test_twice_the_noise_implies_a_quarter_of_the_dose(make: Make):
    pairs = [
        (noisy(noise, ctdivol_mgy=8.0), noisy(2 * noise, ctdivol_mgy=4.0)) for noise in range(5, 25)
    ]
    run = make(pairs)
    found = quantities(run)
    assert found.noise.value == pytest.approx(2)
    assert found.noise.interval == pytest.approx((2, 2))
    assert found.implied_dose.value == pytest.approx(0.25)
    assert found.doses["ctdivol_mgy"].value == pytest.approx(0.5)
    noise, dose = list(findings(run, found))[:2]
    assert noise.startswith("The noise of B is 2.00 (2.00 to 2.00) times that of A. Filtered")
    assert "at 0.25 (0.25 to 0.25) times the dose" in noise
    assert dose == "The CTDIvol of B is 0.50 (0.50 to 0.50) times that of A."


def test_a_stated_dose_that_does_not_explain_the_noise_is_named(make: Make):
    def said(dose: float) -> str:
        run = make([(noisy(10, ctdivol_mgy=8.0), noisy(20, ctdivol_mgy=dose))] * 4)
        return " ".join(findings(run, quantities(run)))

    assert "The stated CTDIvol does not explain the noise" in said(8.0)
    assert "does not explain" not in said(2.5)


PHANTOMS = "the CTDIvol of A and of B is of different phantoms, 16 and 32 cm"


@pytest.mark.parametrize("by_report", [False, True])
def test_ctdivol_of_different_phantoms_is_not_compared(make: Make, by_report: bool):
    """The same scan, by the phantom of a head: about twice the CTDIvol of that of a body."""

    def one(ctdivol_mgy: float, phantom_cm: int) -> SliceScore:
        stated, reported = (None, phantom_cm) if by_report else (phantom_cm, None)
        measured = replace(MEASURED, ssde=Ssde(12.0, phantom_cm=reported))
        made = noisy(10, ctdivol_mgy=ctdivol_mgy, ctdi_phantom_cm=stated)
        return replace(made, measures=measured)

    run = make([(one(8.0, 32), one(16.0, 16))] * 4)
    found = quantities(run)
    said = " ".join(findings(run, found))
    assert {name: ratio.value for name, ratio in found.doses.items()} == {"ssde_mgy": 1}
    assert f"In 4 slices {PHANTOMS}: it has no ratio there." in said
    assert "does not explain" not in said


def test_slices_of_one_phantom_keep_the_ratio_of_their_ctdivol(make: Make):
    body = noisy(10, ctdivol_mgy=8.0, ctdi_phantom_cm=32)
    alike, unknown, other = (
        (body, noisy(10, ctdivol_mgy=4.0, ctdi_phantom_cm=size)) for size in (32, None, 16)
    )
    found = quantities(make([alike, unknown, other]))
    ratio = found.doses["ctdivol_mgy"]
    assert (ratio.value, ratio.n, found.other_phantoms) == (pytest.approx(0.5), 2, 1)
    run = make([alike, unknown])
    assert PHANTOMS not in " ".join(findings(run, quantities(run)))


def test_the_ends_of_an_implied_dose_are_in_order(make: Make):
    more = np.random.default_rng(0).integers(3, size=20)  # one slice is not like the next
    pairs = [(noisy(10), noisy(10 + n)) for n in more]
    low, high = quantities(make(pairs)).implied_dose.interval
    assert low < quantities(make(pairs)).implied_dose.value < high < 1


@pytest.mark.parametrize(
    ("facts", "reason"),
    [
        ({"reconstruction_method": ITERATIVE}, "iterative, learned and denoised images have less"),
        ({"kernel": "B70f"}, "A and B differ in kernel, which changes noise too"),
    ],
)
def test_no_dose_follows_where_more_than_the_dose_differs(make: Make, facts: dict, reason: str):
    run = make([(noisy(10), noisy(5, **facts))] * 4)
    assert f"No dose follows from it: {reason}" in next(findings(run, quantities(run)))


def test_of_several_patients_patients_are_drawn(make: Make):
    # All slices of a patient are alike, and patients differ.
    pairs = [(noisy(10), noisy(10 + n // 10)) for n in range(80)]
    by_patient = make(pairs, each=10, patients=8)
    assert (by_patient.patients, by_patient.noise.units, by_patient.noise.n) == (8, 8, 80)
    together = make(pairs)
    assert together.patients == 1
    low, high = by_patient.noise.interval
    assert high - low > 2 * 7 / 8  # of the mean of 8 values from 0 to 7
    assert together.noise.interval is None  # neighbors are alike: blocks are few and long
    few = make(pairs[:30], each=10, patients=3)
    assert (few.noise.units, few.noise.interval) == (3, None)


def test_two_series_of_a_patient_are_one_unit(make: Make):
    run = make([(noisy(10), noisy(11))] * 12, each=1, patients=6)
    assert (len(run.series), run.noise.units) == (12, 6)


@pytest.fixture
def textured(monkeypatch: pytest.MonkeyPatch) -> None:
    """The columns of sharpness and texture, of the outputs of the slice."""
    sharp, peak = (
        Column(name, "1/mm", 3, "", lambda slice_, at=at: slice_.outputs[at], term=name)
        for at, name in enumerate(("mtf50_per_mm", "nps_peak_per_mm"))
    )
    known = [one for one in mean_columns.MEASURES if one.name not in (sharp.name, peak.name)]
    monkeypatch.setattr(mean_columns, "MEASURES", (*known, sharp, peak))


@pytest.mark.usefixtures("textured")
@pytest.mark.parametrize(
    ("regions", "moved", "changed"),
    [((), 0.021, True), ((), 0.019, False), (("chest",), 0.03, False), (("chest",), 0.05, True)],
)
def test_texture_changed_by_what_is_just_noticeable(
    make: Make, regions: tuple[str, ...], moved: float, changed: bool
):
    first = made_score(2.0, noise_hu=10.0, outputs=(0.3, 0.25), regions=regions)
    second = made_score(2.0, noise_hu=10.0, outputs=(0.3, 0.25 - moved), regions=regions)
    run = make([(first, second)] * 4)
    assert quantities(run).texture_changed is changed
    said = [text for text in findings(run, quantities(run)) if "exture" in text]
    assert said[0].startswith("Texture changed" if changed else "No noticeable change of texture")
    limit = "0.04 /mm (0.4 lp/cm)" if regions else "0.02 /mm (0.2 lp/cm)"
    assert said[0].endswith(f" /mm; {limit} is just noticeable.")


@pytest.mark.usefixtures("textured")
def test_measures_that_disagree_are_named(make: Make):
    pairs = [
        (
            made_score(2.0 + n / 100, noise_hu=20.0 + n, outputs=(0.4, 0.25)),
            made_score(3.0, noise_hu=10.0, outputs=(0.3, 0.25)),
        )
        for n in np.random.default_rng(0).permutation(20)
    ]
    run = make(pairs)
    last = list(findings(run, quantities(run)))[-1]
    assert last == (
        "The measures disagree. Higher in B: Score. Lower in B: Noise level and Sharpness f50."
    )
    scale = replace(run.first.model.scale, higher_is_better=False)
    model = replace(run.first.model, scale=scale)
    lower = replace(make([(a, replace(b, outputs=(0.5, 0.25))) for a, b in pairs]))
    lower = replace(lower, first=replace(lower.first, model=model))
    assert (
        "Higher in B: Score (lower is better) and Sharpness f50."
        in list(findings(lower, quantities(lower)))[-1]
    )
    alike = [(first, replace(second, outputs=(0.3999, 0.25))) for first, second in pairs]
    small = list(findings(make(alike), quantities(make(alike))))
    assert small[-1] == "Too small to matter, whatever p is: Sharpness f50 (below 0.0005 /mm)."
    assert "disagree" not in " ".join(small)
    agreeing = make([(first, replace(second, outputs=(0.5, 0.25))) for first, second in pairs])
    assert "disagree" not in " ".join(findings(agreeing, quantities(agreeing)))


@pytest.mark.usefixtures("textured")
@pytest.mark.parametrize("noise", [10.0, 30.0])
def test_noise_alone_is_neither_better_nor_worse(make: Make, noise: float):
    pairs = [
        (
            made_score(2.0 + n / 100, noise_hu=20.0 + n / 10, outputs=(0.4, 0.25)),
            made_score(3.0, noise_hu=noise, outputs=(0.5, 0.25)),
        )
        for n in np.random.default_rng(0).permutation(20)
    ]
    said = " ".join(findings(make(pairs), quantities(make(pairs))))
    assert not any(word in said for word in ("disagree", "etter", "orse"))
