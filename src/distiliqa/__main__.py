"""``python -m distiliqa``."""

import os
import sys

# Python looks for modules in the working directory first, or where an optional one is missing:
# images lie there, and what is called `dl` or `numpy.py` beside them is no module of ours.
_HERE = os.getcwd()
_PACKAGE_IS_HERE = os.path.dirname(os.path.dirname(os.path.abspath(__file__))) == _HERE
if sys.path[:1] == [_HERE] and not _PACKAGE_IS_HERE and not getattr(sys.flags, "safe_path", False):
    del sys.path[0]

from distiliqa.cli import main  # noqa: E402

main()
