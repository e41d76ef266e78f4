from __future__ import annotations

from collections.abc import Callable

import pytest
from tests.support.faulty_server import EMPTY, FOUND, Answer, Faulty
from tests.support.orthanc import free_port

from distiliqa.errors import DistiliqaError
from distiliqa.pacs.dicomweb.client import Server
from distiliqa.pacs.dicomweb.credentials import Credentials
from distiliqa.pacs.retry import PassingError, Retries

QUICK = Retries(attempts=3, first_wait_s=0.01, max_wait_s=0.01)


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
def test_what_does_not_pass_is_reported_at_once(
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
def test_what_passes_is_reported_after_all_attempts(
    faulty: Faulty, ask: Callable[..., list[str]], answer: Answer, words: str
):
    with pytest.raises(PassingError) as caught:
        ask(answer)
    assert str(caught.value).startswith(f"{faulty.url}: {words}")
    assert len(faulty.seen) == QUICK.attempts


def test_no_server_is_reported():
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
def test_another_answer_than_dicomweb_is_reported(
    faulty: Faulty, ask: Callable[..., list[str]], body: bytes
):
    with pytest.raises(DistiliqaError, match=f"{faulty.url}: its answer is not DICOMweb"):
        ask(Answer(body=body))


def test_a_uid_that_is_none_is_reported(faulty: Faulty, ask: Callable[..., list[str]]):
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
        f"{faulty.url}: redirects to another address; give the URL that it redirects to: "
        "https://other/dicom-web"
    )
    assert len(faulty.seen) == 1
