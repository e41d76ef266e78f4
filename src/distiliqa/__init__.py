"""No-reference image quality scores for CT.

>>> import distiliqa
>>> model = distiliqa.load_model()
>>> model.score(hu)  # (rows, columns) or (n, rows, columns), Hounsfield units
>>> distiliqa.score("folder/of/dicom")  # a list of series, each with its slices

The public names stand in ``__init__.pyi``. They are imported when they are first used, so that
``import distiliqa`` is quick.
"""

from __future__ import annotations

import distiliqa.working_directory  # isort: skip  # noqa: F401  # before any other import
import os

import lazy_loader

# ONNX Runtime reads it once, when it starts: it is set before any module here can import it.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
