"""Where the example series lies: a body phantom at three doses, made by this project."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

EXAMPLE_SERIES = Path(str(files("distiliqa"))) / "examples" / "body_phantom"
FULL_DOSE, LOW_DOSE, LOW_DOSE_LEVEL = "dose_100", "dose_010", 0.10
