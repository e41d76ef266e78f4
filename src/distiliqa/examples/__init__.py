"""Examples that the package brings: computed CT, no patient."""

from __future__ import annotations

from pathlib import Path

# A body phantom at three doses, made by this project.
EXAMPLE_SERIES = Path(__file__).parent / "body_phantom"
FULL_DOSE, LOW_DOSE, LOW_DOSE_LEVEL = "dose_100", "dose_010", 0.10
