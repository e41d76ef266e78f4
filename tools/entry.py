"""Run a program of this folder: errors and interruptions end it with one line."""

from __future__ import annotations

import sys
from collections.abc import Callable

from distiliqa.errors import DistiliqaError


def run(main: Callable[[], None]) -> None:
    """Run ``main``; the exit status is 1 where it fails or is interrupted."""
    try:
        main()
    except DistiliqaError as error:
        sys.exit(f"error: {error}")
    except KeyboardInterrupt:
        sys.exit("interrupted; run again to go on")
