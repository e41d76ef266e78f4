from __future__ import annotations

import logging
from base64 import b64encode
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.support.faulty_server import Answer, Faulty
from tests.support.orthanc import free_port

from distiliqa.errors import DistiliqaError
from distiliqa.pacs.dicomweb.client import Server
from distiliqa.pacs.dicomweb.credentials import Credentials
from distiliqa.pacs.dicomweb.http import checked_url
from distiliqa.pacs.retry import PassingError, Retries

FOUND = Answer(body=b'[{"0020000E": {"vr": "UI", "Value": ["1.2"]}}]')
EMPTY = Answer(body=b"[]")
QUICK = Retries(attempts=3, first_wait_s=0.01, max_wait_s=0.01)


@pytest.fixture
def ask(faulty: Faulty) -> Callable[..., list[str]]:
    """Search a study on a server that gives these answers."""

    def run(*answers: Answer, credentials: Credentials = Credentials()) -> list[str]:  # noqa: B008
        faulty.answers = answers
        server = Server(faulty.url, credentials, timeouts_s=(0.5, 0.3), retries=QUICK)
        return list(server.find_series("1.2.3").rows)

    return run


def test_what_passes_is_asked_again(faulty: Faulty, ask: Callable[..., list[str]]):
    assert ask(Answer(500), Answer(429), FOUND, EMPTY) == ["1.2"]
    assert len(faulty.seen) == 4


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (400, "answers 400 (Bad Request); check the URL"),
        (401, "answers 401 (Unauthorized); give user and password, or a token, in the environment"),
        (403, "answers 403 (Forbidden); ask for an account that may do this"),
        (404, "answers 404 (Not Found); check the URL and the UIDs"),
        (444, "answers 444; check the URL"),
    ],
)
def test_what_does_not_pass_is_told_at_once(
    faulty: Faulty, ask: Callable[..., list[str]], status: int, words: str
):
    with pytest.raises(DistiliqaError) as caught:
        ask(Answer(status))
    assert str(caught.value).startswith(f"{faulty.url}: {words}")
    # A bad request may be one with a limit, or for more attributes: it is made without them.
    assert len(faulty.seen) == (2 if status == 400 else 1)


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (Answer(500), "answers 500 (Internal Server Error); the log of the server says why"),
        (Answer(503), "answers 503 (Service Unavailable); it is busy or starting"),
        (Answer(599), "answers 599; the log of the server says why"),
        (Answer(body=b"[", headers={"Content-Length": "9"}), "sent half an answer"),
        (Answer(silent_s=1), "no answer in time; check that the server runs"),
    ],
)
def test_what_passes_is_told_after_all_attempts(
    faulty: Faulty, ask: Callable[..., list[str]], answer: Answer, words: str
):
    with pytest.raises(PassingError) as caught:
        ask(answer)
    assert str(caught.value).startswith(f"{faulty.url}: {words}")
    assert len(faulty.seen) == QUICK.attempts


def test_no_server_is_told():
    url = f"http://127.0.0.1:{free_port()}/dicom-web"
    with pytest.raises(PassingError) as caught:
        Server(url, Credentials(), retries=QUICK).find_series("1.2.3")
    assert str(caught.value) == (
        f"{url}: no connection (Connection refused); check that the server runs, then try again"
    )


@pytest.mark.parametrize(
    "body",
    [
        b"<html>",
        b'{"a": 1}',
        b"[1]",
        b'[{"0020000E": {"vr": "UI"}}]',
        b"\xff",
        b"[" * 100_000,
        b'[{"0020000E": {"vr": "UI", "Value": [' + b"9" * 5000 + b"]}}]",
    ],
)
def test_another_answer_than_dicomweb_is_told(
    faulty: Faulty, ask: Callable[..., list[str]], body: bytes
):
    with pytest.raises(DistiliqaError, match=f"{faulty.url}: its answer is not DICOMweb"):
        ask(Answer(body=body))


def test_a_uid_that_is_none_is_told(faulty: Faulty, ask: Callable[..., list[str]]):
    with pytest.raises(
        DistiliqaError, match=f"{faulty.url}: the UID of the answer is not a valid UID"
    ):
        ask(Answer(body=FOUND.body.replace(b"1.2", b"../../etc")))


def test_a_server_without_paging_comes_to_an_end(ask: Callable[..., list[str]]):
    assert ask(FOUND) == ["1.2"]


def test_nothing_is_sent_elsewhere(faulty: Faulty, ask: Callable[..., list[str]]):
    elsewhere = {"Location": "https://user:hunter2@other/dicom-web?token=hunter2"}
    with pytest.raises(DistiliqaError) as caught:
        ask(Answer(301, headers=elsewhere))
    assert str(caught.value) == (
        f"{faulty.url}: sends us elsewhere; give the URL that it sends us to: "
        "https://other/dicom-web"
    )
    assert len(faulty.seen) == 1


def test_it_hears_who_we_are(faulty: Faulty, ask: Callable[..., list[str]]):
    ask(FOUND, EMPTY, credentials=Credentials("ü", "ß"))
    assert faulty.seen[0]["Authorization"] == f"Basic {b64encode('ü:ß'.encode()).decode()}"
    ask(FOUND, credentials=Credentials(token="t0ken"))
    assert faulty.seen[-1]["Authorization"] == "Bearer t0ken"


def test_netrc_has_no_say(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    faulty: Faulty,
    ask: Callable[..., list[str]],
):
    (tmp_path / ".netrc").write_text("machine 127.0.0.1 login u password hunter2\n")
    (tmp_path / ".netrc").chmod(0o600)
    monkeypatch.setenv("NETRC", str(tmp_path / ".netrc"))
    ask(FOUND)
    assert "Authorization" not in faulty.seen[0]


@pytest.mark.parametrize("status", [401, 500])
def test_no_secret_is_told_or_logged(
    ask: Callable[..., list[str]], caplog: pytest.LogCaptureFixture, status: int
):
    with caplog.at_level(logging.DEBUG), pytest.raises(DistiliqaError) as caught:
        ask(Answer(status), credentials=Credentials("u", "hunter2"))
    assert len(caplog.messages) > 0
    for secret in ("hunter2", b64encode(b"u:hunter2").decode()):
        assert secret not in caplog.text + str(caught.value)


@pytest.mark.parametrize(
    "url", ["https://u:hunter2@pacs/rs", "https://pacs/rs?key=hunter2", "https://pacs/rs#hunter2"]
)
def test_a_url_with_a_secret_is_refused_and_not_repeated(url: str):
    with pytest.raises(DistiliqaError) as caught:
        checked_url(url)
    assert str(caught.value) == (
        "https://pacs/rs: a URL here has no user, password or query; "
        "give secrets in the environment or by --credentials"
    )


@pytest.mark.parametrize(
    "url",
    [
        "",
        "pacs",
        "ftp://pacs",
        "https://",
        "pacs:8042/dicom-web",
        "https://[bad",
        "https://u:hunter[2@pacs",
        "https://pacs:port/rs",
        "https://pacs:99999/rs",
    ],
)
def test_what_is_no_url_is_refused(url: str):
    words = "not the URL of a DICOMweb server; https://HOST/PATH"
    with pytest.raises(DistiliqaError, match=words) as caught:
        checked_url(url)
    assert "hunter" not in str(caught.value)
    assert not str(caught.value).startswith(":")


@pytest.mark.parametrize(
    ("url", "readable"),
    [
        ("http://pacs/rs", True),
        ("http://192.168.1.2/rs", True),
        ("https://pacs/rs", False),
        ("http://localhost:8042/rs", False),
        ("http://127.0.0.1/rs", False),
        ("http://[::1]:8042/rs", False),
    ],
)
def test_plain_http_over_a_network_is_known(url: str, readable: bool):
    assert Server(url, Credentials()).is_readable_on_the_way is readable


def test_a_slash_at_the_end_does_not_matter():
    assert checked_url("https://pacs/rs/") == "https://pacs/rs"


def test_what_tls_cannot_use_is_named(tmp_path: Path):
    text = tmp_path / "ca.pem"
    text.write_text("no certificate")
    for ca_file in (text, tmp_path / "none.pem"):
        with pytest.raises(DistiliqaError, match=f"{ca_file}: cannot be used for TLS"):
            Server("https://pacs", Credentials(), ca_file=ca_file)
    with pytest.raises(DistiliqaError, match=f"{text}: cannot be used for TLS"):
        Server("https://pacs", Credentials(certificate=text))
