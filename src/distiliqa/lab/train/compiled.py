"""The parts of a network that torch compiles: fewer passes over memory, the same sums."""

from __future__ import annotations

import os
import shutil

from distiliqa.errors import RecipeError
from distiliqa.lab.network.network import Network


def compile_network(network: Network) -> None:
    """Compile stem and transformer layers in place, when they first run; the weights' names stay.

    They are compiled apart, since whole images and crops pass through them alike.

    Raises
    ------
    RecipeError : there is no compiler.
    """
    compilers = (os.environ.get("CXX", "c++"), "g++", "clang++", "cl")
    if not any(map(shutil.which, compilers)):
        raise RecipeError(
            "hardware.compile needs a C++ compiler", remedy="install one, or set it to false"
        )
    network.stem.compile()
    network.vit.encoder.layers.compile()
