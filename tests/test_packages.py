"""Installed packages and the extras that bring them."""

from __future__ import annotations

import numpy
import pytest

from distiliqa.errors import DistiliqaError
from distiliqa.packages import package_versions, require_extra


def test_versions_are_told_and_so_is_what_is_not_there():
    found = package_versions(["numpy", "no-such-package"])
    assert found == {"numpy": numpy.__version__, "no-such-package": None}


def test_a_missing_extra_says_how_to_get_it():
    require_extra("some", ["numpy"], "this needs")
    with pytest.raises(
        DistiliqaError, match=r"this needs the extra some \(no_such is missing\)"
    ) as told:
        require_extra("some", ["numpy", "no_such"], "this needs")
    assert told.value.remedy == 'pip install "distiliqa[some]"'
