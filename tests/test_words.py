"""Retired words stay retired, see the glossary of CONTRIBUTING.md."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import distiliqa

# A stream's tell() is not ours to name. The keys "lanes", "outside" and "certainty" of files stay.
RETIRED = {
    r"(?<!\.)\b(tells?|told)\b(?!\(| =|,)": "report, warn, detect, identify, log",
    r"\bfor each in\b|lambda each|\beach\.[a-z]": "the name of what the loop runs over",
    r"\b_?(MOST|FEWEST|LEAST|LARGEST|SMALLEST|FARTHEST)_[A-Z]": "MAX_ or MIN_",
    r"(?i)\bprices?\b|_price": "penalty, or streak weight",
    r"(?<![\"\w`])lanes?\b(?![\"`])": "parallel batches",
    r"(?<!slices)\.outside\b|def outside\b": "out_of_domain",
    r"(?<![\"\w`])certainty\b(?![\"`])": "interval calibration, or prediction interval",
}


@pytest.mark.parametrize("word", RETIRED)
def test_retired_words(word: str) -> None:
    for path in Path(distiliqa.__file__).parent.rglob("*.py"):
        found = re.search(word, path.read_text("utf-8"))
        assert found is None, f"{path.name}: {found[0]}; write {RETIRED[word]}"
