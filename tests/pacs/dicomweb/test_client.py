from __future__ import annotations

from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import numpy as np
import pydicom
import pytest
from pydicom.uid import generate_uid
from tests.support.fake_pacs import receipt_of
from tests.support.faulty_server import Answer, Faulty
from tests.support.orthanc import PASSWORD, USER, Orthanc

from distiliqa.errors import DistiliqaError
from distiliqa.pacs.dicomweb.client import Server
from distiliqa.pacs.dicomweb.credentials import Credentials
from distiliqa.pacs.retry import PassingError, RefusedError, Retries

QUICK = Retries(attempts=2, first_wait_s=0.01)
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


def test_a_series_comes_as_it_was_stored(
    orthanc: Orthanc, server: Server, example: Path, tmp_path: Path
):
    orthanc.push(example)
    paths = sorted(example.glob("*.dcm"))
    study, series, _ = uids(paths[0])
    assert list(server.find_series(study).rows) == [series]
    for uid, row in server.find_objects(study, series).rows.items():
        server.retrieve(study, series, uid, row, tmp_path / f"{uid}.dcm")
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
    assert list(server.find_series(study).rows) == ["1.2.4"]
    assert list(server.find_series(study, ["1.2.5"]).rows) == ["1.2.5"]


def test_what_the_server_lacks_is_reported(orthanc: Orthanc, server: Server, example: Path):
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


def test_a_wrong_password_is_reported(orthanc: Orthanc):
    with pytest.raises(DistiliqaError, match=f"{orthanc.url}: answers 401") as caught:
        Server(orthanc.url, Credentials(USER, "hunter2")).find_series("1.2.3")
    assert "hunter2" not in str(caught.value)


@pytest.fixture
def one_slice(write_ct: Callable[..., Path], tmp_path: Path) -> Path:
    return write_ct(tmp_path / "in" / "1.dcm", np.zeros((32, 32)), SOPInstanceUID=generate_uid())


@pytest.mark.parametrize("status", [202, 409])
@pytest.mark.parametrize("charset", ["", "; charset=utf-8"])
def test_an_object_that_is_not_stored_is_reported(
    faulty: Faulty, one_slice: Path, charset: str, status: int
):
    kind = f"application/dicom+json{charset}"
    faulty.answers = [Answer(status, body=REFUSED % 0x0110, kind=kind)]
    with pytest.raises(DistiliqaError) as caught:
        Server(faulty.url, Credentials()).store(one_slice)
    assert str(caught.value) == (
        f"{faulty.url}: does not store 1.dcm (reason 0110H); its log says why"
    )


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (Answer(400), RefusedError),
        (Answer(409), RefusedError),
        (Answer(413), RefusedError),
        (Answer(202, body=REFUSED % 0xA900), RefusedError),
        (Answer(409, body=REFUSED % 0xC000), RefusedError),
        (Answer(202, body=REFUSED % 0xA700), PassingError),
        (Answer(202, body=REFUSED % 0x0110), DistiliqaError),
        (Answer(401), DistiliqaError),
        (Answer(404), DistiliqaError),
    ],
)
def test_what_is_of_the_object_is_refused_for_good(
    faulty: Faulty, one_slice: Path, answer: Answer, kind: type[Exception]
):
    faulty.answers = [answer]
    with pytest.raises(DistiliqaError) as caught:
        Server(faulty.url, Credentials(), retries=Retries(1)).store(one_slice)
    assert type(caught.value) is kind


def test_a_file_that_is_not_dicom_is_refused_for_good(faulty: Faulty, tmp_path: Path):
    (tmp_path / "a.dcm").write_bytes(b"not DICOM" * 100)
    with pytest.raises(RefusedError, match="not a DICOM file"):
        Server(faulty.url, Credentials()).store(tmp_path / "a.dcm")
    assert faulty.seen == []


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


@pytest.mark.parametrize("status", [200, 202, 204])
@pytest.mark.parametrize("kind", ["application/dicom+json", "text/html"])
def test_an_empty_answer_is_no_receipt(faulty: Faulty, one_slice: Path, status: int, kind: str):
    faulty.answers = [Answer(status, kind=kind)]
    with pytest.raises(
        PassingError, match=r"does not confirm that it has 1\.dcm; its log says why"
    ):
        Server(faulty.url, Credentials(), retries=Retries(1)).store(one_slice)


@pytest.mark.parametrize("body", [b'{"00081190": {"vr": "UR", "Value": ["http://x"]}}', b""])
def test_where_there_is_no_receipt_the_server_is_asked_whether_it_has_it(
    faulty: Faulty, one_slice: Path, body: bytes
):
    """In a search, and where that is not to be had, in the metadata of the object."""
    found = INSTANCE % uids(one_slice)[2].encode()
    for answers in ([Answer(body=found)], [Answer(404), Answer(body=found)]):
        faulty.seen.clear()
        faulty.answers = [Answer(body=body), *answers]
        Server(faulty.url, Credentials()).store(one_slice)
        assert len(faulty.seen) == len(faulty.answers)


def test_a_receipt_for_another_object_is_none(faulty: Faulty, one_slice: Path):
    other = receipt_of(one_slice).replace(uids(one_slice)[2].encode(), b"1.2.3")
    faulty.answers = [Answer(body=other), Answer(404)]
    with pytest.raises(PassingError, match=r"does not confirm that it has 1\.dcm"):
        Server(faulty.url, Credentials(), retries=Retries(1)).store(one_slice)


def test_a_report_that_only_the_second_attempt_stores_is_stored(faulty: Faulty, one_slice: Path):
    faulty.answers = [Answer(204), Answer(404), Answer(404), Answer(body=receipt_of(one_slice))]
    Server(faulty.url, Credentials(), retries=QUICK).store(one_slice)
    assert len(faulty.seen) == 4


@pytest.mark.parametrize("body", [b"", b"<html>", b"{}", b"[1]"])
def test_a_conflict_that_does_not_say_why_is_reported(faulty: Faulty, one_slice: Path, body: bytes):
    faulty.answers = [Answer(409, body=body)]
    with pytest.raises(DistiliqaError, match=r"answers 409 \(Conflict\)"):
        Server(faulty.url, Credentials()).store(one_slice)


def test_a_file_that_is_not_there_is_reported(faulty: Faulty, tmp_path: Path):
    with pytest.raises(DistiliqaError, match=r"none\.dcm: cannot be read"):
        Server(faulty.url, Credentials()).store(tmp_path / "none.dcm")
    assert faulty.seen == []
