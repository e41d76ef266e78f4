from __future__ import annotations

import pytest

from distiliqa import extras as packages
from distiliqa import pacs
from distiliqa.errors import DistiliqaError


def test_a_missing_package_is_reported_with_what_to_install(monkeypatch):
    pacs.check_extra()
    monkeypatch.setattr(packages, "find_spec", lambda name: None)
    with pytest.raises(DistiliqaError, match=r'highdicom is missing\); pip install .*"highdicom>='):
        pacs.check_extra()
