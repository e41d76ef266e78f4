from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pydicom
import pytest
from pydicom import Dataset

from distiliqa.ct.dicom.character_sets import read_text, restate_as_utf8
from distiliqa.ct.dicom.derive import derive, read_stored, write_dicom

JAPANESE = b"Yamada^Tarou=\x1b$B;3ED\x1b(B^\x1b$BB@O:\x1b(B=\x1b$B$d$^$@\x1b(B^\x1b$B$?$m$&\x1b(B"
KATAKANA = b"\xd4\xcf\xc0\xde^\xc0\xdb\xb3=\x1b$B;3ED\x1b(J^\x1b$BB@O:\x1b(J"
KOREAN = b"Hong=\x1b$)C\xfb\xf3^\x1b$)C\xd1\xce\xd4\xd7=\x1b$)C\xc8\xab^\x1b$)C\xb1\xe6\xb5\xbf"
CHINESE = b"Zhang^XiaoDong=\x1b$)A\xd5\xc5^\x1b$)A\xd0\xa1\xb6\xab"


@pytest.mark.parametrize(
    ("stated", "raw", "text"),
    [
        ([], b"Doe^Jane ", "Doe^Jane"),
        (["ISO_IR 100"], "Müller^Jörg".encode("latin-1"), "Müller^Jörg"),
        (["ISO_IR 144"], "Петров^Цой".encode("iso8859_5"), "Петров^Цой"),
        (["ISO_IR 144"], b"\xc3\xb0", "\u0423\u0410"),  # valid UTF-8 of a letter that it lacks
        (["ISO_IR 126"], "Διονυσιος".encode("iso8859_7"), "Διονυσιος"),
        (["ISO_IR 138"], "שרון^דבורה".encode("iso8859_8"), "שרון^דבורה"),
        (["ISO_IR 166"], "สมชาย".encode("tis_620"), "สมชาย"),
        (["", "ISO 2022 IR 87"], JAPANESE, "Yamada^Tarou=山田^太郎=やまだ^たろう"),
        (["ISO_IR 13", "ISO 2022 IR 87"], KATAKANA, "ﾔﾏﾀﾞ^ﾀﾛｳ=山田^太郎"),
        (["", "ISO 2022 IR 149"], KOREAN, "Hong=洪^吉洞=홍^길동"),
        (["", "ISO 2022 IR 58"], CHINESE, "Zhang^XiaoDong=张^小东"),
        (["GB18030"], "Wang^XiaoDong=王^小东".encode("gb18030"), "Wang^XiaoDong=王^小东"),
        (["GBK"], "誠^表".encode("gbk"), "誠^表"),  # a backslash is the second byte of the first
        (["ISO_IR 192"], "Yamada=山田".encode(), "Yamada=山田"),
    ],
)
def test_a_text_in_its_own_set_is_read(stated: list[str], raw: bytes, text: str):
    assert read_text(raw, stated).text == text


@pytest.mark.parametrize("stated", [[], ["ISO_IR 100"], ["ISO_IR 999"], ["UTF-8"], ["ISO_IR 6"]])
@pytest.mark.parametrize("text", ["Müller^Jörg", "山田^太郎", "Петров^Иван"])
def test_utf8_is_read_as_utf8_whatever_is_stated(stated: list[str], text: str):
    assert read_text(text.encode(), stated) == (text, False, False)


@pytest.mark.parametrize(
    ("stated", "text"),
    [("ISO_IR 144", "Петров^Иван"), ("ISO_IR 13", "山田^太郎"), ("GB18030", "张三")],
)
def test_utf8_under_another_set_of_its_letters_is_read(stated: str, text: str):
    assert read_text(text.encode(), [stated]).text == text


@pytest.mark.parametrize("stated", [[], ["ISO_IR 192"], ["ISO_IR 999"]])
def test_western_letters_are_guessed_by_their_neighbors(stated: list[str]):
    assert read_text(b"M\xfcller^J", stated) == ("Müller^J", False, True)


@pytest.mark.parametrize(
    ("stated", "raw"),
    [
        ([], "Петров^Иван".encode("iso8859_5")),
        ([], "Zhang^San=张^三".encode("gb18030")),
        (["ISO_IR 192"], "山田".encode("shift_jis")),
        (["", "ISO 2022 IR 87"], b"Yamada=\x1b$B;3E\xff\x1b(B"),
        (["ISO_IR 192"], "M\ufffdller".encode()),
    ],
)
def test_unknown_letters_are_not_made_up(stated: list[str], raw: bytes):
    assert read_text(raw, stated).text is None


@pytest.mark.parametrize("name", ["ISO IR 100", "ISO-IR 100", "iso_ir_100"])
def test_a_misspelt_set_is_known(name: str):
    assert read_text(b"\xc4\xd6\xdc", [name]) == ("ÄÖÜ", True, False)


@pytest.fixture
def write_raw(write_ct: Callable[..., Path], tmp_path: Path) -> Callable[..., Path]:
    """Write an image whose patient's name has just these bytes, an even number of them."""

    def write(name: bytes, **tags: object) -> Path:
        path = write_ct(tmp_path / "raw.dcm", np.zeros((64, 64)), PatientName="QQ", **tags)
        old = b"\x10\x00\x10\x00PN\x02\x00QQ"
        new = b"\x10\x00\x10\x00PN" + len(name).to_bytes(2, "little") + name
        content = path.read_bytes()
        assert content.count(old) == 1
        path.write_bytes(content.replace(old, new))
        return path

    return write


def test_a_derived_image_has_the_name_in_utf8(write_raw: Callable[..., Path], tmp_path: Path):
    step = Dataset()
    step.RequestedProcedureDescription = "Schädel"
    tags = {"SpecificCharacterSet": "ISO_IR 100", "RequestAttributesSequence": [step]}
    path = write_raw("Müller^山田".encode() + b" ", **tags)
    source, hu = read_stored(path)
    write_dicom(tmp_path / "made.dcm", derive(source, hu.astype(np.int16), "made"))
    made = pydicom.dcmread(tmp_path / "made.dcm")
    assert made.PatientName == "Müller^山田"
    assert made.SpecificCharacterSet == "ISO_IR 192"
    assert made.RequestAttributesSequence[0].RequestedProcedureDescription == "Schädel"


def test_text_that_is_as_stated_is_left_as_it_is(write_raw: Callable[..., Path]):
    dataset = pydicom.dcmread(write_raw(b"M\xfcller", SpecificCharacterSet="ISO_IR 100"))
    assert restate_as_utf8(dataset) == []
    assert dataset.SpecificCharacterSet == "ISO_IR 100"
    assert dataset.get_item("PatientName").value == b"M\xfcller"


def test_an_unreadable_name_is_left_out_of_a_derived_image(
    write_raw: Callable[..., Path], caplog: pytest.LogCaptureFixture
):
    path = write_raw("Петров".encode("iso8859_5"), SpecificCharacterSet="ISO_IR 192")
    source, _ = read_stored(path)
    assert source.PatientName == ""
    assert caplog.messages == [
        f"{path}: PatientName is left empty: its character set is not what is stated"
    ]
