from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest
from pydicom.dataset import Dataset
from tests.support.slices import write_ct

from distiliqa.ct import index_ct
from distiliqa.ct.dicom import (
    acquisition_facts,
    header,
    identification,
    tags,
)
from distiliqa.ct.dicom.repeated import repeated
from distiliqa.ct.dicom.tags import tag_of

HU = np.full((32, 32), 40.0)
CURRENT = ("XRayTubeCurrent",)


def counted(keywords: tuple[str, ...] = CURRENT) -> tuple[Callable[[Dataset], Any], list[Dataset]]:
    """A function of one tag, and the data sets that it was called with."""
    calls: list[Dataset] = []

    @repeated(keywords)
    def current(dataset: Dataset) -> float | None:
        calls.append(dataset)
        return tags.number(dataset, "XRayTubeCurrent")

    return current, calls


def headers(folder: Path, *currents: int) -> list[Dataset]:
    written = (
        write_ct(folder / f"{n}.dcm", HU, XRayTubeCurrent=current, InstanceNumber=n)
        for n, current in enumerate(currents)
    )
    return [pydicom.dcmread(path) for path in written]


def test_what_a_series_repeats_is_read_once(tmp_path: Path) -> None:
    current, calls = counted()
    assert list(map(current, headers(tmp_path, 200, 200, 80, 200))) == [200, 200, 80, 200]
    assert len(calls) == 2


def test_a_tag_that_was_converted_is_read_each_time(tmp_path: Path) -> None:
    current, calls = counted()
    for dataset in headers(tmp_path, 200, 200):
        dataset.XRayTubeCurrent = 90
        assert current(dataset) == 90
    assert len(calls) == 2


def test_the_encoding_of_a_tag_counts(tmp_path: Path) -> None:
    (one,) = headers(tmp_path, 200)
    two = pydicom.dcmread(tmp_path / "0.dcm")
    two[0x00181151] = two.get_item(0x00181151)._replace(VR="UN")  # type: ignore[arg-type, union-attr]
    current, calls = counted()
    assert [current(one), current(two)] == [200, 200]
    assert len(calls) == 2


def test_no_more_than_some_series_are_kept(tmp_path: Path) -> None:
    current, calls = counted()
    (dataset,) = headers(tmp_path, 200)
    raw: Any = dataset.get_item(tag_of("XRayTubeCurrent"))
    for value in [*range(100, 165), 100]:
        copy = Dataset({raw.tag: raw._replace(value=b"%d " % value, length=4)})
        assert current(copy) == value
    assert len(calls) == 66


READERS = {
    "acquisition": (
        acquisition_facts.read_acquisition,
        (*acquisition_facts.ACQUISITION_KEYWORDS, *acquisition_facts._OF_FRAMES),
    ),
    "warnings": (
        acquisition_facts.acquisition_warnings,
        (*acquisition_facts.ACQUISITION_KEYWORDS, *acquisition_facts._OF_FRAMES),
    ),
    "identification": (
        identification.read_identification,
        identification.IDENTIFICATION_KEYWORDS,
    ),
    "regions": (header._regions, header._REGION_KEYWORDS),
}


@pytest.mark.parametrize("name", READERS)
def test_functions_name_all_tags_that_they_read(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    read, keywords = READERS[name]
    asked: set[Any] = set()

    def recorded(keyword: str) -> Any:
        asked.add(tag_of(keyword))
        return tag_of(keyword)

    monkeypatch.setattr(tags, "tag_of", recorded)
    read.__wrapped__(Dataset())  # type: ignore[attr-defined]
    assert asked
    assert asked - {tag_of("CodeValue"), tag_of("CodeMeaning")} <= set(map(tag_of, keywords))


def test_slices_of_a_series_share_facts_and_keep_their_own(tmp_path: Path) -> None:
    for n in range(3):
        write_ct(
            tmp_path / f"{n}.dcm",
            HU,
            ImagePositionPatient=[0, 0, n],
            XRayTubeCurrent=100 + n,
            PatientName="Dvořák",
            SpecificCharacterSet="ISO_IR 192",
            ProtocolName="Łódź" if n else "Abdomen",
        )
    slices = index_ct(tmp_path).slices
    assert [info.acquisition.tube_current_ma for info in slices] == [100, 101, 102]
    assert [info.position_mm for info in slices] == [0, 1, 2]
    named = [info.identification.protocol_name for info in slices]
    assert named == ["Abdomen", "Łódź", "Łódź"]
