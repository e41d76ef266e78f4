from __future__ import annotations

import pytest
from tools.model_check.normal_dose import is_sharp, normal_dose
from tools.model_check.subject import Subject


@pytest.mark.parametrize(
    ("kernel", "expected"),
    [("B30f", False), ("STANDARD", False), ("LUNG", True), ("59 .21.B50s", True), ("?", None)],
)
def test_kernels_are_soft_or_sharp_by_their_names(kernel: str, expected: bool | None):
    assert is_sharp(kernel) is expected
    assert is_sharp(None) is None


def test_only_held_out_soft_kernels_have_a_bound(subject: Subject):
    section = normal_dose(subject)
    assert [row["n"] for row in section.lines] == [1, 1]
    counts = {row["slices"]: row["n"] for row in section.tables[1]}
    assert counts == {
        "held out, sharp kernels": 1,
        "held out, soft kernels": 1,
        "too noisy or sharp for training, sharp kernels": 1,
    }
