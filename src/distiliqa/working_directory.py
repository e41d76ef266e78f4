"""Keep ``python -m distiliqa`` from importing files of the working directory.

Python searches modules there first. It is a folder of images, and a file ``numpy.py`` or a folder
``dl`` beside them is no module of ours. The package imports this file before all others, so it uses
only modules that Python has loaded: ``os`` and ``sys``.
"""

import os
import sys

_NAME = "distiliqa"


def _is_run() -> bool:
    """Whether Python is importing this package to run it: until then ``argv`` is ``-m``."""
    named = (part.removeprefix("-m").partition(".")[0] for part in sys.orig_argv)
    return sys.argv[:1] == ["-m"] and _NAME in named


def _leave_out() -> None:
    try:
        here = os.getcwd()
    except OSError:  # it has been removed, and holds nothing that could be taken
        return
    package_is_here = os.path.dirname(os.path.dirname(os.path.abspath(__file__))) == here
    safe = getattr(sys.flags, "safe_path", False)  # Python did it itself
    if sys.path[:1] == [here] and not package_is_here and not safe:
        del sys.path[0]


if _is_run():
    _leave_out()
