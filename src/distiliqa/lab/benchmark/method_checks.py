"""What a method needs, checked before the first training: the last method may begin hours later."""

from __future__ import annotations

from collections.abc import Sequence
from typing import get_args

from distiliqa.lab.benchmark.backbones import architecture, new_rater
from distiliqa.lab.benchmark.benchmark_recipe import MethodSection, Own
from distiliqa.lab.benchmark.foreign_networks import require_library
from distiliqa.lab.benchmark.rated_set import RatedSet
from distiliqa.lab.benchmark.references import reference_of
from distiliqa.lab.benchmark.scene_statistics import require_opencv


def check_methods(rated: RatedSet, methods: Sequence[MethodSection]) -> None:
    """Check libraries, start weights and references.

    Raises
    ------
    DistiliqaError : a library is missing, or start weights cannot be read or do not fit.
    RecipeError : a full-reference method, and an image without a reference.
    """
    for method in methods:
        if method.measure in ("brisque", "niqe"):
            require_opencv()
        if method.reference is not None:
            for image in rated.images:
                reference_of(image, rated.references)
        if method.network is not None and method.network not in get_args(Own):
            require_library(method.network)
        if method.imagenet_weights is not None:
            new_rater(architecture(method, rated.recipe.data.image_size))
