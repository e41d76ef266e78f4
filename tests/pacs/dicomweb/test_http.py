from __future__ import annotations

import logging
from base64 import b64encode
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.support.faulty_server import EMPTY, FOUND, Answer, Faulty

from distiliqa.errors import DistiliqaError
from distiliqa.pacs.dicomweb.client import Server
from distiliqa.pacs.dicomweb.credentials import Credentials
from distiliqa.pacs.dicomweb.http import checked_url


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
def test_no_secret_is_reported_or_logged(
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
