from __future__ import annotations

import socket
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import Event, Thread

import numpy as np
import pytest
from pydicom.uid import CTImageStorage, ImplicitVRLittleEndian
from pynetdicom import AE, evt
from tests.support.orthanc import Orthanc, free_port

from distiliqa.errors import DistiliqaError
from distiliqa.pacs.listen.sender import Node
from distiliqa.pacs.retry import PassingError, RefusedError


@pytest.fixture
def ct(write_ct: Callable[..., Path], tmp_path: Path) -> Path:
    return write_ct(tmp_path / "1.dcm", np.zeros((32, 32)))


@contextmanager
def answering(
    status: int,
    *,
    takes: str = CTImageStorage,
    syntaxes: Sequence[str] | None = None,
    most: int = 10,
) -> Iterator[Node]:
    """A node that answers each C-STORE with this status, on ``most`` associations at once."""
    entity = AE()
    entity.maximum_associations = most
    entity.require_calling_aet = ["SCANNER"]
    entity.add_supported_context(takes, syntaxes)
    handlers = [(evt.EVT_C_STORE, lambda event: status)]
    server = entity.start_server(("127.0.0.1", 0), block=False, evt_handlers=handlers)
    try:
        yield Node("PACS", "127.0.0.1", server.server_address[1], "SCANNER")
    finally:
        server.shutdown()


def test_orthanc_has_what_was_sent(orthanc: Orthanc, ct: Path):
    Node("ORTHANC", "127.0.0.1", orthanc.dicom_port, "DISTILIQA").store(ct)
    assert len(orthanc.rest("instances").json()) == 1


@pytest.mark.parametrize("status", [0x0000, 0xB000, 0xB006])
def test_stored_with_a_warning_is_stored(ct: Path, status: int):
    with answering(status) as node:
        node.store(ct)


def test_what_the_node_has_already_is_stored(ct: Path):
    """Its answer to the first attempt may have been lost."""
    with answering(0x0111) as node:
        node.store(ct)


def test_a_node_that_takes_the_default_transfer_syntax_alone_gets_it(ct: Path):
    with answering(0x0000, syntaxes=[ImplicitVRLittleEndian]) as node:
        node.store(ct)


@pytest.mark.parametrize("status", [0xA700, 0xA701])
def test_out_of_resources_passes(ct: Path, status: int):
    with answering(status) as node, pytest.raises(PassingError, match=f"status {status:04X}H"):
        node.store(ct)


@pytest.mark.parametrize("status", [0xA900, 0xC000, 0x0110])
def test_a_refusal_is_reported(ct: Path, status: int):
    with answering(status) as node, pytest.raises(DistiliqaError) as caught:
        node.store(ct)
    assert str(caught.value) == (
        f"PACS@127.0.0.1:{node.port}: does not store the object (status {status:04X}H); "
        "its log says why"
    )


def test_a_node_that_takes_no_such_objects_is_reported(ct: Path):
    with (
        answering(0, takes="1.2.840.10008.5.1.4.1.1.4") as node,
        pytest.raises(DistiliqaError, match="does not take such objects"),
    ):
        node.store(ct)


def test_a_node_that_does_not_know_us_is_reported(ct: Path):
    with (
        answering(0) as node,
        pytest.raises(DistiliqaError, match="rejects us; make STRANGER known to it"),
    ):
        Node("PACS", node.host, node.port, "STRANGER").store(ct)


def test_a_node_at_its_limit_of_associations_is_busy(ct: Path):
    other = AE("SCANNER")
    other.add_requested_context(CTImageStorage)
    with answering(0, most=1) as node:
        first = other.associate(node.host, node.port)
        assert first.is_established
        try:
            with pytest.raises(PassingError, match="is busy and rejects us for now"):
                node.store(ct)
        finally:
            first.release()


def test_no_node_is_reported(ct: Path):
    port = free_port()
    with pytest.raises(PassingError, match=f"PACS@127.0.0.1:{port}: no connection"):
        Node("PACS", "127.0.0.1", port, "SCANNER").store(ct)


def test_a_node_that_says_nothing_is_not_waited_for(ct: Path):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        with pytest.raises(PassingError, match="no connection"):
            Node("PACS", "127.0.0.1", port, "SCANNER", answer_s=0.3).store(ct)


HALF_A_PDU = b"\x02\x00\x00\x00\x01\x00half an answer"


def test_half_an_answer_is_waited_for_no_longer_than_none(ct: Path):
    with socket.create_server(("127.0.0.1", 0)) as half:
        port = half.getsockname()[1]

        def answer() -> None:
            peer, _ = half.accept()
            with peer:
                peer.sendall(HALF_A_PDU)
                sent.wait(60)

        sent, thread = Event(), Thread(target=answer)
        thread.start()
        try:
            with pytest.raises(PassingError, match="no connection"):
                Node("PACS", "127.0.0.1", port, "SCANNER", answer_s=0.3).store(ct)
        finally:
            sent.set()
            thread.join()


@pytest.mark.parametrize(
    ("status", "kind"), [(0xA900, RefusedError), (0xC000, RefusedError), (0x0110, DistiliqaError)]
)
def test_a_refusal_is_final_or_not(ct: Path, status: int, kind: type[Exception]):
    with answering(status) as node, pytest.raises(DistiliqaError) as caught:
        node.store(ct)
    assert type(caught.value) is kind


def test_a_file_that_is_not_dicom_is_refused_for_good(tmp_path: Path):
    (tmp_path / "a.dcm").write_bytes(b"not DICOM" * 100)
    with pytest.raises(RefusedError, match="not a DICOM file"):
        Node("PACS", "127.0.0.1", free_port(), "SCANNER").store(tmp_path / "a.dcm")


def test_a_node_is_named_in_one_word():
    node = Node.named("PACS@pacs.local:104", "DISTILIQA")
    assert (node.aet, node.host, node.port) == ("PACS", "pacs.local", 104)
    assert str(node) == "PACS@pacs.local:104"


@pytest.mark.parametrize(
    "text", ["", "PACS", "PACS@host", "@host:104", "PACS@:104", "PACS@host:0", "PACS@host:99999"]
)
def test_what_names_none_is_reported(text: str):
    with pytest.raises(DistiliqaError, match="not a valid "):
        Node.named(text, "DISTILIQA")
