from __future__ import annotations

from dataclasses import replace

from tests.support.made import made_score

from distiliqa.ct import Acquisition
from distiliqa.scoring.equivalence import NO_EVIDENCE
from distiliqa.scoring.evidence import no_evidence
from distiliqa.scoring.hold_back import LOST_DETAIL


def test_all_reasons_stand_in_one_warning_with_their_sides() -> None:
    plain = made_score()
    learned = made_score(acquisition=Acquisition(reconstruction_method="deep learning"))
    processed = replace(plain, counts_as_processed=True)
    (warning,) = no_evidence({"A": [plain], "B": [learned], "C": [plain, processed]})
    assert warning.startswith("B, deep learning reconstruction; ")
    assert warning.endswith(f"1 of 2 slices of C: {LOST_DETAIL}; {NO_EVIDENCE}")
    assert list(no_evidence({"A": [plain]})) == []
