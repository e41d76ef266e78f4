"""No-reference image quality scores for CT."""

from distiliqa.version import __version__

__all__ = ["__version__"]
