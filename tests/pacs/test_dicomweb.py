from __future__ import annotations

from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import numpy as np
import pydicom
import pytest
from pydicom.uid import generate_uid
from tests.pacs.faulty import Answer, Faulty
from tests.pacs.orthanc import PASSWORD, USER, Orthanc

from distiliqa.errors import DistiliqaError
from distiliqa.pacs.credentials import Credentials
from distiliqa.pacs.dicomweb import Server
from distiliqa.pacs.retry import PassingError, Retries

QUICK = Retries(attempts=2, first_wait_s=0.01)
MULTIPART = 'multipart/related; type="application/dicom"; boundary=b1'
REFUSED = b'{"00081198": {"vr": "SQ", "Value": [{"00081197": {"vr": "US", "Value": [%d]}}]}}'
REFUSED_XML = (
    b'<NativeDicomModel><DicomAttribute tag="00081198" vr="SQ" keyword="FailedSOPSequence"><Item>'
    b'<DicomAttribute tag="00081197" vr="US" keyword="FailureReason"><Value>272</Value>'
    b"</DicomAttribute></Item></DicomAttribute></NativeDicomModel>"
)
INSTANCE = b'[{"00080018": {"vr": "UI", "Value": ["%s"]}}]'


@pytest.fixture
def server(orthanc: Orthanc) -> Server:
    return Server(orthanc.url, Credentials(USER, PASSWORD))


def uids(path: Path) -> tuple[str, str, str]:
    header = pydicom.dcmread(path, stop_before_pixels=True)
    return header.StudyInstanceUID, header.SeriesInstanceUID, header.SOPInstanceUID


def multipart(content: bytes) -> bytes:
    return b"--b1\r\nContent-Type: application/dicom\r\n\r\n" + content + b"\r\n--b1--\r\n"


def test_a_series_comes_as_it_was_stored(
    orthanc: Orthanc, server: Server, example: Path, tmp_path: Path
):
    orthanc.push(example)
    paths = sorted(example.glob("*.dcm"))
    study, series, _ = uids(paths[0])
    assert server.find_series(study) == [series]
    server.download_series(study, series, tmp_path)
    for path in paths:
        sent = pydicom.dcmread(path)
        assert pydicom.dcmread(tmp_path / f"{uids(path)[2]}.dcm") == sent
    assert len(list(tmp_path.iterdir())) == len(paths)


def test_only_ct_is_taken_unless_a_series_is_named(
    orthanc: Orthanc, server: Server, write_series: Callable[..., Path], tmp_path: Path
):
    orthanc.push(write_series(tmp_path / "ct", 1, SeriesInstanceUID="1.2.4"))
    orthanc.push(write_series(tmp_path / "mr", 1, SeriesInstanceUID="1.2.5", Modality="MR"))
    study = uids(tmp_path / "ct" / "0.dcm")[0]
    assert server.find_series(study) == ["1.2.4"]
    assert server.find_series(study, ["1.2.5"]) == ["1.2.5"]


def test_what_the_server_lacks_is_told(orthanc: Orthanc, server: Server, example: Path):
    with pytest.raises(DistiliqaError, match=f"{orthanc.url}: no CT series in study 1.2.3;"):
        server.find_series("1.2.3")
    orthanc.push(example)
    study = uids(next(example.glob("*.dcm")))[0]
    with pytest.raises(DistiliqaError, match=f"no series 1.2.9 in study {study}; check the UIDs"):
        server.find_series(study, ["1.2.9"])


def test_an_object_is_stored(orthanc: Orthanc, server: Server, example: Path):
    path = next(example.glob("*.dcm"))
    server.store(path)
    (name,) = orthanc.rest("instances").json()
    stored = orthanc.rest(f"instances/{name}/file").content
    assert pydicom.dcmread(BytesIO(stored)).SOPInstanceUID == uids(path)[2]


def test_a_wrong_password_is_told(orthanc: Orthanc):
    with pytest.raises(DistiliqaError, match=f"{orthanc.url}: answers 401") as caught:
        Server(orthanc.url, Credentials(USER, "hunter2")).find_series("1.2.3")
    assert "hunter2" not in str(caught.value)


@pytest.fixture
def one_slice(write_ct: Callable[..., Path], tmp_path: Path) -> Path:
    return write_ct(tmp_path / "in" / "1.dcm", np.zeros((32, 32)), SOPInstanceUID=generate_uid())


def search_then(one_slice: Path, *answers: Answer) -> list[Answer]:
    found = Answer(body=INSTANCE % uids(one_slice)[2].encode())
    return [found, found, *answers]


def test_half_an_object_is_asked_for_again(faulty: Faulty, one_slice: Path, tmp_path: Path):
    whole = multipart(one_slice.read_bytes())
    half = Answer(body=whole[:-500], kind=MULTIPART)
    faulty.answers = search_then(one_slice, half, Answer(body=whole, kind=MULTIPART))
    server = Server(faulty.url, Credentials(), retries=QUICK)
    server.download_series("1.2", "1.3", tmp_path / "out")
    (path,) = (tmp_path / "out").iterdir()
    assert pydicom.dcmread(path) == pydicom.dcmread(one_slice)
    assert len(faulty.seen) == 4


def test_half_an_object_for_ever_is_told_and_nothing_is_kept(
    faulty: Faulty, one_slice: Path, tmp_path: Path
):
    half = Answer(body=multipart(one_slice.read_bytes())[:-500], kind=MULTIPART)
    faulty.answers = search_then(one_slice, half)
    server = Server(faulty.url, Credentials(), retries=QUICK)
    with pytest.raises(PassingError, match=f"{faulty.url}: sent half an answer"):
        server.download_series("1.2", "1.3", tmp_path / "out")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("content", [b"no DICOM", b""])
def test_another_object_is_told(faulty: Faulty, one_slice: Path, tmp_path: Path, content: bytes):
    faulty.answers = search_then(one_slice, Answer(body=multipart(content), kind=MULTIPART))
    server = Server(faulty.url, Credentials(), retries=QUICK)
    with pytest.raises(DistiliqaError, match="its answer is not DICOMweb"):
        server.download_series("1.2", "1.3", tmp_path / "out")


def test_an_object_that_cannot_be_written_is_told(faulty: Faulty, one_slice: Path, tmp_path: Path):
    found = search_then(one_slice)
    dataset = pydicom.dcmread(one_slice)
    del dataset.SOPClassUID, dataset.file_meta.MediaStorageSOPClassUID
    dataset.save_as(one_slice, enforce_file_format=False)
    body = multipart(one_slice.read_bytes())
    faulty.answers = [*found, Answer(body=body, kind=MULTIPART)]
    server = Server(faulty.url, Credentials(), retries=QUICK)
    with pytest.raises(DistiliqaError, match="its answer is not DICOMweb"):
        server.download_series("1.2", "1.3", tmp_path / "out")
    assert list((tmp_path / "out").iterdir()) == []


@pytest.mark.parametrize("status", [202, 409])
@pytest.mark.parametrize("charset", ["", "; charset=utf-8"])
def test_an_object_that_is_not_stored_is_told(
    faulty: Faulty, one_slice: Path, charset: str, status: int
):
    kind = f"application/dicom+json{charset}"
    faulty.answers = [Answer(status, body=REFUSED % 0x0110, kind=kind)]
    with pytest.raises(DistiliqaError) as caught:
        Server(faulty.url, Credentials()).store(one_slice)
    assert str(caught.value) == (
        f"{faulty.url}: does not store 1.dcm (reason 0110H); its log says why"
    )


@pytest.mark.parametrize("status", [202, 409])
def test_what_the_server_has_already_is_stored(faulty: Faulty, one_slice: Path, status: int):
    """Its answer to the first attempt may have been lost."""
    faulty.answers = [Answer(503), Answer(status, body=REFUSED % 0x0111)]
    Server(faulty.url, Credentials(), retries=QUICK).store(one_slice)
    assert len(faulty.seen) == 2


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("text/html", b"<html>please log in</html>"),
        ("text/plain", b"OK"),
        ("application/dicom+json", b"{}"),
        ("application/dicom+json", b"<html>please log in</html>"),
        ("application/dicom+xml", b"<html>please log in</html>"),
    ],
)
def test_other_words_are_no_answer_to_store(
    faulty: Faulty, one_slice: Path, kind: str, body: bytes
):
    """A server that asks people to log in must not pass for one that has the report."""
    faulty.answers = [Answer(body=body, kind=kind)]
    with pytest.raises(DistiliqaError, match="its answer is not DICOMweb"):
        Server(faulty.url, Credentials()).store(one_slice)


@pytest.mark.parametrize("kind", ["application/dicom+xml", "text/xml; charset=utf-8"])
def test_an_answer_in_xml_is_read(faulty: Faulty, one_slice: Path, kind: str):
    faulty.answers = [Answer(202, body=REFUSED_XML, kind=kind)]
    with pytest.raises(DistiliqaError, match=r"does not store 1\.dcm \(reason 0110H\)"):
        Server(faulty.url, Credentials()).store(one_slice)


@pytest.mark.parametrize("kind", ["application/dicom+json", "text/html"])
def test_a_store_without_words_is_one(faulty: Faulty, one_slice: Path, kind: str):
    faulty.answers = [Answer(kind=kind)]
    Server(faulty.url, Credentials()).store(one_slice)


@pytest.mark.parametrize("body", [b"", b"<html>", b"{}", b"[1]"])
def test_a_conflict_that_does_not_say_why_is_told(faulty: Faulty, one_slice: Path, body: bytes):
    faulty.answers = [Answer(409, body=body)]
    with pytest.raises(DistiliqaError, match=r"answers 409 \(Conflict\)"):
        Server(faulty.url, Credentials()).store(one_slice)


def test_a_file_that_is_not_there_is_told(faulty: Faulty, tmp_path: Path):
    with pytest.raises(DistiliqaError, match=r"none\.dcm: cannot be read"):
        Server(faulty.url, Credentials()).store(tmp_path / "none.dcm")
    assert faulty.seen == []
