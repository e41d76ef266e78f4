"""A warning for lists and plots that hold scores of several models."""

from __future__ import annotations

from collections.abc import Iterable

NOT_NAMED = "a model that is not named"


def several_models(models: Iterable[str]) -> str | None:
    """Warn of scores of more than one model; None where all are of one.

    Parameters
    ----------
    models : Iterable[str]
        Name and version of the model of each score; empty where it is not known.
    """
    found = sorted({model or NOT_NAMED for model in models})
    if len(found) < 2:
        return None
    return f"Scores of different models are not on one scale: {', '.join(found)}."
