"""The local page: score, look, window and compare in a browser of this machine.

Needs the extra ``serve``. Nothing leaves the machine: the server listens at the loopback address,
and its pages load nothing from elsewhere.
"""

from __future__ import annotations

from distiliqa.extras import require_extra


def check_extra() -> None:
    """Raise `DistiliqaError` where a package of the extra is missing."""
    require_extra("serve", ("starlette", "uvicorn"), "the local page needs")
