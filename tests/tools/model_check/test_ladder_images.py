"""Ladders are made once, with images of growing fault and labels that fall."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from tools.model_check.ladder_images import loaded, make_ladders
from tools.model_check.ladder_kinds import LADDERS, LadderKind
from tools.model_check.subject import Subject

from tools.model_check import ladder_images


@pytest.fixture
def kinds() -> list[LadderKind]:
    """Two short ladders: one of scans, one of processing."""
    by_name = {kind.name: kind for kind in LADDERS}
    return [replace(by_name["dose"], rungs=(1, 0.1)), replace(by_name["blur"], rungs=(0, 6, 16))]


def test_labels_fall_with_the_fault(subject: Subject, kinds: list[LadderKind]):
    one = replace(subject, slices=1)
    make_ladders(one, kinds, jobs=1)
    found = list(loaded(one, kinds))
    counts = {kind.name: len(rungs.images) for kind, _, rungs in found}
    assert counts == {"dose": 2, "blur": 3}
    for _, held_out, rungs in found:
        assert held_out.patient == "H1"
        assert (np.diff(rungs.labels) < -0.1).all()
        inside = rungs.weight > 0
        means = (rungs.quality * rungs.weight).sum((1, 2)) / rungs.weight.sum()
        assert means == pytest.approx(rungs.labels, abs=1e-4)
        assert inside.any()
    assert np.abs(found[0][2].images[0] - found[0][1].ct.hu).max() <= 1, "the slice itself"


def test_what_is_made_is_not_made_again(
    subject: Subject, kinds: list[LadderKind], monkeypatch: pytest.MonkeyPatch
):
    one = replace(subject, slices=1)
    make_ladders(one, kinds[:1], jobs=1)
    made: list[str] = []
    write = ladder_images._Maker.make

    def counted(self: ladder_images._Maker, kind: LadderKind) -> None:
        made.append(kind.name)
        write(self, kind)

    monkeypatch.setattr(ladder_images._Maker, "make", counted)
    make_ladders(one, kinds, jobs=1)
    make_ladders(one, kinds, jobs=1)
    assert made == ["blur"]
    make_ladders(one, [kinds[0], replace(kinds[1], rungs=(0, 4))], jobs=1)
    assert made == ["blur", "blur"], "another definition"
