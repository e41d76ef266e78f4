"""Finding pairs in a folder as TCIA delivers it."""

from __future__ import annotations

from pathlib import Path

import pytest

from distiliqa.errors import DistiliqaError
from distiliqa.lab.data.tcia import find_pairs

STUDY = "12-23-2021-NA-NA-62464"


def add(root: Path, case: str, series: str, *names: str, study: str = STUDY) -> Path:
    folder = root / case / study / series
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        (folder / name).touch()
    return folder


def test_pairs_by_case_and_file_name(tmp_path: Path) -> None:
    full = add(tmp_path, "C012", "1.000000-Full Dose Images-1", "1-001.dcm", "1-002.dcm")
    low = add(tmp_path, "C012", "1.000000-Low Dose Images-2", "1-001.dcm", "1-002.dcm")
    add(tmp_path, "C002", "1.000000-Full dose images-3", "1-001.dcm")
    add(tmp_path, "C002", "1.000000-Low dose images-4", "1-001.dcm")
    add(tmp_path, "C002", "1.000000-Full Dose Projections-5", "1-001.dcm")
    pairing = find_pairs(tmp_path)
    found = [(pair.case, pair.full.name) for pair in pairing.pairs]
    assert found == [("C002", "1-001.dcm"), ("C012", "1-001.dcm"), ("C012", "1-002.dcm")]
    assert {pair.low_dose for pair in pairing.pairs} == {0.1}
    last = pairing.pairs[-1]
    assert (last.full, last.low) == (full / "1-002.dcm", low / "1-002.dcm")
    assert last.place == Path("C012") / STUDY
    assert pairing.problems == ()


def test_files_without_a_partner_are_named(tmp_path: Path) -> None:
    full = add(tmp_path, "C002", "1-Full Dose Images-1", "1-001.dcm", "1-002.dcm")
    low = add(tmp_path, "C002", "1-Low Dose Images-2", "1-001.dcm", "1-003.dcm")
    pairing = find_pairs(tmp_path)
    assert [pair.full.name for pair in pairing.pairs] == ["1-001.dcm"]
    assert pairing.problems == (
        (str(full / "1-002.dcm"), "its case has no low-dose image of this name"),
        (str(low / "1-003.dcm"), "its case has no full-dose image of this name"),
    )


def test_a_name_that_stands_twice_is_not_guessed(tmp_path: Path) -> None:
    add(tmp_path, "C002", "1-Full Dose Images-1", "1-001.dcm")
    add(tmp_path, "C002", "1-Full Dose Images-1", "1-001.dcm", study="other")
    add(tmp_path, "C002", "1-Low Dose Images-2", "1-001.dcm")
    pairing = find_pairs(tmp_path)
    assert pairing.pairs == ()
    assert len(pairing.problems) == 3


def test_extension_and_other_folders(tmp_path: Path) -> None:
    for case in ("C002", "L143", "notes"):
        add(tmp_path, case, "1-Full Dose Images-1", "1.IMA", "1.txt")
        add(tmp_path, case, "1-Low Dose Images-1", "1.IMA", "1.txt")
    pairing = find_pairs(tmp_path, extension="ima", low_dose=0.25)
    assert [(pair.case, pair.low_dose) for pair in pairing.pairs] == [
        ("C002", 0.25),
        ("L143", 0.25),
    ]


def test_each_part_of_the_body_has_its_own_low_dose(tmp_path: Path) -> None:
    for case in ("C002", "L143", "N012"):
        add(tmp_path, case, "1-Full Dose Images-1", "1.dcm")
        add(tmp_path, case, "1-Low Dose Images-1", "1.dcm")
    doses = {pair.case: pair.low_dose for pair in find_pairs(tmp_path).pairs}
    assert doses == {"C002": 0.1, "L143": 0.25, "N012": 0.25}


def test_a_folder_of_something_else_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DistiliqaError, match="Full Dose Images"):
        find_pairs(tmp_path)
    with pytest.raises(DistiliqaError, match="no such folder"):
        find_pairs(tmp_path / "none")
