"""What a service may log: never the words of a header, which may name a patient."""

from __future__ import annotations

from distiliqa.errors import DistiliqaError


def reason(error: Exception) -> str:
    """Our own words in full; of the errors of others the kind, for they may quote a header."""
    if isinstance(error, DistiliqaError):
        return str(error)
    return getattr(error, "strerror", None) or type(error).__name__
