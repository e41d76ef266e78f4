from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from io import BytesIO
from pathlib import Path

import numpy as np
import pydicom
import pytest
from pydicom import Dataset, dcmread

from distiliqa.errors import DistiliqaError
from distiliqa.pacs.results.referenced_images import MAX_TEXT, CopiedText, copied_text, read_sources


@pytest.mark.filterwarnings("ignore:Invalid value")
def test_what_is_no_value_is_left_empty(tmp_path, scored, write_series):
    broken = {"PatientSex": "U", "StudyDate": "20201340", "StudyTime": "99"}
    pydicom.config.settings.writing_validation_mode = pydicom.config.IGNORE
    try:
        (series,) = scored(write_series(tmp_path, 1, **broken, PatientBirthDate="1950.01.02"))
    finally:
        pydicom.config.settings.writing_validation_mode = None
    (source,) = read_sources(series)
    header = source.header
    assert [header[keyword].value for keyword in broken] == ["", "", ""]
    assert header.PatientBirthDate == "19500102"
    assert header.AccessionNumber == ""


def test_a_placeholder_of_an_anonymizer_is_a_date(tmp_path, scored, write_series):
    dates = {"StudyDate": "00010101", "PatientBirthDate": "08880101"}
    (series,) = scored(write_series(tmp_path, 1, **dates))
    header = read_sources(series)[0].header
    assert {keyword: header[keyword].value for keyword in dates} == dates


def test_nothing_else_of_the_image_is_taken_over(tmp_path, scored, write_series):
    (series,) = scored(write_series(tmp_path, 1, PatientComments="calls often", KVP=100))
    header = read_sources(series)[0].header
    assert "PatientComments" not in header
    assert "KVP" not in header
    assert header.PatientID == "P1"


def test_a_name_is_taken_over_as_it_is_written(tmp_path, scored, write_series):
    name = "Yamada^Tarou=\u5c71\u7530\u3000\u592a\u90ce"  # with a space that Python would not print
    tags = {"SpecificCharacterSet": "ISO_IR 192", "PatientName": name}
    (series,) = scored(write_series(tmp_path, 1, **tags))
    assert read_sources(series)[0].header.PatientName == name


def test_one_header_for_all_frames_of_a_file(tmp_path, scored, write_enhanced):
    (series,) = scored(write_enhanced(tmp_path / "a.dcm", 3))
    sources = read_sources(series)
    assert [source.frame for source in sources] == [1, 2, 3]
    assert len({id(source.header) for source in sources}) == 1


def test_members_of_a_zip(tmp_path, scored, write_series):
    folder = write_series(tmp_path / "in")
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        for file in folder.iterdir():
            archive.write(file, f"scan/{file.name}")
    (series,) = scored(tmp_path / "a.zip")
    found = [source.header.SOPInstanceUID for source in read_sources(series)]
    names = [Path(slice_.path).name for slice_ in series.slices]
    assert found == [pydicom.dcmread(folder / name).SOPInstanceUID for name in names]


def test_a_series_that_is_not_dicom_is_reported(tmp_path, scored):
    np.save(tmp_path / "a.npy", np.zeros((2, 64, 64), np.float32))
    (series,) = scored(tmp_path / "a.npy")
    with pytest.raises(DistiliqaError, match="not a DICOM image"):
        read_sources(series)


def test_a_file_that_has_gone_is_reported(tmp_path, scored, write_series):
    (series,) = scored(write_series(tmp_path))
    os.remove(series.slices[1].path)
    with pytest.raises(DistiliqaError, match=r"\.dcm: is not there any more"):
        read_sources(series)


@pytest.mark.parametrize("keyword", ["SOPInstanceUID", "StudyInstanceUID"])
def test_an_image_without_an_identifier_is_reported(tmp_path, scored, write_series, keyword):
    folder = write_series(tmp_path, 1)
    dataset = pydicom.dcmread(folder / "0.dcm")
    del dataset[keyword]
    dataset.save_as(folder / "0.dcm", enforce_file_format=False)
    (series,) = scored(folder)
    with pytest.raises(DistiliqaError, match=f"0.dcm: lacks {keyword}"):
        read_sources(series)


@pytest.mark.parametrize(
    ("what", "tags"),
    [("patient", {"PatientID": "P2"}), ("study", {"StudyInstanceUID": "1.2.3.4"})],
)
def test_a_mixed_series_is_refused(tmp_path, scored, write_ct, write_series, what, tags):
    folder = write_series(tmp_path)
    position = [-100, -100, 30]
    write_ct(folder / "9.dcm", np.zeros((64, 64)), ImagePositionPatient=position, **tags)
    (series,) = scored(folder)
    with pytest.raises(DistiliqaError, match=f"9.dcm: of another {what}"):
        read_sources(series)


def test_no_name_of_a_patient_is_printed(tmp_path, write_series, tiny_model):
    folder = write_series(tmp_path / "in", PatientName="DOE")
    command = [sys.executable, "-m", "distiliqa", "score", folder, "--model", tiny_model]
    done = subprocess.run(
        [*map(str, command), "--out", str(tmp_path / "out"), "--sr"],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert "DOE" not in done.stdout + done.stderr
    assert len(list((tmp_path / "out" / "sr").iterdir())) == 1


def written(vr: bytes, raw: bytes, sets: bytes) -> Dataset:
    """A data set of a name and its character sets, as read from a file, from these bytes."""
    raw, sets = (value + b" " * (len(value) % 2) for value in (raw, sets))
    stated = b"\x08\x00\x05\x00CS" + len(sets).to_bytes(2, "little") + sets
    name = b"\x10\x00\x10\x00" + vr + len(raw).to_bytes(2, "little") + raw
    return dcmread(BytesIO(stated + name), force=True)


@pytest.mark.parametrize(
    ("raw", "sets", "copied"),
    [
        (b"Doe^Jane", b"", CopiedText("Doe^Jane")),
        (b"", b"", CopiedText("")),
        (
            b"Doe\\Jane",
            b"",
            CopiedText("Doe Jane", "PatientName has a backslash, which became a space"),
        ),
        (b"Doe\x07^J\nane", b"", CopiedText("Doe ^J ane")),
        (
            b"M\xfcller",
            b"ISO_IR 192",
            CopiedText(
                "Müller", "PatientName was read as ISO 8859-1, for its letters look like that"
            ),
        ),
        (
            b"\xbf\xd5\xe2\xe0",
            b"ISO_IR 192",
            CopiedText("", "PatientName is left empty: its character set is not what is stated"),
        ),
        (
            b"A" * (MAX_TEXT + 1),
            b"",
            CopiedText("", "PatientName is left empty: it has over 1024 characters"),
        ),
        (b"A" * 70 + b"=B=C=D", b"", CopiedText("A" * 70 + "=B=C=D")),
    ],
)
def test_a_text_is_copied_or_left_out_with_a_word(raw: bytes, sets: bytes, copied: CopiedText):
    assert copied_text(written(b"PN", raw, sets), "PatientName") == copied
