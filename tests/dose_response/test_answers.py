from __future__ import annotations

import re
from pathlib import Path

from distiliqa.dose_response.answers import ASSUMPTIONS

PHYSICS = Path(__file__).parents[2] / "docs" / "physics.md"


def test_what_is_said_of_the_simulation_is_what_the_page_of_its_physics_found():
    page = " ".join(PHYSICS.read_text(encoding="utf-8").split())
    (noise,) = re.findall(r"The noise ratios are \*\*(.*?)\*\*", page)
    (score,) = re.findall(r"\*\*mean\*\* \| all \|.*?difference \S+ before, \+(\S+) now", page)
    (said,) = (one for one in ASSUMPTIONS if "real quarter-dose slices" in one)
    assert f"its noise was {noise} of the real one" in said
    assert f"its score was {float(score):.2f} higher on average" in said
