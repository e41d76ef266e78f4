from __future__ import annotations

import re
from pathlib import Path

from distiliqa.dose_response.answers import ASSUMPTIONS

PHYSICS = Path(__file__).parents[2] / "docs" / "physics.md"


def test_what_is_said_of_the_simulation_is_what_the_page_of_its_physics_found():
    page = " ".join(PHYSICS.read_text(encoding="utf-8").split())
    (noise,) = re.findall(r"The noise ratios are \*\*(.*?)\*\*", page)
    (score,) = re.findall(r"\*\*mean\*\* \| all \|.*?difference \S+ before, \+(\S+) now", page)
    (said,) = (one for one in ASSUMPTIONS if "quarter-dose slices" in one)
    assert "real" not in said
    assert f"Its noise was {noise} of theirs" in said
    assert f"its score was {float(score):.2f} higher on average" in said


def test_a_quarter_dose_that_was_simulated_is_not_called_real():
    page = PHYSICS.read_text(encoding="utf-8")
    _, pairs = page.split("## Against another simulation")
    assert "real" not in pairs.partition("## Where constants are from")[0].split()
    assert "the Mayo Clinic made it by\nadding noise to the projections" in pairs
