"""Installed packages and the extras that bring them."""

from __future__ import annotations

from pathlib import Path

import numpy
import pytest

from distiliqa.errors import DistiliqaError
from distiliqa.extras import install_command, is_installed, package_versions, require_extra


def test_versions_are_reported_and_so_is_what_is_not_there():
    found = package_versions(["numpy", "no-such-package"])
    assert found == {"numpy": numpy.__version__, "no-such-package": None}


def test_a_missing_extra_says_how_to_get_it():
    require_extra("some", ["numpy"], "this needs")
    with pytest.raises(
        DistiliqaError, match=r"this needs the extra some \(no_such is missing\)"
    ) as caught:
        require_extra("some", ["numpy", "no_such"], "this needs")
    assert caught.value.remedy == 'pip install ".[some]" in a checkout of distiliqa'


def test_a_folder_is_no_installed_module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / "no_such").mkdir()
    monkeypatch.syspath_prepend(tmp_path)
    assert not is_installed("no_such")
    assert is_installed("numpy")


def test_what_an_extra_needs_is_asked_for_by_its_own_name(monkeypatch: pytest.MonkeyPatch):
    lines = ["numpy>=1", "a[b]<3,>=2; extra == 'some'", "c; extra == 'other'"]
    monkeypatch.setattr("distiliqa.extras.requires", lambda name: lines)
    assert install_command("some") == 'pip install "a[b]<3,>=2"'
    monkeypatch.undo()
    assert install_command("pdf").startswith('pip install "reportlab>=')
