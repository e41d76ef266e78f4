"""The first import of pydicom, beside whatever the working directory holds.

pydicom imports GDCM, and GDCM asks for ``dl`` and ``DLFCN``, two modules of Python 2. A session
that looks for modules in its working directory would take a folder of that name for them.
"""

import sys

_GONE = ("dl", "DLFCN")
_known = {name: sys.modules[name] for name in _GONE if name in sys.modules}
for _name in _GONE:
    sys.modules[_name] = None  # type: ignore[assignment]  # how Python marks that there is none
try:
    import pydicom  # noqa: F401
finally:
    for _name in _GONE:
        del sys.modules[_name]
    sys.modules.update(_known)
