from __future__ import annotations

from pathlib import Path

import pytest

from distiliqa.errors import DistiliqaError
from distiliqa.models import shipped


@pytest.fixture
def two_shipped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("compact", "published"):
        (tmp_path / "models" / name).mkdir(parents=True)
        (tmp_path / "models" / name / "config.json").write_text("{}")
    (tmp_path / "models" / "half-copied").mkdir()
    monkeypatch.setattr(shipped, "files", lambda package: tmp_path)
    return tmp_path / "models"


def test_shipped_models_are_found_by_name(two_shipped: Path):
    assert list(shipped.shipped_models()) == ["compact", "published"]
    assert shipped.find_model("compact") == two_shipped / "compact"


def test_a_folder_is_found_by_path(two_shipped: Path, tmp_path: Path):
    assert shipped.find_model(tmp_path) == tmp_path
    assert shipped.find_model(str(tmp_path)) == tmp_path


@pytest.mark.usefixtures("two_shipped")
def test_an_unknown_name_lists_those_there_are():
    with pytest.raises(DistiliqaError, match=r"'tiny'; the shipped models are: compact, published"):
        shipped.find_model("tiny")


def test_the_package_may_ship_no_model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(shipped, "files", lambda package: tmp_path)
    assert shipped.shipped_models() == {}
    with pytest.raises(DistiliqaError, match="are: none"):
        shipped.find_model("compact")
