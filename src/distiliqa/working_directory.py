"""Keep ``python -m distiliqa`` from taking files of the working directory for modules.

Python looks for modules there first, and for optional ones that are missing. Images lie there, and
what is called ``dl`` or ``numpy.py`` beside them is no module of ours. The package imports this
before anything else, so it needs what Python has loaded before: ``os`` and ``sys``.
"""

import os
import sys

_NAME = "distiliqa"


def _is_run() -> bool:
    """Whether Python is looking for this package to run it: ``-m`` stands there until it has."""
    named = (part.removeprefix("-m").partition(".")[0] for part in sys.orig_argv)
    return sys.argv[:1] == ["-m"] and _NAME in named


def _leave_out() -> None:
    try:
        here = os.getcwd()
    except OSError:  # it has been removed, and holds nothing that could be taken
        return
    package_is_here = os.path.dirname(os.path.dirname(os.path.abspath(__file__))) == here
    safe = getattr(sys.flags, "safe_path", False)  # Python has left it out itself
    if sys.path[:1] == [here] and not package_is_here and not safe:
        del sys.path[0]


if _is_run():
    _leave_out()
