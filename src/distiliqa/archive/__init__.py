"""Scores of whole archives with Ray, as Parquet that a later run continues.

Needs the extra ``ray``.
"""

from __future__ import annotations

import os

from distiliqa.extras import require_extra

# Read when Ray is imported and started.
os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
os.environ.setdefault("RAY_BACKEND_LOG_LEVEL", "fatal")  # what matters is an exception too
os.environ.setdefault("RAY_worker_niceness", "0")  # the default, 15, starves it on a busy machine

_PACKAGES = ("ray", "pyarrow", "pandas")


def check_extra() -> None:
    """Raise `DistiliqaError` where a package of the extra is missing."""
    require_extra("ray", _PACKAGES, "score-archive needs")
