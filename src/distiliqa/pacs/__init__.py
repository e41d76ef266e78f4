"""DICOM results (structured reports, parametric maps), DICOMweb and a C-STORE listener.

Needs the extra ``pacs``.
"""

from __future__ import annotations

import logging
import warnings

from distiliqa.extras import require_extra

# highdicom warns of unusual names of patients, and quotes them.
warnings.filterwarnings("ignore", module=r"highdicom(\.|$)")
logging.getLogger("highdicom").addHandler(logging.NullHandler())
logging.getLogger("highdicom").propagate = False

_PACKAGES = ("highdicom", "pynetdicom", "dicomweb_client")


def check_extra() -> None:
    """Raise `DistiliqaError` where a package of the extra is missing."""
    require_extra("pacs", _PACKAGES, "DICOM results need")
