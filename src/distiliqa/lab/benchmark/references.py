"""The best version of each image in a data set, for full-reference methods."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from distiliqa.errors import RecipeError, quoted
from distiliqa.lab.data.process_column import PROCESS
from distiliqa.lab.data.ratings import RatedImage

Slice = tuple[str | None, str | None, str | None]  # case, source, and which patient made of it


def reference_of(image: RatedImage, references: Mapping[Slice, RatedImage]) -> RatedImage:
    """The best version of an image in its whole data set: of full dose, not processed.

    Raises
    ------
    RecipeError : there is none.
    """
    found = references.get(_slice_of(image))
    if found is None:
        raise RecipeError(
            f"{quoted(image.name)} has no reference of full dose in the data set",
            remedy="take the full-reference methods out",
        )
    return found


def references_in(images: Sequence[RatedImage]) -> dict[Slice, RatedImage]:
    """The image of full dose without processing or fault of each slice of each patient."""
    return {_slice_of(image): image for image in images if _is_reference(image.facts)}


def _slice_of(image: RatedImage) -> Slice:
    # A simulated data set makes several patients of one slice.
    return (image.case, image.source, image.facts.get("patient"))


def _is_reference(facts: Mapping[str, str]) -> bool:
    try:
        full = float(facts.get("dose", "nan")) == 1
    except ValueError:
        return False
    return full and facts.get("scan", "0") == "0" and not facts.get(PROCESS)
