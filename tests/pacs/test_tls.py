"""TLS as a hospital has it: a certificate of its own authority, perhaps one for the client too."""

from __future__ import annotations

import shutil
import socket
import ssl
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Thread

import pytest
from tests.support.faulty_server import Answer, Faulty, serving

from distiliqa.errors import DistiliqaError
from distiliqa.pacs.dicomweb.client import Server
from distiliqa.pacs.dicomweb.credentials import Credentials
from distiliqa.pacs.retry import Retries, SlowError

FOUND = Answer(body=b'[{"0020000E": {"vr": "UI", "Value": ["1.2"]}}]')


@pytest.fixture(scope="module")
def identity(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A certificate for 127.0.0.1 that nobody trusts, and its key."""
    if shutil.which("openssl") is None:
        pytest.skip("needs openssl")
    folder = tmp_path_factory.mktemp("tls")
    certificate, key = folder / "cert.pem", folder / "key.pem"
    names = ["-subj", "/CN=pacs", "-addext", "subjectAltName=IP:127.0.0.1"]
    curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    files = ["-out", str(certificate), "-keyout", str(key)]
    subprocess.run(
        ["openssl", "req", "-x509", *curve, *names, *files], check=True, capture_output=True
    )
    return certificate, key


@pytest.fixture
def server_of(identity: tuple[Path, Path]) -> Iterator[Callable[..., Server]]:
    """Our side of a connection, without retries, to a server with the certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*identity)
    with serving(context) as state:
        state.answers = [FOUND]

        def make(credentials: Credentials, ca_file: Path | None) -> Server:
            return Server(state.url, credentials, ca_file=ca_file, retries=Retries(attempts=1))

        yield make


def test_an_unknown_certificate_is_refused_whatever_the_environment_says(
    server_of: Callable[..., Server],
    identity: tuple[Path, Path],
    monkeypatch: pytest.MonkeyPatch,
):
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(identity[0]))
    server = server_of(Credentials(), None)
    with pytest.raises(DistiliqaError) as caught:
        server.find_series("1.2.3")
    assert str(caught.value).startswith(f"{server.url}: no trusted connection (self-signed cert")
    assert "; give its certificate authority by --ca-file" in str(caught.value)


def test_an_authority_that_is_given_is_trusted(
    server_of: Callable[..., Server], identity: tuple[Path, Path]
):
    assert server_of(Credentials(), identity[0]).find_series("1.2.3").rows.keys() == {"1.2"}


def test_a_client_shows_its_certificate(identity: tuple[Path, Path]):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*identity)
    context.load_verify_locations(identity[0])
    context.verify_mode = ssl.CERT_REQUIRED
    certificate, key = identity
    with serving(context) as state:
        state.answers = [FOUND]
        found = ask(state, Credentials(certificate=certificate, key=key), certificate)
        assert found.rows.keys() == {"1.2"}
        with pytest.raises(DistiliqaError, match="connection"):
            ask(state, Credentials(), certificate)


def ask(state: Faulty, credentials: Credentials, ca_file: Path) -> list[str]:
    server = Server(state.url, credentials, ca_file=ca_file, retries=Retries(attempts=1))
    return server.find_series("1.2.3")


def test_an_encrypted_answer_that_drips_for_ever_is_ended(identity: tuple[Path, Path]):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*identity)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        drip = Thread(target=_drip, args=(listener, context), daemon=True)
        drip.start()
        url = f"https://127.0.0.1:{listener.getsockname()[1]}"
        server = Server(url, Credentials(), ca_file=identity[0], max_s=0.5, retries=Retries(1))
        with pytest.raises(SlowError, match=r"its answer takes longer than 0\.5 s"):
            server.find_series("1.2.3")
        drip.join(60)
        assert not drip.is_alive()  # its connection was cut


def _drip(listener: socket.socket, context: ssl.SSLContext) -> None:
    connection, _ = listener.accept()
    with context.wrap_socket(connection, server_side=True) as encrypted:
        encrypted.recv(1 << 16)
        encrypted.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: application/dicom+json\r\n\r\n[")
        encrypted.settimeout(0.05)
        while True:
            try:
                encrypted.sendall(b" ")
                if not encrypted.recv(1):
                    return
            except TimeoutError:
                continue
            except OSError:
                return
