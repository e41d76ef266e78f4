from __future__ import annotations

import warnings
from pathlib import Path

import pytest
from tests.support.fake_pacs import MULTIPART, FakePacs, multipart, uid_of

from distiliqa.errors import DistiliqaError
from distiliqa.pacs.dicomweb.client import Server
from distiliqa.pacs.dicomweb.credentials import Credentials
from distiliqa.pacs.retry import PassingError, Retries

SERIES = "1.2.4"
EXPLICIT, JPEG_2000 = "1.2.840.10008.1.2.1", "1.2.840.10008.1.2.4.90"


@pytest.fixture
def server(fake_pacs: FakePacs) -> Server:
    return Server(fake_pacs.url, Credentials(), retries=Retries(attempts=2, first_wait_s=0.01))


def retrieve(server: Server, pacs: FakePacs, out: Path, at: int = 0, **row: object) -> Path:
    uid = uid_of(pacs.series[SERIES][at])
    path = out / f"{uid}.dcm"
    server.retrieve("1.2", SERIES, uid, row, path)
    return path


def test_an_object_is_kept_byte_by_byte(server: Server, fake_pacs: FakePacs, tmp_path: Path):
    path = retrieve(server, fake_pacs, tmp_path / "out")
    assert path.read_bytes() == fake_pacs.series[SERIES][0].read_bytes()
    assert list(path.parent.iterdir()) == [path]


@pytest.mark.parametrize(
    ("accepts", "questions"),
    [
        ("transfer-syntax=*", 1),
        (f"transfer-syntax={EXPLICIT}", 2),
        (f"transfer-syntax={JPEG_2000}", 3),
    ],
)
def test_a_server_that_is_picky_is_asked_in_other_ways(
    server: Server, fake_pacs: FakePacs, tmp_path: Path, accepts: str, questions: int
):
    """All transfer syntaxes, then the default one, then those that the search names."""
    fake_pacs.accepts = accepts
    offered = {"00083002": {"vr": "UI", "Value": [JPEG_2000, "no\r\nUID"]}}
    retrieve(server, fake_pacs, tmp_path / "out", **offered)
    assert len(fake_pacs.seen) == questions
    retrieve(server, fake_pacs, tmp_path / "out", at=1, **offered)
    assert len(fake_pacs.seen) == questions + 1  # the way that worked comes first


def test_a_server_that_refuses_all_ways_is_named(
    server: Server, fake_pacs: FakePacs, tmp_path: Path
):
    fake_pacs.accepts = "nothing of all that"
    with pytest.raises(DistiliqaError, match=r"answers 406 \(Not Acceptable\)"):
        retrieve(server, fake_pacs, tmp_path / "out")


def test_an_object_without_its_envelope_is_kept_without_a_warning(
    server: Server, fake_pacs: FakePacs, tmp_path: Path, capfd: pytest.CaptureFixture[str]
):
    stored = fake_pacs.series[SERIES][0]
    fake_pacs.bodies[uid_of(stored)] = ("application/dicom", stored.read_bytes())
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        path = retrieve(server, fake_pacs, tmp_path / "out")
    assert path.read_bytes() == stored.read_bytes()
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize("end", [-500, -4])
def test_half_an_object_for_ever_is_not_kept(
    server: Server, fake_pacs: FakePacs, tmp_path: Path, end: int
):
    stored = fake_pacs.series[SERIES][0]
    fake_pacs.bodies[uid_of(stored)] = (MULTIPART, multipart(stored.read_bytes())[:end])
    with pytest.raises(PassingError, match=f"{fake_pacs.url}: sent half an answer"):
        retrieve(server, fake_pacs, tmp_path / "out")
    assert list((tmp_path / "out").iterdir()) == []
    assert len(fake_pacs.seen) == 2


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        (MULTIPART, multipart(b"no DICOM")),
        (MULTIPART, multipart(b"")),
        (MULTIPART, multipart()),
        (MULTIPART, b""),
        ("multipart/related", b"no DICOM"),
        ("text/html", b"please log in"),
        ("", b""),
    ],
)
def test_what_is_no_object_is_refused(
    server: Server, fake_pacs: FakePacs, tmp_path: Path, kind: str, body: bytes
):
    fake_pacs.bodies[uid_of(fake_pacs.series[SERIES][0])] = (kind, body)
    with pytest.raises(DistiliqaError, match=r"its answer is not DICOMweb|sent half an answer"):
        retrieve(server, fake_pacs, tmp_path / "out")
    assert list((tmp_path / "out").glob("*")) == []


def test_other_objects_than_the_one_asked_for_are_refused(
    server: Server, fake_pacs: FakePacs, tmp_path: Path
):
    first, second, *_ = fake_pacs.series[SERIES]
    for contents in ((second,), (first, second)):
        body = multipart(*(path.read_bytes() for path in contents))
        fake_pacs.bodies[uid_of(first)] = (MULTIPART, body)
        with pytest.raises(DistiliqaError, match=r"objects?, not the one that was asked for"):
            retrieve(server, fake_pacs, tmp_path / "out")
    assert list((tmp_path / "out").iterdir()) == []
