from __future__ import annotations

import io
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence
from pydicom.uid import (
    UID,
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    JPEG2000Lossless,
)
from tests.support.slices import write_ct

from distiliqa.ct import index_ct
from distiliqa.ct.dicom import read
from distiliqa.ct.dicom.beginning import read_beginning
from distiliqa.ct.dicom.header_elements import read_elements
from distiliqa.ct.dicom.read import _WANTED

HU = np.full((32, 32), 40.0)
TAGS: list[Any] = list(_WANTED.values())


def nested(is_undefined: bool) -> Sequence:
    """A code in an item, beside a sequence in the same item, of a length that is stated or not."""
    item, inner = Dataset(), Dataset()
    inner.CodeMeaning = "inner"
    inner.is_undefined_length_sequence_item = is_undefined
    item.CodeValue, item.CodeMeaning = "113691", "Body phantom"
    item.MappingResourceIdentificationSequence = Sequence([inner])
    item["MappingResourceIdentificationSequence"].is_undefined_length = is_undefined
    item.is_undefined_length_sequence_item = is_undefined
    return Sequence([item, Dataset()])


def header_of(path: Path, syntax: UID, *, is_undefined: bool = False) -> bytes:
    """A file in an encoding, with sequences that an index reads, and some that it does not."""
    dataset = pydicom.dcmread(write_ct(path, HU, RescaleSlope=2))
    dataset.SpecificCharacterSet, dataset.PatientName = "ISO_IR 192", "Dvořák"
    for keyword in ("CTDIPhantomTypeCodeSequence", "ReferencedImageSequence"):
        setattr(dataset, keyword, nested(is_undefined))
        dataset[keyword].is_undefined_length = is_undefined
    block = dataset.private_block(0x0053, "GEMS", create=True)
    block.add_new(0x40, "LO", "SS30")
    block.add_new(0x41, "OB", bytes(5000))
    dataset.file_meta.TransferSyntaxUID = syntax
    if syntax.is_encapsulated:
        dataset.PixelData = pydicom.encaps.encapsulate([b"\xff\x4f\xff\x51"])
        dataset["PixelData"].is_undefined_length = True
    stream = io.BytesIO()
    dataset.save_as(stream, enforce_file_format=True)
    return stream.getvalue()


@pytest.mark.parametrize("is_undefined", [False, True])
@pytest.mark.parametrize(
    "syntax", [ExplicitVRLittleEndian, ImplicitVRLittleEndian, JPEG2000Lossless]
)
def test_elements_are_those_of_pydicom(tmp_path: Path, syntax: UID, is_undefined: bool) -> None:
    content = header_of(tmp_path / "a.dcm", syntax, is_undefined=is_undefined)
    stream, other = io.BytesIO(content), io.BytesIO(content)
    found = read_elements(stream, read_beginning(stream), _WANTED)
    expected = pydicom.dcmread(other, stop_before_pixels=True, specific_tags=TAGS)
    assert found is not None
    assert stream.tell() == other.tell()
    assert found.file_meta.TransferSyntaxUID == syntax
    assert found == Dataset(expected)
    assert (0x0053, 0x1040) in found
    assert str(found.PatientName) == "Dvořák"


def test_real_headers_are_read_as_pydicom_reads_them(shared_data: Path) -> None:
    paths = sorted((shared_data / "ct-dev" / "normal_dose").rglob("*.dcm"))
    usual = 0
    for path in paths:
        with path.open("rb") as stream:
            found = read_elements(stream, read_beginning(stream), _WANTED)
            place = stream.tell()
        if found is not None:
            with path.open("rb") as stream:
                dataset = pydicom.dcmread(stream, stop_before_pixels=True, specific_tags=TAGS)
                assert (found == Dataset(dataset), place) == (True, stream.tell()), path
        usual += found is not None
    assert usual > 0.9 * len(paths) > 0


def test_the_index_of_a_usual_file_parses_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write_ct(tmp_path / "a.dcm", HU)
    monkeypatch.setattr(read, "dcmread", None)
    (info,) = index_ct(path).slices
    np.testing.assert_allclose(info.read().hu, HU)


@pytest.mark.parametrize("syntax", [ExplicitVRBigEndian, DeflatedExplicitVRLittleEndian])
def test_other_encodings_are_left_to_pydicom(tmp_path: Path, syntax: UID) -> None:
    stream = write_ct(tmp_path / "a.dcm", HU).open("rb")
    with stream:
        beginning = read_beginning(stream)
        assert read_elements(stream, beginning._replace(declared=syntax), _WANTED) is None
        assert stream.tell() == 0


def test_a_header_that_is_long_or_cut_short_is_left_to_pydicom(tmp_path: Path) -> None:
    content = header_of(tmp_path / "a.dcm", ExplicitVRLittleEndian)
    assert reading(content[:700]) is None
    assert reading(content[: len(content) - HU.size * 2 - 4]) is None
    dataset = pydicom.dcmread(tmp_path / "a.dcm")
    dataset.private_block(0x0053, "GEMS", create=True).add_new(0x41, "OB", bytes(1 << 16))
    dataset.save_as(tmp_path / "long.dcm")
    assert reading((tmp_path / "long.dcm").read_bytes()) is None


def test_sequences_without_an_end_are_left_to_pydicom(tmp_path: Path) -> None:
    content = header_of(tmp_path / "a.dcm", ImplicitVRLittleEndian, is_undefined=True)
    at = content.index(struct.pack("<HHL", 0x0008, 0x1140, 0xFFFFFFFF))
    item = struct.pack("<HHL", 0xFFFE, 0xE000, 0xFFFFFFFF)
    deep = struct.pack("<HHL", 0x0008, 0x1140, 0xFFFFFFFF) + item
    assert reading(content[:at] + 7000 * deep) is None
    assert reading(content[: at + 8] + bytes(100)) is None


def reading(content: bytes) -> Dataset | None:
    stream = io.BytesIO(content)
    return read_elements(stream, read_beginning(stream), _WANTED)
