"""What the manifest of a simulated data set says was done to an image."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from distiliqa.errors import RecipeError, quoted
from distiliqa.lab.data.ratings import RatedImage
from distiliqa.lab.data.simulation_recipe import FAULTS
from distiliqa.simulate.processing.kinds import KINDS

PROCESS = "process"  # column: ``kind:strength`` of each processing, joined by ``;``
_BODY_STAYS = ("noise", "blur")  # families that leave size, parts and make-up of a body


def kinds_of(image: RatedImage) -> frozenset[str]:
    """Kinds of processing that an image had, see `distiliqa.simulate.processing`."""
    chain = image.facts.get(PROCESS, "").split(";")
    return frozenset(part.partition(":")[0] for part in chain if part)


def require_kinds(images: Sequence[RatedImage], kinds: Collection[str]) -> None:
    """Raise `RecipeError` where no image had a processing of one of the kinds."""
    known = frozenset().union(*map(kinds_of, images))
    missing = sorted(set(kinds) - known)
    if missing:
        has = ", ".join(sorted(known)) or "none"
        raise RecipeError(
            f"no image was processed by {quoted(missing[0])} (there is: {has})",
            remedy="name kinds of the column process of manifest.csv",
        )


def shows_body_as_it_is(image: RatedImage) -> bool:
    """Test whether nothing but noise, blur and views changed the body that an image shows.

    Truncation cuts it; motion, metal and lost contrast change what it seems to be made of. True for
    an image of which the manifest says nothing.
    """
    if any(image.facts.get(fault, "").strip("0.") for fault in FAULTS):
        return False
    kinds = [KINDS.get(kind) for kind in kinds_of(image)]
    return all(kind is not None and kind.family in _BODY_STAYS for kind in kinds)
