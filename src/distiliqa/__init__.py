"""No-reference image quality scores for CT.

>>> import distiliqa
>>> model = distiliqa.load_model()
>>> model.score(hu)  # (rows, columns) or (n, rows, columns), Hounsfield units
>>> distiliqa.score("folder/of/dicom")  # a list of series, each with its slices

Names are imported when they are first used, so that ``import distiliqa`` is quick.
"""

from __future__ import annotations

import distiliqa.working_directory  # isort: skip  # noqa: F401  # before any other import
import os
from importlib import import_module
from typing import TYPE_CHECKING, Any

from distiliqa.errors import DistiliqaError
from distiliqa.version import __version__

# ONNX Runtime reads it once, when it starts: it is set before any module here can import it.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"

if TYPE_CHECKING:
    from distiliqa.ct import Acquisition, CTSlice, Window, index_ct, read_ct
    from distiliqa.scoring.model import Model, load_model
    from distiliqa.scoring.result import SeriesScore, SliceScore
    from distiliqa.scoring.run import score

__all__ = [
    "Acquisition",
    "CTSlice",
    "DistiliqaError",
    "Model",
    "SeriesScore",
    "SliceScore",
    "Window",
    "__version__",
    "index_ct",
    "load_model",
    "read_ct",
    "score",
]

_HOME = {
    "Acquisition": "distiliqa.ct",
    "CTSlice": "distiliqa.ct",
    "Window": "distiliqa.ct",
    "index_ct": "distiliqa.ct",
    "read_ct": "distiliqa.ct",
    "Model": "distiliqa.scoring.model",
    "load_model": "distiliqa.scoring.model",
    "SeriesScore": "distiliqa.scoring.result",
    "SliceScore": "distiliqa.scoring.result",
    "score": "distiliqa.scoring.run",
}


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'distiliqa' has no attribute {name!r}")
    return getattr(import_module(_HOME[name]), name)


def __dir__() -> list[str]:
    return __all__
