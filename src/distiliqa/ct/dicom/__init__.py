"""DICOM. The first import of pydicom runs here, protected from the working directory.

pydicom imports GDCM, and GDCM imports ``dl`` and ``DLFCN``, two modules of Python 2. Where Python
searches the working directory for modules, it would import a folder of that name.
"""

import sys

_GONE = ("dl", "DLFCN")
_known = {name: sys.modules[name] for name in _GONE if name in sys.modules}
for _name in _GONE:
    sys.modules[_name] = None  # type: ignore[assignment]  # how Python marks an absent module
try:
    import pydicom  # noqa: F401
finally:
    for _name in _GONE:
        del sys.modules[_name]
    sys.modules.update(_known)
